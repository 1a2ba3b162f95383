"""The contract of a permission backend: subclass it and give it the fixture ``permission``.

::

    class TestMine(PermissionContract):
        @pytest.fixture
        def permission(self): ...

Who may do what with these grants is decided elsewhere and tested there.
"""

import pytest

from kinto_core.database.engine import Connection
from kinto_core.objects import Grants, ObjectKey
from kinto_core.permission.interface import Permission

_BUCKET = ObjectKey("", "bucket", "b")
_RECORD = ObjectKey("/buckets/b/collections/c", "record", "r")
_ALICE = "basicauth:alice"
_BOB = "basicauth:bob"
_GROUP = "/buckets/b/groups/g"


class PermissionContract:
    """What every permission backend does; see ``kinto_core.permission.interface.Permission``."""

    @pytest.fixture
    def permission(self) -> Permission:
        """An empty backend. Override it."""
        message = "the subclass gives the fixture 'permission'"
        raise pytest.UsageError(message)

    def test_grants_come_back_as_they_were_set(self, permission: Permission) -> None:
        """Names without principals are left out, and a principal counts once (protocol 0-3)."""
        _set(permission, _RECORD, {"read": [_BOB, _ALICE, _BOB], "write": {_ALICE}, "other": []})
        assert _grants(permission, _RECORD) == {"read": {_ALICE, _BOB}, "write": {_ALICE}}

    def test_object_without_grants_has_none(self, permission: Permission) -> None:
        """Not an error: nobody has anything there."""
        assert _grants(permission, _RECORD) == {}

    def test_setting_grants_replaces_all_of_them(self, permission: Permission) -> None:
        """Also by none at all."""
        _set(permission, _RECORD, {"read": [_ALICE], "write": [_ALICE]})
        _set(permission, _RECORD, {"write": [_BOB]})
        assert _grants(permission, _RECORD) == {"write": {_BOB}}
        _set(permission, _RECORD, {})
        assert _grants(permission, _RECORD) == {}

    def test_grants_of_a_fresh_object_are_kept(self, permission: Permission) -> None:
        """``fresh`` saves work and changes nothing else."""
        with permission.database.writing() as connection:
            permission.set_grants(connection, _RECORD, {"write": [_ALICE, _BOB]}, fresh=True)
        assert _grants(permission, _RECORD) == {"write": {_ALICE, _BOB}}

    def test_objects_are_told_apart_by_parent_type_and_id(self, permission: Permission) -> None:
        """The same id elsewhere is another object."""
        others = [
            _RECORD._replace(id="R"),
            _RECORD._replace(resource="other"),
            _RECORD._replace(parent_id="/buckets/b/collections/d"),
        ]
        _set(permission, _RECORD, {"read": [_ALICE]})
        assert [_grants(permission, key) for key in others] == [{}, {}, {}]

    @pytest.mark.parametrize("principal", ["anything goes", "é😀", "a%_'\"\\", "x" * 300])
    def test_any_text_is_a_principal(self, permission: Permission, principal: str) -> None:
        """Whether or not it denotes something (protocol P-2)."""
        _set(permission, _RECORD, {"read": [principal]})
        assert _grants(permission, _RECORD) == {"read": {principal}}
        assert _granted_to(permission, principal) == {_RECORD: {"read"}}

    def test_deleted_grants_are_gone(self, permission: Permission) -> None:
        """Only those of the objects named; unknown ones are no error."""
        _set(permission, _RECORD, {"read": [_ALICE]})
        _set(permission, _BUCKET, {"read": [_ALICE]})
        with permission.database.writing() as connection:
            permission.delete_grants(connection, [_RECORD, _RECORD._replace(id="unknown")])
            permission.delete_grants(connection, [])
        assert _grants(permission, _RECORD) == {}
        assert _grants(permission, _BUCKET) == {"read": {_ALICE}}

    @pytest.mark.parametrize(
        ("deleted", "kept"), [("a", "aa"), ("x_y", "xzy"), ("a%", "abc"), ("b", "B"), ("q", "q-")]
    )
    def test_deleting_below_is_exact(self, permission: Permission, deleted: str, kept: str) -> None:
        """Names are no patterns and no beginnings of others (protocol R-30)."""
        doomed, spared = (_inside(name) for name in (deleted, kept))
        for key in (*doomed, *spared):
            _set(permission, key, {"read": [_ALICE]})
        for name in (deleted, kept):
            _set_members(permission, f"/buckets/{name}/groups/g", [_ALICE])
        with permission.database.writing() as connection:
            permission.delete_below(connection, f"/buckets/{deleted}")
        bucket, *inside = doomed
        assert _grants(permission, bucket) == {"read": {_ALICE}}, "the object itself stays"
        assert [_grants(permission, key) for key in inside] == [{}] * len(inside)
        assert [_grants(permission, key) for key in spared] == [{"read": {_ALICE}}] * len(spared)
        assert _groups(permission, _ALICE) == {f"/buckets/{kept}/groups/g"}

    def test_user_belongs_to_the_groups_that_name_them(self, permission: Permission) -> None:
        """And to those that name all authenticated users (protocol P-3)."""
        _set_members(permission, _GROUP, [_ALICE, _ALICE, _BOB])
        _set_members(permission, "/buckets/b/groups/all", ["system.Authenticated"])
        assert _groups(permission, _ALICE) == {_GROUP, "/buckets/b/groups/all"}
        assert _groups(permission, "basicauth:carol") == {"/buckets/b/groups/all"}

    def test_anonymous_belongs_to_no_group(self, permission: Permission) -> None:
        """Not even to those of all authenticated users (protocol P-3)."""
        _set_members(permission, _GROUP, ["system.Authenticated", "system.Everyone"])
        assert _groups(permission, None) == set()

    def test_setting_members_replaces_them(self, permission: Permission) -> None:
        """Who is not named any more is out at once (protocol P-5); other groups stay."""
        _set_members(permission, _GROUP, [_ALICE])
        _set_members(permission, "/buckets/b/groups/h", [_ALICE])
        _set_members(permission, _GROUP, [_BOB])
        assert _groups(permission, _ALICE) == {"/buckets/b/groups/h"}
        assert _groups(permission, _BOB) == {_GROUP}
        _set_members(permission, _GROUP, [])
        assert _groups(permission, _BOB) == set()

    def test_granted_to_finds_every_object_of_several_principals(
        self, permission: Permission
    ) -> None:
        """With the permissions of those principals only."""
        _set(permission, _RECORD, {"read": [_ALICE], "write": [_BOB]})
        _set(permission, _BUCKET, {"write": [_GROUP, "system.Everyone"]})
        assert _granted_to(permission, _ALICE, _GROUP) == {_RECORD: {"read"}, _BUCKET: {"write"}}
        assert _granted_to(permission, "basicauth:carol") == {}
        assert _granted_to(permission) == {}

    def test_owned_only_by_needs_a_single_writer(self, permission: Permission) -> None:
        """Other permissions do not make an owner."""
        shared, read = _RECORD._replace(id="shared"), _RECORD._replace(id="read")
        _set(permission, _RECORD, {"write": [_ALICE], "read": [_BOB]})
        _set(permission, shared, {"write": [_ALICE, _BOB]})
        _set(permission, read, {"read": [_ALICE]})
        with permission.database.reading() as connection:
            assert permission.owned_only_by(connection, _ALICE) == [_RECORD]

    def test_forgotten_principal_has_nothing_and_is_nowhere(self, permission: Permission) -> None:
        """Others keep what they have."""
        _set(permission, _RECORD, {"write": [_ALICE, _BOB]})
        _set_members(permission, _GROUP, [_ALICE, _BOB])
        with permission.database.writing() as connection:
            permission.forget_principal(connection, _ALICE)
        assert _grants(permission, _RECORD) == {"write": {_BOB}}
        assert _groups(permission, _ALICE) == set()
        assert _groups(permission, _BOB) == {_GROUP}

    def test_flush_forgets_everything(self, permission: Permission) -> None:
        """Grants and members."""
        _set(permission, _RECORD, {"write": [_ALICE]})
        _set_members(permission, _GROUP, [_ALICE])
        with permission.database.writing() as connection:
            permission.flush(connection)
        assert _grants(permission, _RECORD) == {}
        assert _groups(permission, _ALICE) == set()

    def test_failed_transaction_changes_nothing(self, permission: Permission) -> None:
        """Everything or nothing."""
        _set(permission, _RECORD, {"write": [_ALICE]})
        with pytest.raises(_Broken):
            _write_and_break(permission)
        assert _grants(permission, _RECORD) == {"write": {_ALICE}}
        assert _groups(permission, _BOB) == set()

    def test_transaction_reads_what_it_wrote(self, permission: Permission) -> None:
        """Later steps of a batch see the earlier ones."""
        with permission.database.writing() as connection:
            permission.set_grants(connection, _RECORD, {"write": [_ALICE]})
            assert permission.grants(connection, _RECORD) == {"write": {_ALICE}}
            permission.set_members(connection, _GROUP, [_ALICE])
            assert _groups_on(permission, connection, _ALICE) == {_GROUP}


