"""May they? On snapshots made by hand."""

from collections.abc import Mapping, Sequence

import pytest

from kinto_core.errors import Forbidden, Unauthenticated
from kinto_core.objects import Grants, Snapshot
from kinto_core.resources.access import ANONYMOUS, Access, Caller
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.collection import COLLECTION
from kinto_core.resources.definition import ResourceType, ResourceTypes
from kinto_core.resources.group import GROUP
from kinto_core.resources.record import RECORD

TYPES = ResourceTypes.build((BUCKET, COLLECTION, GROUP, RECORD), {})
BOB = frozenset({"bob", "system.Authenticated", "system.Everyone"})


def access(configured: Mapping[str, Sequence[str]] | None = None, *administrators: str) -> Access:
    """The rules of a server with these settings."""
    return Access(TYPES, configured or {}, administrators)


def snapshot(*grants: Grants) -> Snapshot:
    """What was read: the grants from the top down."""
    return Snapshot([None] * len(grants), grants)


def to_bob(permission: str) -> Grants:
    """One permission of bob's."""
    return {permission: {"bob"}}


def test_what_a_caller_counts_as() -> None:
    assert ANONYMOUS.principals(("/buckets/b/groups/g",)) == {"system.Everyone"}  # protocol P-3
    caller = Caller("bob", frozenset({"role:x"}))
    assert caller.principals(("/buckets/b/groups/g",)) == BOB | {"/buckets/b/groups/g", "role:x"}


def test_refusals_tell_strangers_from_users() -> None:
    assert isinstance(ANONYMOUS.refusal(), Unauthenticated)  # protocol P-30
    assert isinstance(Caller("bob").refusal(), Forbidden)


@pytest.mark.parametrize(
    ("kind", "reading"),
    [
        (BUCKET, {"read", "write", "collection:create", "group:create"}),
        (COLLECTION, {"read", "write", "record:create"}),
        (GROUP, {"read", "write"}),
        (RECORD, {"read", "write"}),
    ],
)
def test_own_permissions_that_let_read(kind: ResourceType, reading: set[str]) -> None:
    rules = access()
    assert set(rules.reading_permissions(kind)) == reading  # protocol P-15, P-31
    above: list[Grants] = [{}] * len(kind.ancestors)
    for name in reading:
        assert rules.may_read(kind, snapshot(*above, to_bob(name)), BOB)
    assert not rules.may_read(kind, snapshot(*above, {}), BOB)
    assert not rules.may_read(kind, snapshot(*above, {"read": {"carol"}}), BOB)


@pytest.mark.parametrize("level", [0, 1])
def test_read_and_write_are_inherited(level: int) -> None:
    for name, reads, writes in (
        ("read", True, False),
        ("write", True, True),
        ("collection:create", False, False),
        ("record:create", False, False),
    ):
        grants: list[Grants] = [{}, {}, {}]
        grants[level] = to_bob(name)
        assert access().may_read(RECORD, snapshot(*grants), BOB) is reads  # protocol P-15, P-16
        assert access().may_write(RECORD, snapshot(*grants), BOB) is writes
        assert access().may_list(RECORD, grants[:2], BOB) is reads
        assert access().may_empty(RECORD, grants[:2], BOB) is writes


def test_who_may_create() -> None:
    rules = access()
    assert rules.may_create(RECORD, [{}, to_bob("record:create")], BOB)  # protocol P-15
    assert rules.may_create(RECORD, [to_bob("write"), {}], BOB)
    assert not rules.may_create(RECORD, [to_bob("record:create"), {}], BOB)
    assert not rules.may_create(RECORD, [to_bob("read"), to_bob("read")], BOB)
    assert rules.may_create(GROUP, [to_bob("group:create")], BOB)
    assert not rules.may_create(GROUP, [to_bob("collection:create")], BOB)
    assert not rules.may_create(BUCKET, [], BOB)  # protocol P-11


def test_settings_give_rights_on_their_own_type() -> None:
    rules = access({"collection_write": ["bob"]})  # protocol P-46
    assert rules.may_write(COLLECTION, snapshot({}, {}), BOB)
    assert rules.may_read(COLLECTION, snapshot({}, {}), BOB)
    assert rules.may_create(COLLECTION, [{}], BOB)
    assert not rules.may_read(RECORD, snapshot({}, {}, {}), BOB)
    assert not rules.may_write(BUCKET, snapshot({}), BOB)


def test_writing_all_buckets_is_not_listing_them() -> None:
    rules = access({"bucket_write": ["system.Authenticated"]})
    assert rules.may_empty(BUCKET, [], BOB)  # protocol P-47
    assert not rules.may_list(BUCKET, [], BOB)
    assert not rules.may_create(BUCKET, [], BOB)
    assert access({"bucket_read": ["bob"]}).may_list(BUCKET, [], BOB)


def test_administrators_may_everything() -> None:
    rules = access({}, "bob")
    assert rules.may_write(RECORD, snapshot({}, {}, {}), BOB)
    assert rules.may_create(BUCKET, [], BOB)
    assert not rules.may_create(BUCKET, [], frozenset({"carol"}))


def test_settings_without_principals_give_nothing() -> None:
    rules = access({"bucket_read": []})
    assert not rules.is_configured(BOB, "bucket", "read")
