"""Single objects that are deleted while it is not certain what could be seen."""

import json
from dataclasses import replace
from typing import Any

import pytest

from kinto_core.events.event import Action
from kinto_core.objects import StoredObject
from kinto_core.resources.access import Caller
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.collection import COLLECTION
from kinto_core.resources.definition import ResourceTypes
from kinto_core.resources.group import GROUP
from kinto_core.resources.record import RECORD
from kinto_core.testing.factories import make_change
from kinto_websocket.access import View
from kinto_websocket.changes import settle_deletion
from kinto_websocket.events import Told
from kinto_websocket.filters import Wanted
from kinto_websocket.sights import Sight
from kinto_websocket.subscriptions import Subscription
from kinto_websocket.targets import address_of

TYPES = ResourceTypes.build((BUCKET, COLLECTION, GROUP, RECORD), {})
PARENT = "/buckets/blog/collections/articles"


class Client:
    """Collects the events that it gets."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def send(self, payload: bytes) -> None:
        """Nothing but events is sent here."""
        raise AssertionError(payload)

    def send_event(self, frame: bytes, offset: int) -> None:
        """Keep what is in a frame."""
        self.events.append({**json.loads(frame[frame.index(b"{") :])["event"], "at": offset})

    def forget(self, number: int) -> None:
        """Nothing ends here."""
        raise AssertionError(number)


def deletion() -> Told:
    """Of a record that somebody sees."""
    change = replace(make_change(uri=f"{PARENT}/records/y"), action=Action.DELETE)
    return Told("the deletion", None, change, 7)


def watched(known: int, *, latest: dict[str, str] | None) -> tuple[Sight, Client]:
    """A sight of the one record, known up to a timestamp, and who watches."""
    uri = deletion().change.uri
    stored = StoredObject("y", known, "{}")
    nothing: frozenset[str] = frozenset()
    view = View(nothing, None, nothing, nothing, {uri: stored}, {})
    sight = Sight(Caller("basicauth:ann"), address_of(TYPES, PARENT), view)
    sight.objects[uri] = known
    if latest is not None:
        sight.replace(view, 6, "a later event", latest)
    client = Client()
    Subscription(1, sight, wanted=Wanted(), sink=client, start=0, floors={}).attach()
    return sight, client


def test_who_knows_an_object_loses_it_when_another_one_has_its_name() -> None:
    told = deletion()
    sight, client = watched(told.change.timestamp - 1, latest={told.change.uri: "a creation"})
    settle_deletion(sight, told)
    (event,) = client.events
    assert (event["action"], event["at"]) == ("delete", 7)
    assert event["new"] == {"id": told.change.object_id, "deleted": True}
    assert sight.objects == {}


@pytest.mark.parametrize("is_certain", [True, False])
def test_a_deletion_that_was_sent_is_not_told_again(*, is_certain: bool) -> None:
    told = deletion()
    latest = None if is_certain else {told.change.uri: told.event_id}
    sight, client = watched(told.change.timestamp - 1, latest=latest)
    settle_deletion(sight, told)
    assert client.events == []
    assert sight.objects == {}


def test_who_knows_the_other_one_keeps_it() -> None:
    told = deletion()
    sight, client = watched(told.change.timestamp + 1, latest={told.change.uri: "a creation"})
    settle_deletion(sight, told)
    assert client.events == []
    assert sight.objects == {told.change.uri: told.change.timestamp + 1}
