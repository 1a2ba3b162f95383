"""Everything that decides about a request, on every database."""

import pytest

from kinto_core.database.engine import Database
from kinto_core.database.lookup import Question, read
from kinto_core.objects import ListState, ObjectKey, Snapshot, StoredObject, tombstone
from kinto_core.permission.sql import SqlPermission
from kinto_core.storage.sql import SqlStorage

B = ObjectKey("", "bucket", "b")
C = ObjectKey("/buckets/b", "collection", "c")
R = ObjectKey("/buckets/b/collections/c", "record", "r")
G = "/buckets/b/groups/g"
RECORDS = (R.parent_id, R.resource)
BUCKET = StoredObject("b", 1, '{"id":"b","last_modified":1,"x":1}')
RECORD = StoredObject("r", 3, '{"id":"r","last_modified":3}')


@pytest.fixture
def filled(database: Database) -> Database:
    """A bucket, a deleted collection and a record, with grants and a group."""
    storage, permission = SqlStorage(database), SqlPermission(database)
    with database.writing() as connection:
        for key, item in ((B, BUCKET), (C, tombstone("c", 2)), (R, RECORD)):
            storage.open_list(connection, key.parent_id, key.resource, 0)
            storage.save(connection, key.parent_id, key.resource, [item])
            storage.set_list(connection, key.parent_id, key.resource, item.last_modified)
        permission.set_grants(connection, B, {"write": ["alice"], "read": ["bob", "carol"]})
        permission.set_grants(connection, C, {"read": [G, "system.Everyone"]})
        permission.set_grants(connection, R, {"write": ["carol"], "read": ["bob"]})
        permission.set_members(connection, G, ["bob"])
        permission.set_members(connection, "/buckets/b/groups/h", ["system.Authenticated"])
    return database


def ask(
    database: Database,
    *keys: ObjectKey,
    user_id: str | None = "bob",
    ancestor_bodies: bool = True,
    list_of: tuple[str, str] | None = None,
    target_is_list: bool = False,
) -> Snapshot:
    """One look-up."""
    with database.reading() as connection:
        question = Question(keys, user_id, list_of, ancestor_bodies, target_is_list)
        return read(connection, question).snapshot


def test_objects_and_tombstones_by_level(filled: Database) -> None:
    seen = ask(filled, B, C, R)
    assert list(seen.objects) == [BUCKET, tombstone("c", 2), RECORD]
    missing = ask(filled, B, ObjectKey("/buckets/b", "collection", "none"))
    assert list(missing.objects) == [BUCKET, None]


def test_bodies_of_ancestors_are_left_out(filled: Database) -> None:
    seen = ask(filled, B, C, R, ancestor_bodies=False)
    assert [item.text if item else None for item in seen.objects] == ["", "", RECORD.text]


def test_of_ancestors_only_the_callers_grants(filled: Database) -> None:
    seen = ask(filled, B, C, R)
    assert list(seen.grants) == [
        {"read": {"bob"}},
        {"read": {G, "system.Everyone"}},
        {"write": {"carol"}, "read": {"bob"}},
    ]
    as_list = ask(filled, B, C, R, target_is_list=True)
    assert as_list.grants[2] == {"read": {"bob"}}


def test_nobody_has_what_everybody_has(filled: Database) -> None:
    seen = ask(filled, B, C, R, user_id=None)
    assert seen.groups == ()
    assert list(seen.grants) == [
        {},
        {"read": {"system.Everyone"}},
        {"write": {"carol"}, "read": {"bob"}},
    ]


def test_groups_of_the_caller(filled: Database) -> None:
    assert set(ask(filled, B).groups) == {G, "/buckets/b/groups/h"}  # protocol P-3
    assert set(ask(filled, user_id="stranger").groups) == {"/buckets/b/groups/h"}


def test_the_state_of_a_list(filled: Database) -> None:
    assert ask(filled, B, C, R, list_of=RECORDS).list == ListState(3, 1)
    assert ask(filled, B, list_of=("/buckets/none", "collection")).list is None
    assert ask(filled, B).list is None
    alone = ask(filled, user_id=None, list_of=RECORDS, target_is_list=True)
    assert alone.list == ListState(3, 1)


def test_names_are_compared_exactly(filled: Database) -> None:
    for key in (
        ObjectKey("", "bucket", "B"),
        ObjectKey("", "bucket", "b "),
        ObjectKey("", "b", "b"),
    ):
        assert ask(filled, key).objects == [None]
    assert ask(filled, B, user_id="BOB").grants == [{"write": {"alice"}, "read": {"bob", "carol"}}]
