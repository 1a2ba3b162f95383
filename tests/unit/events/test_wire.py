"""Events as JSON text and back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinto_core.events.event import Action
from kinto_core.events.wire import UnreadableEvent, decode, encode, legacy_json
from kinto_core.testing.factories import TIMESTAMP, USER, make_change, make_event

START = (
    '{"v":1,"event":"ResourceChanged","id":"x","request_id":null,"payload":{},'
    '"parent_uri":"","impacted_objects":['
)
CHANGE = '{"new":{},"object_id":"","uri":"","timestamp":1,"user_id":null}'

fields = st.dictionaries(
    st.text(max_size=5),
    st.none() | st.booleans() | st.text(max_size=5) | st.integers(-(2**70), 2**70),
    max_size=3,
)


def test_the_text_has_the_documented_shape() -> None:
    event = make_event(uri="/buckets/b", action="update", new={"n": 2}, old={"n": 1})
    assert json.loads(encode(event)) == {
        "v": 1,
        "id": event.id,
        "event": "ResourceChanged",
        "request_id": "request",
        "payload": {
            "timestamp": TIMESTAMP,
            "action": "update",
            "uri": "/buckets/b",
            "user_id": USER,
            "resource_name": "bucket",
            "bucket_id": "b",
        },
        "parent_uri": "",
        "impacted_objects": [
            {
                "new": {"id": "b", "last_modified": TIMESTAMP, "n": 2},
                "old": {"id": "b", "last_modified": TIMESTAMP - 1, "n": 1},
                "object_id": "b",
                "uri": "/buckets/b",
                "timestamp": TIMESTAMP,
                "user_id": USER,
            }
        ],
    }


def test_a_creation_has_no_old() -> None:
    (entry,) = json.loads(encode(make_event()))["impacted_objects"]
    assert "old" not in entry  # events E-22


@given(st.sampled_from(["create", "update", "delete"]), fields, fields, st.none() | st.text())
def test_an_event_comes_back_as_it_was(
    action: str, new: dict[str, Any], old: dict[str, Any], user_id: str | None
) -> None:
    event = make_event(
        make_change(action=action, new=new, old=old, user_id=user_id),
        make_change(action=action, uri="/buckets/blog/collections/articles/records/2"),
    )
    assert decode(encode(event)) == event
    assert decode(encode(event).encode()).impacted_objects == event.impacted_objects


def test_a_list_request_comes_back_with_its_own_uri() -> None:
    changes = tuple(
        make_change(action=Action.DELETE, uri=f"/buckets/{name}", request_uri="/buckets")
        for name in "ab"
    )
    assert decode(encode(make_event(*changes))).changes[1].request_uri == "/buckets"


def test_numbers_keep_their_digits() -> None:
    text = encode(make_event(new={"n": 0})).replace('"n":0', '"n":1.10')
    assert '"n":1.10' in encode(decode(text))


def test_names_that_a_later_release_adds_are_ignored() -> None:
    event = make_event()
    text = encode(event).replace('"v":1', '"v":1,"later":[{}]')
    assert decode(text) == event


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not an event"),
        ("{}", "not an event"),
        ("[1]", "not an event"),
        (b"\xff", "not an event"),
        ('{"v":2,"event":"ResourceChanged"}', "newer release"),
        ('{"v":1,"event":"Other"}', "newer release"),
        (START + "]}", "no impacted objects"),
        (START + CHANGE + "]}", "resource_name"),
    ],
)
def test_other_texts_are_refused(text: str | bytes, reason: str) -> None:
    with pytest.raises(UnreadableEvent, match=reason):
        decode(text)


def test_the_text_for_redis_lists_is_the_payload_alone() -> None:
    event = make_event(uri="/buckets/r1")
    assert legacy_json(event) == (  # notifications N-7
        f'{{"timestamp":{TIMESTAMP},"action":"create","uri":"/buckets/r1",'
        f'"user_id":"{USER}","resource_name":"bucket","bucket_id":"r1"}}'
    )
