"""Keys, objects and tombstones."""

from kinto_core import json
from kinto_core.objects import ObjectKey, StoredObject, tombstone


def test_a_key_knows_its_uri() -> None:
    bucket = ObjectKey("", "bucket", "b")
    collection = ObjectKey(bucket.uri, "collection", "c")
    assert bucket.uri == "/buckets/b"
    assert ObjectKey(collection.uri, "record", "r").uri == "/buckets/b/collections/c/records/r"


def test_a_tombstone_holds_three_fields() -> None:
    dead = tombstone("r", 5)  # protocol R-28
    assert dead == StoredObject("r", 5, dead.text, deleted=True)
    assert json.parse(dead.text) == {"id": "r", "last_modified": 5, "deleted": True}


def test_the_fields_are_parsed_anew_each_time() -> None:
    stored = StoredObject("r", 5, '{"id":"r","last_modified":5,"l":[]}')
    stored.data["l"].append(1)
    assert stored.data == {"id": "r", "last_modified": 5, "l": []}
