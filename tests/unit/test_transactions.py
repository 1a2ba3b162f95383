"""One unit of work: what is read, what is kept, what is undone, and who is told."""

from collections.abc import Iterator, Sequence

import pytest

from kinto_core.errors import Refused
from kinto_core.events.event import ResourceChanged
from kinto_core.hookspecs import hookimpl
from kinto_core.objects import Grants, ListState, ObjectKey, StoredObject, tombstone
from kinto_core.server import Server
from kinto_core.storage.query import Query
from kinto_core.testing import make_server
from kinto_core.testing.factories import make_change
from kinto_core.testing.recorder import HookRecorder
from kinto_core.transactions import Transaction

BUCKET = ObjectKey("", "bucket", "b")
COLLECTION = ObjectKey("/buckets/b", "collection", "c")
LIST = ("", "bucket")
INSIDE = ("/buckets/b", "collection")


@pytest.fixture(params=["together", "apart"])
def server(request: pytest.FixtureRequest, tmp_path: object) -> Iterator[Server]:
    """A server with objects and grants in one database, and one with two."""
    apart = {"permission_url": f"sqlite:///{tmp_path}/permission.db"}
    with make_server(apart if request.param == "apart" else {}) as made:
        yield made


def stored(name: str, timestamp: int) -> StoredObject:
    """The smallest object."""
    return StoredObject(name, timestamp, f'{{"id":"{name}","last_modified":{timestamp}}}')


def save(tx: Transaction, name: str = "b", grants: Grants | None = None) -> StoredObject:
    """Write a bucket."""
    state = tx.lock_list(LIST)
    assert state is not None
    new = stored(name, state.timestamp + 1)
    tx.save(LIST, [new], new.last_modified)
    tx.set_grants(ObjectKey("", "bucket", name), grants or {"write": {"alice"}})
    return new


def test_what_was_written_is_read_and_kept(server: Server) -> None:
    with server.transaction() as tx:
        new = save(tx)
        assert tx.fetch(BUCKET) == new
        assert tx.grants(BUCKET) == {"write": {"alice"}}
    with server.transaction() as tx:
        assert tx.fetch(BUCKET) == new
        assert tx.grants(BUCKET) == {"write": {"alice"}}
        assert [item.id for item in tx.find(*LIST, Query())] == ["b"]
        assert tx.count(*LIST, Query()) == 1


def test_an_error_undoes_everything(server: Server) -> None:
    with pytest.raises(ValueError, match="no"), server.transaction() as tx:  # noqa: PT012  the block is the point
        save(tx)
        tx.set_members("/buckets/b/groups/g", ["bob"])
        message = "no"
        raise ValueError(message)
    with server.transaction() as tx:
        assert tx.fetch(BUCKET) is None
        assert tx.grants(BUCKET) == {}
        assert tx.groups("bob") == frozenset()


def test_reading_sees_the_latest_commit(server: Server) -> None:
    with server.transaction() as reading:
        assert reading.fetch(BUCKET) is None
        with server.transaction() as tx:
            new = save(tx)
        assert reading.fetch(BUCKET) == new


def test_the_timestamp_of_a_list_is_seen_at_once_and_kept(server: Server) -> None:
    with server.transaction() as tx:
        before = tx.lock_list(LIST)
        new = save(tx)
        held = tx.lock_list(LIST)
        assert before is not None
        assert held == ListState(new.last_modified, before.version + 1)
        seen = tx.look_up([], user_id=None, list_of=LIST, target_is_list=True)
        assert seen.list is not None
        assert seen.list.timestamp == new.last_modified
    with server.transaction() as tx:
        state = tx.lock_list(LIST)
        assert state is not None
        assert state.timestamp == new.last_modified
        assert state.version > before.version


def test_lists_begin_when_they_are_opened(server: Server) -> None:
    with server.transaction() as tx:
        save(tx)
        assert tx.lock_list(INSIDE) is None
        tx.open_list(INSIDE, 77)
        state = tx.lock_list(INSIDE)
        assert state is not None
        assert state.timestamp == 77


