"""Changes and events as values."""

import uuid

import pytest

from kinto_core.events.event import Action, Change, ResourceChanged, new_event_id
from kinto_core.testing.factories import TIMESTAMP, USER, make_change, make_event, make_read

RECORD = "/buckets/blog/collections/articles/records/first"


def test_actions_are_the_four_words_of_the_specification() -> None:
    words = ["create", "update", "delete", "read"]  # events E-6
    assert [str(action) for action in Action] == words


def test_payload_keys_have_their_order_and_names() -> None:
    event = make_event(uri=RECORD)
    assert list(event.payload.items()) == [  # events E-15, E-16
        ("timestamp", TIMESTAMP),
        ("action", "create"),
        ("uri", RECORD),
        ("user_id", USER),
        ("resource_name", "record"),
        ("bucket_id", "blog"),
        ("collection_id", "articles"),
        ("record_id", "first"),
    ]


def test_text_names_action_and_uri() -> None:
    event = make_event(uri="/buckets/blog")
    assert str(event) == "<ResourceChanged action=create uri=/buckets/blog>"  # events E-5


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("create", {"new": {"id": "b", "last_modified": TIMESTAMP, "n": 2}}),
        (
            "update",
            {
                "new": {"id": "b", "last_modified": TIMESTAMP, "n": 2},
                "old": {"id": "b", "last_modified": TIMESTAMP - 1, "n": 1},
            },
        ),
        (
            "delete",
            {
                "new": {"id": "b", "last_modified": TIMESTAMP, "deleted": True},
                "old": {"id": "b", "last_modified": TIMESTAMP - 1, "n": 1},
            },
        ),
    ],
)
def test_impacted_objects_have_new_and_old_as_the_action_says(
    action: str, expected: dict[str, object]
) -> None:
    event = make_event(uri="/buckets/b", action=action, new={"n": 2}, old={"n": 1})
    assert event.impacted_objects == (expected,)  # events E-22


def test_nothing_is_parsed_before_somebody_looks() -> None:
    broken = Change(
        resource_name="bucket",
        parent_uri="",
        object_id="b",
        uri="/buckets/b",
        action=Action.CREATE,
        timestamp=1,
        user_id=None,
        new="not JSON",
        old=None,
        request_uri="/buckets/b",
    )
    event = ResourceChanged.of((broken,))
    assert event.payload["user_id"] is None
    with pytest.raises(ValueError, match="JSON"):
        _ = event.impacted_objects


def test_each_change_keeps_its_own_uri_author_and_time() -> None:
    second = make_change(uri="/buckets/b2", user_id="basicauth:bob", timestamp=TIMESTAMP + 5)
    event = make_event(make_change(uri="/buckets/b1"), second)
    assert event.payload["uri"] == "/buckets/b1"  # events E-31
    assert event.changes[1].uri == "/buckets/b2"
    assert event.changes[1].user_id == "basicauth:bob"
    assert event.changes[1].timestamp == TIMESTAMP + 5


@pytest.mark.parametrize(
    ("uri", "bucket", "collection"),
    [
        ("/buckets/b", "b", None),
        ("/buckets/b/groups/g", "b", None),
        ("/buckets/b/collections/c", "b", "c"),
        ("/buckets/b/collections/c/records/r", "b", "c"),
        ("/accounts/alice", None, None),
        ("/accounts/buckets", None, None),
    ],
)
def test_bucket_and_collection_follow_from_the_uri(
    uri: str, bucket: str | None, collection: str | None
) -> None:
    event = make_event(uri=uri)
    assert (event.bucket_id, event.collection_id) == (bucket, collection)


def test_ids_are_unique_version_7_and_sort_by_time() -> None:
    ids = [new_event_id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert {uuid.UUID(one).version for one in ids} == {7}
    assert [one[:13] for one in ids] == sorted(one[:13] for one in ids)


def test_a_read_has_its_objects_as_served() -> None:
    event = make_read({"id": "first", "n": 1}, uri=RECORD)
    assert event.action is Action.READ
    assert event.resource_name == "record"
    assert event.read_objects == ({"id": "first", "n": 1},)  # events E-21
