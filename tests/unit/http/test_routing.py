"""From a path to what it names."""

import pytest

from kinto_core.http.routing import Router
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.collection import COLLECTION
from kinto_core.resources.definition import ResourceTypes
from kinto_core.resources.group import GROUP
from kinto_core.resources.record import RECORD

ROUTER = Router(ResourceTypes.build((BUCKET, COLLECTION, GROUP, RECORD), {}))


def test_an_object_is_found() -> None:
    target = ROUTER.find("/buckets/b/collections/c/records/r")
    assert target is not None
    assert (target.type, target.ids, target.is_list) == (RECORD, ("b", "c", "r"), False)
    assert target.object.uri == "/buckets/b/collections/c/records/r"
    assert target.list.uri == "/buckets/b/collections/c/records"
    assert target.url_ids == {"bucket_id": "b", "collection_id": "c", "record_id": "r"}


def test_a_list_is_found() -> None:
    target = ROUTER.find("/buckets/b/groups")
    assert target is not None
    assert (target.type, target.ids, target.is_list) == (GROUP, ("b",), True)
    assert target.list.parent_id == "/buckets/b"
    assert target.url_ids == {"bucket_id": "b"}
    top = ROUTER.find("/buckets")
    assert top is not None
    assert (top.list.parent_id, top.url_ids) == ("", {})


@pytest.mark.parametrize(
    "path",
    ["", "/", "/nope", "buckets", "/buckets/", "/buckets//groups", "/buckets/b/records", "//",
     "/buckets/b/collections/c/records/r/x", "/buckets/b/groups/g/records", "/bucket"],
)  # fmt: skip
def test_other_paths_name_nothing(path: str) -> None:
    assert ROUTER.find(path) is None
