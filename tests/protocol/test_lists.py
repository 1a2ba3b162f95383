"""Protocol 6.5, 6.6: which fields are shown, and in which order objects come."""

from typing import Any

import pytest

from tests.protocol.client import Client, R

DATA = {"a": 1, "b": {"c": 1, "d": 2, "e": 3}, "l": [{"x": 1}], "n": None}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("a", {"a": 1}),  # protocol L-1
        ("a,n", {"a": 1, "n": None}),
        ("b.c,b.d", {"b": {"c": 1, "d": 2}}),  # protocol L-2
        ("b", {"b": DATA["b"]}),
        ("a.x", {"a": 1}),
        ("l.x", {"l": [{"x": 1}]}),
        ("nope", {}),  # protocol L-3
        ("", DATA),
        (",", DATA),
    ],
)
def test_fields_are_selected(blog: Client, fields: str, expected: dict[str, Any]) -> None:
    blog.put(f"{R}/r", {"data": DATA})
    one = blog.get(f"{R}/r?_fields={fields}")
    [listed] = blog.get(f"{R}?_fields={fields}").data
    for data in (one.data, listed):
        assert data == {"id": "r", "last_modified": one.etag, **expected}


def test_writes_ignore_the_selection(blog: Client) -> None:
    assert blog.put(f"{R}/r?_fields=a", {"data": DATA}).data["n"] is None  # protocol L-6


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        ("v", "a b c none"),  # protocol S-1, S-3
        ("-v", "none c b a"),
        ("%2Bv", "a b c none"),
        ("+v", "a b c none"),
        ("w", "c b a none"),  # ties: newest first, protocol S-2
        ("w,v", "a b c none"),
        ("w,last_modified", "a b c none"),
        (",v,", "a b c none"),
        ("id", "a b c none"),
        ("o.k", "c b a none"),
        ("--v", "none c b a"),  # ignored, protocol S-4
        ("a-b", "none c b a"),
        ("nope", "none c b a"),
        ("last_modified", "a b c none"),
        ("", "none c b a"),
    ],
)
def test_objects_are_sorted(blog: Client, sort: str, ids: str) -> None:
    for index, name in enumerate("abc"):
        data = {"v": index, "w": 1, "o": {"k": -index}}
        blog.put(f"{R}/{name}", {"data": data})
    blog.put(f"{R}/none")
    assert blog.get(f"{R}?_sort={sort}").ids == ids.split()


def test_a_repeated_sort_is_a_list(blog: Client) -> None:
    for name, v, w in (("a", 1, 2), ("b", 1, 1), ("c", 0, 3)):
        blog.put(f"{R}/{name}", {"data": {"v": v, "w": w}})
    assert blog.get(f"{R}?_sort=v&_sort=w").ids == ["c", "b", "a"]  # protocol F-2
