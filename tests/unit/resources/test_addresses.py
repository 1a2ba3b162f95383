"""Where a request points."""

import pytest

from kinto_core.objects import ObjectKey
from kinto_core.resources.addresses import list_address, object_address
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.calls import keys_of
from kinto_core.resources.record import RECORD

KEYS = [
    ObjectKey("", "bucket", "b"),
    ObjectKey("/buckets/b", "collection", "c"),
    ObjectKey("/buckets/b/collections/c", "record", "r"),
]


def test_a_list_at_the_top() -> None:
    address = list_address(BUCKET, ())
    assert (address.parent_id, address.uri, address.ancestors) == ("", "/buckets", ())
    assert address.object("b").uri == "/buckets/b"


def test_a_list_inside_others() -> None:
    address = list_address(RECORD, ("b", "c"))
    assert address.parent_id == "/buckets/b/collections/c"
    assert address.uri == "/buckets/b/collections/c/records"
    assert list(address.ancestors) == KEYS[:2]
    assert keys_of(address) == KEYS[:2]


def test_an_object() -> None:
    address = object_address(RECORD, ("b", "c", "r"))
    assert address == list_address(RECORD, ("b", "c")).object("r")
    assert (address.key, address.type, address.uri) == (KEYS[2], RECORD, KEYS[2].uri)
    assert keys_of(address) == KEYS


def test_ids_are_needed_for_all_ancestors() -> None:
    with pytest.raises(ValueError, match="shorter"):
        list_address(RECORD, ("b",))
