"""Which part of which index serves a query."""

import pytest

from kinto_core.storage.indexes import choose, edge_of, scan_of
from kinto_core.storage.query import MISSING, Filter, Operator, Query, Sort
from kinto_core.storage.sort_keys import END, FIRST, LONGEST, sort_key

OP = Operator
NEWEST = Sort("last_modified", descending=True)
LONG = "x" * 2 * LONGEST
STATUS = Filter("status", OP.EQUAL, "open")
KEY = sort_key("open")


def score(operator: Operator, value: object = 5) -> Filter:
    """A filter on a score."""
    return Filter("score", operator, value)


FIVE = sort_key(5)


@pytest.mark.parametrize(
    ("filters", "low", "high"),
    [
        ([], FIRST, END),
        ([score(OP.EQUAL)], FIVE, FIVE + END),
        ([score(OP.LESS)], FIRST, FIVE),
        ([score(OP.AT_MOST)], FIRST, FIVE + END),
        ([score(OP.GREATER)], FIVE + END, END),
        ([score(OP.AT_LEAST)], FIVE, END),
        ([score(OP.AT_LEAST), score(OP.LESS, 9)], FIVE, sort_key(9)),
        ([score(OP.HAS, value=True)], FIRST, sort_key(MISSING)),
        ([score(OP.HAS, value=False)], sort_key(MISSING), sort_key(MISSING) + END),
    ],
)
def test_a_comparison_is_a_range(
    filters: list[Filter], low: bytes, high: bytes
) -> None:  # protocol F-10 to F-13
    scan = scan_of("score", Query(filters=tuple(filters)))
    assert (scan.low, scan.high, scan.residue) == (low, high, ())


@pytest.mark.parametrize("operator", [OP.NOT, OP.LIKE, OP.EXCLUDE, OP.CONTAINS])
def test_other_operators_are_left(operator: Operator) -> None:
    one = Filter("score", operator, ("5",))
    scan = scan_of("score", Query(filters=(one,)))
    assert not scan.is_narrow
    assert scan.residue == (one,)


@pytest.mark.parametrize("operator", [OP.EQUAL, OP.LESS, OP.AT_MOST, OP.GREATER, OP.AT_LEAST])
def test_a_long_value_is_looked_at_again(operator: Operator) -> None:
    one = score(operator, LONG)
    scan = scan_of("score,status", Query(filters=(one, STATUS)))
    key = sort_key(LONG)[:LONGEST]
    assert scan.low in (key, FIRST)
    assert scan.high in (key + END, END)
    assert scan.is_narrow
    assert scan.residue == (one, STATUS)


def test_alternatives_are_keys() -> None:  # protocol F-14
    one = score(OP.IN, (7, 5, 5.0))
    assert scan_of("score", Query(filters=(one,))).keys == (FIVE, sort_key(7))
    both = scan_of("status,score", Query(filters=(one, STATUS)))
    assert both.keys == (KEY + FIVE, KEY + sort_key(7))
    assert both.residue == ()
    assert scan_of("score,status", Query(filters=(one,))).keys is None
    assert scan_of("score", Query(filters=(one, score(OP.IN, (5,))))).keys is None


def test_equal_fields_come_before_the_order() -> None:
    query = Query(
        filters=(score(OP.GREATER), STATUS), sorts=(Sort("score"), Sort("last_modified")), limit=9
    )
    scan = scan_of("status,score", query)
    assert (scan.low, scan.high) == (KEY + FIVE + END, KEY + END)
    assert (scan.is_ordered, scan.descending, scan.fields) == (True, False, ("score",))
    assert scan.tail == (Sort("last_modified"), Sort("id"))
    after = {"score": 7, "last_modified": 3, "id": "x"}
    page = Query(filters=query.filters, sorts=query.sorts, after=after)
    assert edge_of(scan, page) == KEY + sort_key(7)
    assert edge_of(scan, query) is None


@pytest.mark.parametrize(
    ("sorts", "ordered"),
    [
        ((Sort("a"), Sort("b")), True),
        ((Sort("a", descending=True), Sort("b", descending=True), NEWEST), True),
        ((Sort("a"), Sort("b", descending=True)), False),
        ((Sort("a"),), False),
        ((Sort("b"), Sort("a")), False),
        ((), False),
    ],
)
def test_an_order_needs_every_field_in_one_direction(
    sorts: tuple[Sort, ...], *, ordered: bool
) -> None:
    assert scan_of("a,b", Query(sorts=sorts)).is_ordered is ordered


def test_the_index_that_settles_most_is_chosen() -> None:
    query = Query(
        filters=(STATUS,),
        sorts=(Sort("score"), NEWEST),
        limit=9,
        indexed=frozenset(("status", "score", "status,score")),
    )
    choice = choose(query)
    assert choice.narrow is None
    assert choice.ordered is not None
    assert choice.ordered.index == "status,score"


def test_a_filter_and_an_order_of_two_indexes_are_weighed() -> None:
    indexed = frozenset(("status", "score"))
    query = Query(filters=(STATUS,), sorts=(Sort("score"), NEWEST), limit=9, indexed=indexed)
    choice = choose(query)
    assert choice.narrow is not None
    assert choice.ordered is not None
    assert (choice.narrow.index, choice.ordered.index) == ("status", "score")
    assert not choice.elsewhere
    assert choose(Query(filters=(STATUS,), limit=9, indexed=indexed)).elsewhere


def test_tombstones_are_in_no_index() -> None:  # protocol F-40
    query = Query(filters=(STATUS,), include_deleted=True, indexed=frozenset(("status",)))
    assert choose(query).narrow is choose(query).ordered is None
