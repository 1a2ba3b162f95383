"""Short ways to work on one list of a storage, for the contracts.

They do what a transaction of the server does: hold the list, take the next timestamp, write, set
the list's timestamp; and they begin again when they met another transaction.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

from kinto_core import json
from kinto_core.database.engine import Connection
from kinto_core.errors import WriteConflict
from kinto_core.objects import ListState, ObjectKey, StoredObject, tombstone
from kinto_core.storage.interface import Storage
from kinto_core.storage.pages import PageText
from kinto_core.storage.query import Filter, Operator, Query, Sort

T = TypeVar("T")

OLDEST_FIRST = (Sort("last_modified"),)
"""The order in which a client catches up."""

_TRIES = 50


def retrying(act: Callable[[], T]) -> T:
    """The result of some work, done again as long as it meets other transactions."""
    for _ in range(_TRIES - 1):
        try:
            return act()
        except WriteConflict:
            continue
    return act()


def stored(object_id: str, last_modified: int, **fields: object) -> StoredObject:
    """A live object with some fields."""
    data = {"id": object_id, "last_modified": last_modified, **fields}
    return StoredObject(object_id, last_modified, json.dumps(data))


class ListUnderTest:
    """One list of a storage.

    Args:
        storage: where.
        parent_id: URI of the parent.
        resource: name of the type.
        shares: whether writers of the list may share commits.
    """

    def __init__(
        self,
        storage: Storage,
        parent_id: str = "/buckets/b",
        resource: str = "collection",
        *,
        shares: bool = False,
    ) -> None:
        self.storage = storage
        self.parent_id = parent_id
        self.resource = resource
        self._about = f"{parent_id} {resource}" if shares else None

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction about the list."""
        return self.storage.database.writing(self._about)

    def open(self, timestamp: int = 1000) -> "ListUnderTest":
        """Begin the list; gives itself."""
        with self.writing() as connection:
            self.storage.open_list(connection, self.parent_id, self.resource, timestamp)
        return self

    def key(self, object_id: str) -> ObjectKey:
        """The address of an object of the list."""
        return ObjectKey(self.parent_id, self.resource, object_id)

    def put(self, *objects: StoredObject) -> None:
        """Write objects as they are."""
        with self.writing() as connection:
            self.put_on(connection, objects)

    def put_on(self, connection: Connection, objects: Sequence[StoredObject]) -> None:
        """Write objects as they are, in a transaction."""
        state = self.storage.lock_list(connection, self.parent_id, self.resource)
        assert state is not None, "the list must exist"
        self.storage.save(connection, self.parent_id, self.resource, objects)
        latest = max((one.last_modified for one in objects), default=0)
        self.storage.set_list(
            connection, self.parent_id, self.resource, max(latest, state.timestamp)
        )

    def write_next(self, object_id: str, delay_seconds: float = 0.0) -> int:
        """Write an object with the next timestamp and wait before the commit; the timestamp."""
        with self.writing() as connection:
            state = self.storage.lock_list(connection, self.parent_id, self.resource)
            assert state is not None, "the list must exist"
            timestamp = max(time.time_ns() // 1_000_000, state.timestamp + 1)
            self.storage.save(
                connection, self.parent_id, self.resource, [stored(object_id, timestamp)]
            )
            time.sleep(delay_seconds)
            self.storage.set_list(connection, self.parent_id, self.resource, timestamp)
        return timestamp

    def bury(self, *ids_and_times: tuple[str, int]) -> None:
        """Replace objects by tombstones."""
        self.put(*(tombstone(object_id, timestamp) for object_id, timestamp in ids_and_times))

    def fetch(self, object_id: str) -> StoredObject | None:
        """The object or tombstone."""
        with self.storage.database.reading() as connection:
            return self.storage.fetch(connection, self.key(object_id))

    def find(self, query: Query | None = None) -> list[StoredObject]:
        """The objects that a query selects."""
        with self.storage.database.reading() as connection:
            return self.storage.find(connection, self.parent_id, self.resource, query or Query())

    def page_text(self, query: Query) -> PageText:
        """The objects that a query selects, as one text."""
        with self.storage.database.reading() as connection:
            return self.storage.page_text(connection, self.parent_id, self.resource, query)

    def ids(self, query: Query | None = None) -> list[str]:
        """The ids of the objects that a query selects."""
        return [one.id for one in self.find(query)]

    def since(self, timestamp: int) -> list[StoredObject]:
        """What changed after a timestamp, tombstones included, oldest first."""
        newer = Filter("last_modified", Operator.GREATER, timestamp)
        return self.find(Query(filters=(newer,), sorts=OLDEST_FIRST, include_deleted=True))

    def count(self, query: Query | None = None) -> int:
        """How many live objects match."""
        with self.storage.database.reading() as connection:
            return self.storage.count(connection, self.parent_id, self.resource, query or Query())

    def state(self) -> ListState | None:
        """The list's timestamp and version."""
        with self.storage.database.reading() as connection:
            return self.storage.list_state(connection, self.parent_id, self.resource)

    def timestamp(self) -> int:
        """The list's timestamp; -1 when there is no such list."""
        state = self.state()
        return -1 if state is None else state.timestamp
