"""Protocol 6.1 to 6.3: filters, with the recorded examples."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.protocol.client import Client, R

VALUES: dict[str, Any] = {
    "int1": 1, "int2": 2, "flt": 1.0, "flt2": 1.5, "neg": -3, "zero": 0, "true": True,
    "false": False, "null": None, "s1": "1", "sa": "a", "sA": "A", "sb": "b", "sempty": "",
    "sacc": "é", "arr": [1, 2], "arr2": ["a"], "arre": [], "obj": {"x": 1},
    "obj2": {"x": 2, "y": None}, "obje": {},
}  # fmt: skip
ALL = {*VALUES, "missing", "dotted"}


@pytest.fixture
def values(blog: Client) -> Client:
    """Alice with the records of the recorded examples."""
    requests = [
        {"method": "PUT", "path": f"{R}/{name}", "body": {"data": {"v": value}}}
        for name, value in VALUES.items()
    ]
    blog.batch(*requests)
    blog.put(f"{R}/missing")
    blog.put(f"{R}/dotted", {"data": {"n.p": 1}})
    return blog


RECORDED: list[tuple[str, str]] = [
    ("v=1", "int1 flt"),  # protocol F-10
    ("v=1e0", "int1 flt"),  # protocol F-1
    ('v="1"', "s1"),
    ("v=01", ""),
    ("v=", "sempty"),
    ("v=true", "true"),
    ("v=null", "null"),
    ("v=[1,2]", "arr"),
    ('v={"x":1}', "obj"),
    ("v=1&v=2", ""),  # protocol F-2
    ("lt_v=1", "neg zero null s1 sa sA sb sempty sacc"),  # protocol F-12, F-30
    ("lt_v=a", "s1 sA sempty null"),
    ("lt_v=null", ""),
    ("max_v=null", "null"),
    (
        "gt_v=1",
        "int2 flt2 true false arr arr2 arre obj obj2 obje missing dotted",
    ),  # protocol F-13
    (
        "gt_v=a",
        "sb sacc int1 int2 flt flt2 neg zero true false arr arr2 arre obj obj2 obje missing dotted",
    ),
    ("gt_v=true", "arr arr2 arre obj obj2 obje missing dotted"),
    ("in_v=a,b", "sa sb"),  # protocol F-14, F-20
    ("in_v=a,,b", "sa sb"),
    ("in_v=1", "int1 flt"),  # protocol W-22
    ("in_v= a, b", ""),
    ("in_v=", ""),
    ("has_v=false", "missing dotted"),  # protocol F-17
    ("has_v=0", "missing dotted"),
    ("has_v=", "missing dotted"),
    ("contains_v=1", "arr"),  # protocol F-18
    ("contains_v=[1,2]", "arr"),
    ("contains_v=[1,3]", ""),
    ("contains_v=[]", "arr arr2 arre"),  # protocol F-21
    ("contains_v=a", "arr2"),  # protocol W-22
    ('contains_any_v=[1,"a"]', "arr arr2"),  # protocol F-19
    ("contains_any_v=[]", ""),
    ("contains_v=true", ""),
    ("v.x=1", "obj"),  # protocol F-23
    ("v.0=1", ""),
    ("like_id=INT", "int1 int2"),  # protocol F-22
    ("like_v=A", "sa sA false"),
    ("like_v=a*", "sa sA"),
    ('like_v="1"', "s1 int1 flt flt2"),
    ("like_v=(", ""),  # protocol W-23
    ("like_v=%", ""),
    ("like_v=_", ""),
    ("like_v=.5", "flt2"),
    ("v=a&has_i=true", ""),  # protocol W-22
    ("gt_v=0&lt_v=2", "int1 flt flt2"),
    (" v =1", "int1 flt"),  # protocol F-3
    ("_unknown=1&v=1", "int1 flt"),  # protocol F-4
    ("lt=1", ""),
    ("id=sa", "sa"),  # protocol F-25
    ("in_id=sa,sb,none", "sa sb"),
    ("lt_id=arr2", "arr"),
]


@pytest.mark.parametrize(("query", "expected"), RECORDED)
def test_recorded_filters(values: Client, query: str, expected: str) -> None:
    found = values.get(f"{R}?{quote(query, safe='=&')}")
    assert found.status == 200, found.text
    assert set(found.ids) == set(expected.split())
    head = values.head(f"{R}?{quote(query, safe='=&')}")
    assert head.headers["Total-Objects"] == str(len(found.ids))  # protocol R-3


@pytest.mark.parametrize(
    ("query", "absent"),
    [
        ("not_v=null", "null"),  # protocol F-11
        ("not_v=1", "int1 flt"),
        ("gt_v=null", "null"),
        ("exclude_v=a,b", "sa sb"),  # protocol F-15
        ("exclude_v=", ""),  # protocol W-22
        ("has_v=true", "missing dotted"),
        ("has_v=abc", "missing dotted"),
        ("min_v=null", ""),
        ("exclude_id=sa", "sa"),
    ],
)
def test_recorded_exclusions(values: Client, query: str, absent: str) -> None:
    assert set(values.get(f"{R}?{query}").ids) == ALL - {*absent.split()}


def test_the_order_of_values(values: Client) -> None:
    expected = [
        "null",
        "sempty",
        "s1",
        "sA",
        "sa",
        "sb",
        "sacc",
        "neg",
        "zero",
        "flt",
        "int1",
        "flt2",
        "int2",
        "false",
        "true",
        "arre",
        "arr2",
        "arr",
        "obje",
        "obj",
        "obj2",
        "dotted",
        "missing",
    ]  # protocol F-30, F-31, S-2
    assert values.get(f"{R}?_sort=v").ids == expected
    ties = {"flt": "int1", "int1": "flt", "dotted": "missing", "missing": "dotted"}
    backwards = [ties.get(name, name) for name in reversed(expected)]  # ties stay newest first
    assert values.get(f"{R}?_sort=-v").ids == backwards


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("like_v=5", "like_v"),  # protocol F-22
        ("like_v=true", "like_v"),
        ("id=5", "id"),  # protocol F-25
        ("in_id=5", "in_id"),
        ("contains_id=a", "contains_id"),  # protocol F-27
        ("last_modified=abc", "last_modified"),  # protocol F-26
        ("last_modified=-1", "last_modified"),
        ("gt_last_modified=abc", "gt_last_modified"),
        ("_limit=1&_limit=2", "_limit"),  # protocol F-2
        ("_since=1&_since=2", "_since"),
    ],
)
def test_faulty_filters(blog: Client, query: str, name: str) -> None:
    [(location, found, _)] = blog.get(f"{R}?{query}").faults  # protocol F-28
    assert (location, found) == ("querystring", name)


@pytest.mark.parametrize("query", ["v=%00", "a%00b=1", "like_v=%00", "in_v=a,%00", "_sort=%00"])
def test_nul_is_refused(blog: Client, query: str) -> None:
    assert blog.get(f"{R}?{query}").error == (400, 107)  # protocol F-5, W-20


def test_the_text_of_a_nul_fault(blog: Client) -> None:
    [fault] = blog.get(f"{R}?v=%00").faults
    assert fault[2] == "Invalid character 0x00"  # protocol F-5


def test_ids_that_look_like_numbers_are_quoted(blog: Client) -> None:
    blog.put(f"{R}/5")
    assert blog.get(f'{R}?id="5"').ids == ["5"]  # protocol F-25


def test_big_integers_are_compared_exactly(blog: Client) -> None:
    for name, value in (("a", 2**53), ("b", 2**53 + 1), ("c", 2**80)):
        blog.put(f"{R}/{name}", {"data": {"v": value}})
    assert blog.get(f"{R}?v={2**53 + 1}").ids == ["b"]
    assert blog.get(f"{R}?gt_v={2**53}&_sort=v").ids == ["b", "c"]


def test_field_names_are_data(blog: Client) -> None:
    name = "v'; DROP TABLE objects; --"
    blog.put(f"{R}/a", {"data": {name: "x"}})
    assert blog.get(f"{R}?{quote(name)}=x").ids == ["a"]
    assert blog.get(f"{R}?v=' OR 1=1 --").data == []
