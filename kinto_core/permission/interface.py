"""What a permission backend promises. ``kinto_core.testing.contracts.permission`` tests it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from kinto_core.database.engine import Connection, Database
from kinto_core.objects import Grants, ObjectKey


class Permission(Protocol):
    """Keeps who may do what, and who belongs to which group.

    Connections and errors are as in ``kinto_core.storage.interface.Storage``.
    """

    database: Database

    def grants(self, connection: Connection, key: ObjectKey) -> Grants:
        """All grants on one object; permission names without principals are left out."""
        ...

    def set_grants(
        self,
        connection: Connection,
        key: ObjectKey,
        grants: Mapping[str, Iterable[str]],
        *,
        fresh: bool = False,
    ) -> None:
        """Replace all grants of an object.

        Args:
            connection: of a transaction.
            key: the object.
            grants: the new ones.
            fresh: the object is new and has no grants yet, which saves work.
        """
        ...

    def delete_grants(self, connection: Connection, keys: Sequence[ObjectKey]) -> None:
        """Forget the grants on these objects."""
        ...

    def delete_below(self, connection: Connection, uri: str) -> None:
        """Forget the grants on everything inside an object, and the members of groups inside it.

        Exactly what is below: ``/buckets/a`` does not touch ``/buckets/aa``.
        """
        ...

    def groups(self, connection: Connection, user_id: str | None) -> frozenset[str]:
        """The groups of a user, those of all authenticated users included.

        ``None`` stands for an anonymous caller, who belongs to none.
        """
        ...

    def set_members(self, connection: Connection, group: str, user_ids: Iterable[str]) -> None:
        """Replace the members of a group, named by its URI."""
        ...

    def granted_to(
        self, connection: Connection, principals: Iterable[str]
    ) -> list[tuple[ObjectKey, set[str]]]:
        """Every object on which one of the principals has a grant, with those permissions."""
        ...

    def owned_only_by(self, connection: Connection, principal: str) -> list[ObjectKey]:
        """The objects whose ``write`` list holds this principal and nobody else."""
        ...

    def forget_principal(self, connection: Connection, principal: str) -> None:
        """Remove a principal from all grants and from all groups."""
        ...

    def flush(self, connection: Connection) -> None:
        """Forget everything."""
        ...
