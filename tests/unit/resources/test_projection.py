"""Only the wanted fields."""

from typing import Any

import pytest

from kinto_core.resources.projection import project

HEAD = {"id": "r", "last_modified": 5}
DATA = {
    "title": "t",
    "deep": {"er": {"v": 5, "w": 6}, "x": 1},
    "list": [{"a": 1}],
    "a.b": 1,
    **HEAD,
}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (("title",), {"title": "t"}),
        (("nope", "id", "title"), {"title": "t"}),  # protocol L-3
        (("deep.er.v",), {"deep": {"er": {"v": 5}}}),  # protocol L-2
        (("deep.er.v", "deep.x"), {"deep": {"er": {"v": 5}, "x": 1}}),
        (("deep.er.v", "deep"), {"deep": DATA["deep"]}),
        (("deep", "deep.er.v"), {"deep": DATA["deep"]}),
        (("deep.nope",), {"deep": {}}),
        (("title.x",), {"title": "t"}),
        (("list.a",), {"list": [{"a": 1}]}),
        (("a.b",), {}),
        ((".deep",), {}),
    ],
)
def test_wanted_fields_are_kept(fields: tuple[str, ...], expected: dict[str, Any]) -> None:
    assert project(DATA, fields) == {**expected, **HEAD}  # protocol L-1


def test_a_tombstone_stays_one() -> None:  # protocol W-24
    tombstone = {**HEAD, "deleted": True}
    assert project(tombstone, ("title",)) == tombstone


def test_the_object_is_left_as_it_is() -> None:
    data = {"deep": {"x": 1, "y": 2}, **HEAD}
    project(data, ("deep.x",))
    assert data == {"deep": {"x": 1, "y": 2}, **HEAD}
