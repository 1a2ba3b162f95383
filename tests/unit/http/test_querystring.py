"""What a query string asks of a list."""

import pytest

from kinto_core.errors import InvalidInput
from kinto_core.http.querystring import (
    ListParameters,
    UndecodableQuery,
    check_schema,
    parse_list,
    parse_pairs,
    read_fields,
    read_last_modified,
)
from kinto_core.storage.query import NEWEST_FIRST, Filter, Operator, Sort

NOW = 1_700_000_000_000
DAY = 24 * 60 * 60 * 1000
MANY_SORTS = "at most 20 fields to sort by are accepted, not 21"
FAR = NOW + 90 * DAY


def parse(raw: str, **changes: object) -> ListParameters:
    arguments = {"now": NOW, "list_timestamp": 5, "max_filters": 3, "max_values": 3, **changes}
    return parse_list(parse_pairs(raw), **arguments)  # type: ignore[arg-type]  # varied by name


def filters(raw: str) -> list[tuple[str, str, object]]:
    return [(item.field, item.operator.value, item.value) for item in parse(raw).filters]


def fault_of(raw: str, **changes: object) -> tuple[str, object, str]:
    """The one fault of a query string, of form or of meaning."""
    faults = check_schema(parse_pairs(raw))
    if not faults:
        with pytest.raises(InvalidInput) as caught:
            parse(raw, **changes)
        faults = list(caught.value.faults)
    (fault,) = faults
    return fault.location, fault.name, fault.description


def test_pairs_keep_order_and_empty_values() -> None:
    assert parse_pairs("b=1&a=%C3%A9+x&b&&=2") == [("b", "1"), ("a", "é x"), ("b", ""), ("", "2")]


def test_a_semicolon_separates_too() -> None:
    assert parse_pairs("_sort=n;title") == [("_sort", "n"), ("title", "")]


@pytest.mark.parametrize("raw", ["title=%FF", "%FF=1", "a=%E2%98", "a=é", "a=☃"])
def test_a_query_that_is_not_utf8_is_refused(raw: str) -> None:  # protocol E-14
    with pytest.raises(
        UndecodableQuery, match=r"^A request with an incorrect encoding in the query"
    ):
        parse_pairs(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("v=1", 1),
        ('v="1"', "1"),
        ("v=a", "a"),
        ("v=true", True),
        ("v=null", None),
        ("v=", ""),
        ("v=[1,2]", [1, 2]),
        ('v={"x":1}', {"x": 1}),
        ("v=01", "01"),
        ("v=1e0", 1.0),
        ("v=NaN", "NaN"),
        ("v=%22%5Cu0000%22", '"\\u0000"'),
        ("v=" + "[" * 200 + "]" * 200, "[" * 200 + "]" * 200),
        ("v=" + "9" * 500, "9" * 500),
        ("v=1&v=2", ["1", "2"]),  # protocol F-2
    ],
)
def test_values_are_json_or_text(raw: str, value: object) -> None:  # protocol F-1
    assert filters(raw) == [("v", "", value)]


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("min_n=1", ("n", "min", 1)),
        ("min_=1", ("min_", "", 1)),
        ("lt=1", ("lt", "", 1)),
        ("foo_v=1", ("foo_v", "", 1)),
        ("MIN_n=1", ("MIN_n", "", 1)),
        ("eq_n=1", ("n", "", 1)),
        ("%20n%20=1", ("n", "", 1)),  # protocol F-3
        ("n[]=1", ("n[]", "", 1)),
        ("not_a.b=x", ("a.b", "not", "x")),
        ("in_v= a, b,,1", ("v", "in", (" a", " b", 1))),  # protocol F-20
        ("in_v=[1,2]", ("v", "in", ("[1", "2]"))),
        ("exclude_v=", ("v", "exclude", ())),
        ("contains_v=[1,null]", ("v", "contains", (1, None))),
        ("contains_any_v=a", ("v", "contains_any", ("a",))),
        ("has_v=abc", ("v", "has", True)),  # protocol F-17
        ("has_v=0", ("v", "has", False)),
        ('like_v="5"', ("v", "like", "5")),
        ("in_id=a,b", ("id", "in", ("a", "b"))),
        ("id=true", ("id", "", "True")),
        ("_since=7", ("last_modified", "gt", 7)),  # protocol F-41
        ("_since=%227%22", ("last_modified", "gt", 7)),  # protocol F-42
        ("_before=1.9", ("last_modified", "lt", 1)),
        ("_to=7", ("last_modified", "lt", 7)),
        ("_before=null", ("last_modified", "lt", None)),
        ("not_last_modified=7", ("last_modified", "not", 7)),
    ],
)
def test_a_parameter_becomes_a_filter(raw: str, found: tuple[str, str, object]) -> None:
    assert filters(raw) == [found]


