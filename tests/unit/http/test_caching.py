"""How long a client may keep an answer."""

from collections.abc import Mapping, Sequence

import pytest

from kinto_core import json
from kinto_core.http.caching import cache_headers, max_age
from kinto_core.objects import StoredObject

NOW = 1795448532653
NEVER = [("Cache-Control", "no-cache, no-store")]
IDS = ("b", "c")


def collection(**fields: object) -> StoredObject:
    """A collection with some fields."""
    return StoredObject("c", 1, json.dumps({"id": "c", **fields}))


def age(
    expires: Mapping[str, int], parent: StoredObject | None = None, resource: str = "record"
) -> str:
    """The ``Cache-Control`` of an anonymous read."""
    ids: Sequence[str] = IDS if resource == "record" else ("b",)
    return dict(cache_headers(resource, ids, parent, expires, NOW))["Cache-Control"]


def test_the_headers() -> None:
    assert max_age(60, NOW) == [
        ("Cache-Control", "max-age=60"),
        ("Expires", "Mon, 23 Nov 2026 15:43:12 GMT"),
    ]  # protocol T-28, T-31
    assert max_age(0, NOW)[0] == (
        "Cache-Control",
        "max-age=0, must-revalidate, no-cache, no-store",
    )
    assert ("Pragma", "no-cache") in max_age(0, NOW)


@pytest.mark.parametrize(
    ("expires", "seconds"),
    [
        ({"record": 1}, 1),
        ({"record": 1, "b.record": 2}, 2),
        ({"record": 1, "b.record": 2, "b.c.record": 3}, 3),
        ({"record": 1, "b_c_record": 9}, 1),
        ({"b_c_record": 4, "b_record": 5}, 4),
        ({"b_record": 5}, 5),
    ],
)
def test_the_first_defined_setting_counts(expires: Mapping[str, int], seconds: int) -> None:
    assert age(expires) == f"max-age={seconds}"  # protocol T-27


def test_the_collection_and_the_larger_time_count() -> None:
    assert age({}, collection(cache_expires=30)) == "max-age=30"  # protocol T-27
    assert age({"record": 60}, collection(cache_expires=30)) == "max-age=60"
    assert age({"record": 10}, collection(cache_expires=30)) == "max-age=30"
    assert age({}, collection(cache_expires="30")) == NEVER[0][1]


@pytest.mark.parametrize("expires", [{}, {"record": -1}, {"x.record": 5}])
def test_absent_and_negative_times_are_none(expires: Mapping[str, int]) -> None:
    assert cache_headers("record", IDS, collection(cache_expires=-5), expires, NOW) == NEVER
    assert cache_headers("record", IDS, None, expires, NOW) == NEVER  # protocol T-25, T-28


def test_other_resources_follow_their_own_setting() -> None:
    assert age({"collection": 5}, resource="collection") == "max-age=5"  # protocol T-26
    assert age({"collection": 0}, resource="collection") == NEVER[0][1]
    assert age({"record": 5}, resource="collection") == NEVER[0][1]
