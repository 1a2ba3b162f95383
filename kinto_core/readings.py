"""What a unit of work can read, besides the look-ups that decide about requests."""

from collections.abc import Iterable

from kinto_core.connections import Connections
from kinto_core.objects import Grants, ObjectKey, StoredObject
from kinto_core.permission.interface import Permission
from kinto_core.storage.interface import Storage
from kinto_core.storage.pages import PageText
from kinto_core.storage.query import Query


class Readings:
    """Reads on the connection that writes once there is one, before that what was committed.

    Args:
        storage: where objects are.
        permission: where grants are.
    """

    def __init__(self, storage: Storage, permission: Permission) -> None:
        self.storage = storage
        self.permission = permission
        self._connections = Connections(storage.database, permission.database)

    def fetch(self, key: ObjectKey) -> StoredObject | None:
        """The object or tombstone with this key."""
        with self._connections.reading() as connection:
            return self.storage.fetch(connection, key)

    def find(self, parent_id: str, resource: str, query: Query) -> list[StoredObject]:
        """The objects of a list that match a query."""
        with self._connections.reading() as connection:
            return self.storage.find(connection, parent_id, resource, query)

    def page_text(self, parent_id: str, resource: str, query: Query) -> PageText:
        """A page of a list as one JSON text."""
        with self._connections.reading() as connection:
            return self.storage.page_text(connection, parent_id, resource, query)

    def count(self, parent_id: str, resource: str, query: Query) -> int:
        """How many live objects of a list match a query."""
        with self._connections.reading() as connection:
            return self.storage.count(connection, parent_id, resource, query)

    def grants(self, key: ObjectKey) -> Grants:
        """All grants on an object."""
        with self._connections.reading_grants() as connection:
            return self.permission.grants(connection, key)

    def groups(self, user_id: str | None) -> frozenset[str]:
        """The groups of a user."""
        with self._connections.reading_grants() as connection:
            return self.permission.groups(connection, user_id)

    def granted_to(self, principals: Iterable[str]) -> list[tuple[ObjectKey, set[str]]]:
        """Every object on which one of the principals has a grant."""
        with self._connections.reading_grants() as connection:
            return self.permission.granted_to(connection, principals)

    def owned_only_by(self, principal: str) -> list[ObjectKey]:
        """The objects that only this principal may write."""
        with self._connections.reading_grants() as connection:
            return self.permission.owned_only_by(connection, principal)
