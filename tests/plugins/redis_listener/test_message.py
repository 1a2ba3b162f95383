"""What receivers get, without Redis."""

import json

from kinto_core.events.selector import Selector
from kinto_core.testing.factories import make_change, make_event
from kinto_redis_listener import message
from kinto_redis_listener.message import (
    fields_size,
    list_message,
    narrowed,
    portions,
    stream_fields,
)
from tests.plugins.redis_listener.logged import RECORDS, logged

EVERYTHING = Selector()


def test_a_list_gets_the_payload_to_the_letter() -> None:  # notifications N-7
    event = make_event(uri=f"{RECORDS}/first", user_id="basicauth:c6c2")
    assert list_message(logged(event), EVERYTHING).decode() == (
        '{"timestamp":1700000000000,"action":"create",'
        '"uri":"/buckets/blog/collections/articles/records/first",'
        '"user_id":"basicauth:c6c2","resource_name":"record",'
        '"bucket_id":"blog","collection_id":"articles","record_id":"first"}'
    )


def test_a_list_gets_one_message_for_an_event_of_many_changes() -> None:  # notifications N-8
    changes = [make_change(uri=f"{RECORDS}/{name}") for name in ("a", "b")]
    payload = json.loads(list_message(logged(make_event(*changes)), EVERYTHING))
    assert payload["record_id"] == "a"


def test_a_stream_gets_the_whole_event_and_what_to_sort_it_by() -> None:
    changes = [make_change(uri=f"{RECORDS}/{name}", new={"n": name}) for name in ("a", "b")]
    event = make_event(*changes)
    fields = {
        name.decode(): text.decode()
        for name, text in stream_fields(logged(event, 7), EVERYTHING).items()
    }
    whole = json.loads(fields.pop("event"))
    assert fields == {
        "id": event.id,
        "offset": "7",
        "action": "create",
        "resource_name": "record",
        "uri": f"{RECORDS}/a",
    }
    assert whole["id"] == event.id
    assert [one["new"]["n"] for one in whole["impacted_objects"]] == ["a", "b"]


def test_an_event_loses_the_changes_that_the_listener_does_not_want() -> None:
    changes = [make_change(uri=f"/buckets/{name}", action="delete") for name in ("shop", "blog")]
    event = make_event(*changes)
    selector = Selector(buckets=("blog",))
    found = narrowed(event, selector)
    assert found.id == event.id
    assert found.payload["bucket_id"] == "blog"
    assert [change.uri for change in found.changes] == ["/buckets/blog"]
    assert b"shop" not in stream_fields(logged(event), selector)[b"event"]
    assert b"shop" not in list_message(logged(event), selector)


def test_an_event_that_is_wanted_as_a_whole_is_not_written_anew() -> None:
    one = logged(make_event())
    assert stream_fields(one, EVERYTHING)[b"event"] == one.text.encode()


def test_portions_keep_the_order_and_stay_small() -> None:
    half = message.MAX_BYTES // 2
    assert list(portions([1, half, half, 2 * message.MAX_BYTES, 2], int)) == [
        [1, half],
        [half],
        [2 * message.MAX_BYTES],
        [2],
    ]
    assert list(portions([], int)) == []
    assert fields_size({b"a": b"123", b"b": b"4"}) == 4
