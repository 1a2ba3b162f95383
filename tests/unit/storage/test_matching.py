"""Filters on plain values mean what they mean in SQL."""

from typing import Any

import pytest

from kinto_core.storage.matching import comes_after, matches, reach, sorted_by
from kinto_core.storage.query import MISSING, Filter, Operator, Sort

OP = Operator
MIXED: list[Any] = [None, "a", "b", 1, 1.5, 2**70, False, True, [9], [1, 2], {"aa": 1}, {"z": 1}]
"""In the order of values (protocol F-30, F-31)."""


@pytest.mark.parametrize(
    ("value", "pattern", "found"),
    [
        ("STRASSE", "rass", True),
        ("\u212aelvin", "k*N", True),  # the Kelvin sign is a k
        (True, "RU", True),
        (False, "true", False),
        (12.5, "2.5", True),
        (1e3, "1000*", True),
        (-0.0, "0", True),
        (None, "null", False),
        (["ab"], "ab", False),
        (MISSING, "*", False),
    ],
)
def test_like_looks_into_text_numbers_and_booleans(
    value: object, pattern: str, *, found: bool
) -> None:  # protocol F-22, W-22, W-23
    data = {} if value is MISSING else {"v": value}
    assert matches(data, [Filter("v", OP.LIKE, pattern)]) is found


@pytest.mark.parametrize(
    ("operator", "wanted", "found"),
    [
        (OP.EQUAL, 1.0, True),
        (OP.EQUAL, "1", False),
        (OP.EQUAL, True, False),
        (OP.NOT, 2, True),
        (OP.GREATER, "z", True),  # numbers come after strings
        (OP.LESS, False, True),
        (OP.AT_MOST, 1, True),
        (OP.AT_LEAST, 2, False),
        (OP.IN, (3, 1), True),
        (OP.EXCLUDE, (3, 1), False),
        (OP.HAS, True, True),
        (OP.CONTAINS, (1,), False),
    ],
)
def test_operators_compare_values(
    operator: Operator, wanted: object, *, found: bool
) -> None:  # protocol F-10 to F-18
    assert matches({"v": 1}, [Filter("v", operator, wanted)]) is found


@pytest.mark.parametrize(
    ("operator", "wanted", "found"),
    [
        (OP.CONTAINS, (1, "a"), True),
        (OP.CONTAINS, (1, 3), False),
        (OP.CONTAINS, (), True),
        (OP.CONTAINS_ANY, (3, {"b": 2.0}), True),
        (OP.CONTAINS_ANY, (), False),
    ],
)
def test_arrays_have_elements(
    operator: Operator, wanted: object, *, found: bool
) -> None:  # protocol F-18, F-19, F-21
    assert matches({"v": [1, "a", {"b": 2}]}, [Filter("v", operator, wanted)]) is found


@pytest.mark.parametrize("operator", [OP.NOT, OP.EXCLUDE, OP.GREATER, OP.AT_LEAST])
def test_what_is_missing_comes_last(operator: Operator) -> None:  # protocol F-11, F-13, F-15
    wanted = ("a",) if operator is OP.EXCLUDE else "a"
    assert matches({}, [Filter("v.w", operator, wanted)])


def test_values_of_all_types_are_in_one_order() -> None:  # protocol F-30, F-31
    items = [{"v": value} for value in MIXED]
    shuffled = [{}, *items[::2], *items[1::2]]
    assert sorted_by(shuffled, [Sort("v")]) == [*items, {}]
    assert sorted_by(shuffled, [Sort("v", descending=True)]) == [{}, *reversed(items)]


def test_a_page_begins_after_the_one_before() -> None:  # protocol G-6
    sorts = [Sort("v", descending=True), Sort("id")]
    assert comes_after({"v": 1, "id": "b"}, {"v": 1, "id": "a"}, sorts)
    assert comes_after({"v": 0, "id": "a"}, {"v": 1, "id": "a"}, sorts)
    assert not comes_after({"id": "z"}, {"v": 1, "id": "a"}, sorts)
    assert not comes_after({"v": 1, "id": "a"}, {"v": 1, "id": "a"}, sorts)


def test_dots_reach_into_objects_only() -> None:  # protocol F-23
    data = {"a": {"b": [1]}}
    assert reach(data, "a.b") == [1]
    assert reach(data, "a.b.0") is MISSING
