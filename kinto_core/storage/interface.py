"""What a storage promises. ``kinto_core.testing.contracts.storage`` tests it on any backend.

A storage keeps objects in lists. A list is named by its parent's URI and a resource type; it
exists from ``open_list`` until its parent is deleted, lists of the top (parent ``""``) always.
"""

from collections.abc import Sequence
from typing import Protocol

from kinto_core.database.engine import Connection, Database
from kinto_core.objects import ListState, ObjectKey, StoredObject
from kinto_core.storage.pages import PageText
from kinto_core.storage.query import Query


class Storage(Protocol):
    """Keeps objects.

    Every method takes a connection of ``database``: one of ``database.reading()`` to read, one of
    ``database.writing()`` to change something. What is written in one transaction becomes visible
    and durable as a whole, or not at all.

    Raises:
        BackendUnavailable: any method, when the database is away, full or locked.
        WriteConflict: any writing method, when two transactions met; the whole transaction can be
            tried again.
    """

    database: Database

    def fetch(self, connection: Connection, key: ObjectKey) -> StoredObject | None:
        """The object or its tombstone; ``None`` if there never was one."""
        ...

    def find(
        self, connection: Connection, parent_id: str, resource: str, query: Query
    ) -> list[StoredObject]:
        """The objects of a list that a query selects, in its order."""
        ...

    def page_text(
        self, connection: Connection, parent_id: str, resource: str, query: Query
    ) -> PageText:
        """The objects that ``find`` gives as one JSON text, and whether more follow.

        For who passes them on as they are: a database may join them itself, which takes less time
        than to give them one by one. ``kinto_core.storage.pages.joined`` does it on ``find``.
        """
        ...

    def count(self, connection: Connection, parent_id: str, resource: str, query: Query) -> int:
        """How many live objects of a list match; order, page and tombstones do not matter."""
        ...

    def list_state(self, connection: Connection, parent_id: str, resource: str) -> ListState | None:
        """The list's timestamp and version; ``None`` when there is no such list."""
        ...

    def lock_list(self, connection: Connection, parent_id: str, resource: str) -> ListState | None:
        """The list's state, held until the transaction ends: other writers of the list wait.

        Returns ``None`` when there is no such list, for example because its parent was deleted
        meanwhile. Taking it before reading what is going to be changed makes that reading current.
        """
        ...

    def hold_list(self, connection: Connection, parent_id: str, resource: str) -> None:
        """As ``lock_list``, for who reads the state with the next statement anyway."""
        ...

    def open_list(
        self, connection: Connection, parent_id: str, resource: str, timestamp: int
    ) -> None:
        """Begin an empty list; one that exists stays as it is."""
        ...

    def save(
        self,
        connection: Connection,
        parent_id: str,
        resource: str,
        objects: Sequence[StoredObject],
    ) -> None:
        """Write objects or tombstones over what has their ids; the list's timestamp follows later.

        The caller holds the list (``lock_list``), takes care that timestamps rise, and calls
        ``set_list`` before the transaction ends.
        """
        ...

    def index(
        self,
        connection: Connection,
        parent_id: str,
        resource: str,
        indexes: Sequence[str],
        changes: Sequence[tuple[StoredObject | None, StoredObject]],
    ) -> None:
        """Bring declared indexes up to date with objects that are being saved.

        The caller holds the list, and names every index that is declared for it.

        Args:
            connection: of the transaction in which they are saved.
            parent_id: of the list.
            resource: of the list.
            indexes: their names: a field, or several joined by commas.
            changes: each object or tombstone as it was in the list, ``None`` if there was none, and
                as it becomes.
        """
        ...

    def declare_indexes(
        self,
        connection: Connection,
        parent_id: str,
        resource: str,
        *,
        new: Sequence[str],
        gone: Sequence[str],
    ) -> None:
        """Make indexes of the objects that a list has, and forget others.

        The caller holds the list, and calls ``set_list`` before the transaction ends, so that
        writers who read the old declaration begin anew. A query that names an index which is not
        there gives the right answer all the same.
        """
        ...

    def rival(
        self,
        connection: Connection,
        parent_id: str,
        resource: str,
        indexes: Sequence[str],
        change: tuple[StoredObject | None, StoredObject],
    ) -> tuple[str, str] | None:
        """Which object has what only one may have, and another is going to have, too.

        Two objects are equal in an index when all its fields have equal values, as filters compare
        them. An object that lacks one of the fields, or has null there, equals none.

        The caller holds the list and has not saved the object yet. An object that has kept its
        values had them for itself alone before.

        Args:
            connection: of the transaction in which the object is going to be saved.
            parent_id: of the list.
            resource: of the list.
            indexes: names of those declared indexes that are unique.
            change: the object or tombstone as it is, ``None`` if there is none, and as it becomes.

        Returns:
            The name of the first such index and the id of the object that is equal in it; ``None``
            when there is none.
        """
        ...

    def twins(
        self, connection: Connection, parent_id: str, resource: str, index: str
    ) -> tuple[str, str] | None:
        """The ids of two objects that are equal in a declared index, if there are any."""
        ...

    def set_list(
        self, connection: Connection, parent_id: str, resource: str, timestamp: int
    ) -> None:
        """Set the timestamp of a list that was written to, and count its version on."""
        ...

    def delete_below(self, connection: Connection, uri: str) -> int:
        """Forget everything inside the object with this URI: objects, tombstones, lists, indexes.

        Waits for those who hold one of these lists; gives the latest of their timestamps, or 0.

        Exactly what is below: ``/buckets/a`` does not touch ``/buckets/aa``.
        """
        ...

    def purge_tombstones(
        self, connection: Connection, resource: str, *, keep: int | None, older_than: int | None
    ) -> int:
        """Forget tombstones of a resource type for good; gives how many.

        Args:
            connection: of a transaction.
            resource: the type.
            keep: how many of the newest to keep in each list; ``None``: no such limit.
            older_than: only those before this timestamp; ``None``: of any age.
        """
        ...

    def flush(self, connection: Connection, timestamp: int) -> None:
        """Forget everything; the lists of the top begin anew at ``timestamp``."""
        ...