@pytest.mark.parametrize("raw", ["", "_since=null", "_unknown=1", "_limit=2&_fields=a&_sort=b"])
def test_other_parameters_filter_nothing(raw: str) -> None:  # protocol F-4, F-43
    assert filters(raw) == []


@pytest.mark.parametrize(
    ("raw", "name", "text"),
    [
        ("title=a%00b", "title", "Invalid character 0x00"),  # protocol F-5
        ("_limit=abc", "_limit", '"abc" is not a number'),  # protocol G-2
        ("_limit=true", "_limit", '"true" is not a number'),
        ("_limit=-1", "_limit", "-1 is less than minimum value 0"),
        ("_limit=2&_limit=3", "_limit", "\"['2', '3']\" is not a number"),
        ("_since=abc", "_since", '"abc" is not a number'),
        ("_since=[1]", "_since", '"[1]" is not a number'),
        ("_since=", "_since", "Invalid value for _since"),
        ("_since={}", "_since", "Invalid value for _since"),
        (f"_since={NOW + DAY}", "_since", "Invalid value for _since"),
        ("last_modified=-1", "last_modified", "-1 is less than minimum value 0"),
        ("last_modified=null", "last_modified", "Invalid value for last_modified"),
        ("gt_last_modified=abc", "gt_last_modified", "Invalid value for gt_last_modified"),
        ("in_last_modified=1", "in_last_modified", "Invalid value for in_last_modified"),
        ("has_last_modified=true", "has_last_modified", "Invalid value for has_last_modified"),
        ("like_last_modified=1", "like_last_modified", "Invalid value for like_last_modified"),
        ("like_v=5", "like_v", "Invalid value for like_v"),  # protocol F-22
        ("like_v=null", "like_v", "Invalid value for like_v"),
        ("id=5", "id", "5 is not a string: {'id': ''}"),  # protocol F-25
        ("exclude_id=r1,2", "exclude_id", "Invalid value for exclude_id"),
        ("contains_id=1", "contains_id", "Field 'id' is not an array"),  # protocol F-27
        ("in_v=1,2,3,4", "in_v", "at most 3 values are accepted, not 4"),
        ("_sort=" + ",".join("abcdefghijklmnopqrstu"), "_sort", MANY_SORTS),
        ("a=1&b=1&c=1&d=1", None, "at most 3 filters are accepted, not 4"),
    ],
)
def test_a_faulty_parameter_is_named(raw: str, name: str | None, text: str) -> None:
    assert fault_of(raw) == ("querystring", name, text)


def test_faults_of_form_come_together() -> None:  # protocol 0-21
    faults = check_schema(parse_pairs("_since=abc&_limit=abc&like_v=5"))
    assert [fault.name for fault in faults] == ["_since", "_limit"]


def test_huge_integers_are_refused() -> None:
    assert fault_of("_limit=99999999999999999999")[2] == (
        "99999999999999999999 is greater than maximum value 9223372036854775808"
    )


def test_a_time_up_to_the_timestamp_of_the_list_is_never_too_late() -> None:  # protocol W-21
    assert parse(f"_since={FAR}", list_timestamp=FAR).asks_tombstones
    assert fault_of(f"_since={FAR + 1}", list_timestamp=FAR)[1] == "_since"