class _Broken(Exception):
    """Undoes a transaction."""


def _write_and_break(permission: Permission) -> None:
    with permission.database.writing() as connection:
        permission.set_grants(connection, _RECORD, {"write": [_BOB]})
        permission.set_members(connection, _GROUP, [_BOB])
        raise _Broken


def _inside(name: str) -> list[ObjectKey]:
    """A bucket, and one of everything below it."""
    bucket = f"/buckets/{name}"
    return [
        ObjectKey("", "bucket", name),
        ObjectKey(bucket, "collection", "c"),
        ObjectKey(bucket, "group", "g"),
        ObjectKey(f"{bucket}/collections/c", "record", "r"),
    ]


def _set(permission: Permission, key: ObjectKey, grants: dict[str, list[str] | set[str]]) -> None:
    with permission.database.writing() as connection:
        permission.set_grants(connection, key, grants)


def _set_members(permission: Permission, group: str, user_ids: list[str]) -> None:
    with permission.database.writing() as connection:
        permission.set_members(connection, group, user_ids)


def _grants(permission: Permission, key: ObjectKey) -> Grants:
    with permission.database.reading() as connection:
        return permission.grants(connection, key)


def _granted_to(permission: Permission, *principals: str) -> dict[ObjectKey, set[str]]:
    with permission.database.reading() as connection:
        return dict(permission.granted_to(connection, principals))


def _groups(permission: Permission, user_id: str | None) -> frozenset[str]:
    with permission.database.reading() as connection:
        return _groups_on(permission, connection, user_id)


def _groups_on(
    permission: Permission, connection: Connection, user_id: str | None
) -> frozenset[str]:
    return permission.groups(connection, user_id)