def test_a_look_up_reads_what_decides(server: Server) -> None:
    with server.transaction() as tx:
        bucket = save(tx, grants={"read": {"bob"}, "write": {"alice"}})
        tx.open_list(INSIDE, 5)
        tx.lock_list(INSIDE)
        new = stored("c", 6)
        tx.save(INSIDE, [new], 6)
        tx.set_grants(COLLECTION, {"write": ["alice"], "read": ["/buckets/b/groups/g"]})
        tx.set_members("/buckets/b/groups/g", ["bob"])
    for remembers in (False, True):
        with server.transaction(remembers=remembers) as tx:
            seen = tx.look_up(
                [BUCKET, COLLECTION], user_id="bob", ancestor_bodies=True, list_of=INSIDE
            )
        assert list(seen.objects) == [bucket, new]
        assert seen.grants[0]["read"] == {"bob"}
        assert seen.grants[1] == {"write": {"alice"}, "read": {"/buckets/b/groups/g"}}
        assert seen.groups == ("/buckets/b/groups/g",)
        assert seen.list is not None
        assert seen.list.timestamp == 6


def test_what_is_remembered_can_be_forgotten(server: Server) -> None:
    with server.transaction(remembers=True) as tx:
        save(tx)
        first = tx.look_up([BUCKET, COLLECTION], user_id="bob")
        tx.set_members("/buckets/b/groups/g", ["bob"])
        assert tx.look_up([BUCKET, COLLECTION], user_id="bob").groups == first.groups == ()
        tx.forget_reading()
        again = tx.look_up([BUCKET, COLLECTION], user_id="bob")
        assert again.groups == ("/buckets/b/groups/g",)


def test_deleting_what_is_inside(server: Server) -> None:
    with server.transaction() as tx:
        save(tx)
        tx.open_list(INSIDE, 5)
        tx.lock_list(INSIDE)
        tx.save(INSIDE, [stored("c", 500)], 500)
        tx.set_grants(COLLECTION, {"read": ["bob"]})
        assert tx.delete_below(BUCKET.uri) == 500
        assert tx.lock_list(INSIDE) is None
        assert tx.fetch(COLLECTION) is None
        assert tx.grants(COLLECTION) == {}
        tx.delete_grants([BUCKET])
        tx.save(LIST, [tombstone("b", 10**13)], 10**13)
        assert tx.grants(BUCKET) == {}


def test_questions_about_principals(server: Server) -> None:
    with server.transaction() as tx:
        save(tx, grants={"write": {"alice"}, "read": {"bob"}})
        assert tx.owned_only_by("alice") == [BUCKET]
        assert tx.granted_to(["bob"]) == [(BUCKET, {"read"})]
        tx.forget_principal("alice")
        assert tx.grants(BUCKET) == {"read": {"bob"}}


def test_flushing(server: Server) -> None:
    with server.transaction() as tx:
        save(tx)
    with server.transaction() as tx:
        tx.flush()
        assert tx.fetch(BUCKET) is None
        assert tx.grants(BUCKET) == {}
        assert tx.lock_list(LIST) is not None


def test_hooks_are_told_before_and_after_the_commit(server: Server) -> None:
    recorder = HookRecorder()
    server.plugins.add(recorder, "recorder")
    with server.transaction(request_id="r1") as tx:
        save(tx)
        tx.record(make_change(uri="/buckets/b"))
        assert recorder.texts == []
    assert recorder.texts == [
        "resource_changed create bucket",
        "after_resource_changed create bucket",
    ]


def test_a_hook_may_refuse(server: Server) -> None:
    class Refuses:
        """Refuses everything."""

        @hookimpl
        def resource_changed(self, event: ResourceChanged) -> None:
            """Refuse."""
            raise Refused(str(event.action))

    recorder = HookRecorder()
    server.plugins.add(Refuses(), "refuses")
    server.plugins.add(recorder, "recorder")
    with pytest.raises(Refused), server.transaction() as tx:  # noqa: PT012  the block is the point
        save(tx)
        tx.record(make_change(uri="/buckets/b"))
    with server.transaction() as tx:
        assert tx.fetch(BUCKET) is None
    assert not any(text.startswith("after") for text in recorder.texts)


def test_reads_announce_nothing(server: Server) -> None:
    recorder = HookRecorder()
    server.plugins.add(recorder, "recorder")
    with server.transaction() as tx:
        keys: Sequence[ObjectKey] = [BUCKET]
        tx.look_up(keys, user_id="bob")
    assert recorder.calls == []