@pytest.mark.parametrize(
    ("raw", "limit"),
    [
        ("_limit=2", 2),
        ("_limit=%222%22", 2),
        ("_limit=1.5", 1),
        ("_limit=+2", 2),
        ("_limit=0", None),
        ("_limit=", None),
        ("_limit=null", None),
        ("_limit=[]", None),
        ("_limit=9223372036854775808", 2**63),
    ],
)
def test_the_wanted_page_size(raw: str, limit: int | None) -> None:  # protocol G-2
    assert check_schema(parse_pairs(raw)) == []
    assert parse(raw).limit == limit


@pytest.mark.parametrize(
    ("raw", "sorts"),
    [
        ("", ()),
        ("_sort=a,-b.c", (Sort("a"), Sort("b.c", descending=True))),
        ("_sort=+a, -b ,", (Sort("a"), Sort("b", descending=True))),
        ("_sort=--v,a-b,v b,a/b,[n]", ()),  # protocol S-4
        ("_sort=a&_sort=-b", (Sort("a"), Sort("b", descending=True))),
        ("_sort=a,-a", (Sort("a"),)),
        ("_sort=%C3%A9t%C3%A9", (Sort("été"),)),
        ("_sort=Ã©tÃ©", (Sort("été"),)),
    ],
)
def test_the_newest_come_first_among_equals(raw: str, sorts: tuple[Sort, ...]) -> None:
    assert parse(raw).sorts == (*sorts, *NEWEST_FIRST)  # protocol S-1, S-2


def test_a_sort_by_time_is_not_added_to() -> None:
    assert parse("_sort=last_modified,n").sorts == (Sort("last_modified"), Sort("n"))


def test_fields_are_names_between_commas() -> None:  # protocol L-1
    assert parse("_fields=a, b.c,,&_fields=d").fields == ("a", "b.c", "d")
    assert read_fields(parse_pairs("_fields=,")) is None


def test_an_empty_token_is_none() -> None:  # protocol G-7
    assert parse("_token=").token is None
    assert parse("_token=W10=").token == "W10="


def test_a_filter_on_time_asks_for_tombstones() -> None:  # protocol F-40
    assert parse("not_last_modified=7").asks_tombstones
    assert not parse("n=7").asks_tombstones


def test_the_old_name_of_before_is_noticed() -> None:  # protocol F-41
    assert parse("_to=null").deprecated_to
    assert not parse("_before=7").deprecated_to


def test_a_closed_schema_refuses_unknown_fields() -> None:  # protocol Q-10
    known = frozenset({"uri", "last_modified"})
    assert parse("min_uri=a&_sort=uri", known_fields=known).filters == (
        Filter("uri", Operator.AT_LEAST, "a"),
    )
    text = "Unknown filter field 'foo'"
    assert fault_of("foo=1", known_fields=known) == ("querystring", "foo", text)
    text = "Unknown sort field 'foo'"
    assert fault_of("_sort=-foo", known_fields=known) == ("querystring", None, text)
    name, text = "Invalid _fields parameter", "Fields foo do not exist"
    assert fault_of("_fields=foo,uri", known_fields=known) == ("body", name, text)


@pytest.mark.parametrize(
    ("raw", "wanted"), [("", None), ("last_modified=12", 12), ("last_modified=%2212%22", 12)]
)
def test_the_wanted_time_of_a_tombstone(raw: str, wanted: int | None) -> None:  # protocol T-14
    assert read_last_modified(parse_pairs(raw)) == (wanted, [])


@pytest.mark.parametrize("value", ["abc", "-1", "1.5", "true", str(2**53), "9" * 400, "", "²"])
def test_a_faulty_time_of_a_tombstone_is_refused(value: str) -> None:  # protocol W-19
    wanted, (fault,) = read_last_modified([("last_modified", value)])
    assert wanted is None
    assert (fault.location, fault.name) == ("querystring", "last_modified")
