"""What a unit of work can read: what decides about requests, objects, lists, grants."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

from kinto_core.connections import Connections
from kinto_core.database.connection import Connection
from kinto_core.database.lookup import Found, Question
from kinto_core.objects import Grants, ListState, ObjectKey, Snapshot, StoredObject
from kinto_core.permission.interface import Permission
from kinto_core.remembering import ListKey
from kinto_core.storage import sql_changes
from kinto_core.storage.interface import Storage
from kinto_core.storage.pages import PageText
from kinto_core.storage.query import Query


class Readings:
    """Reads on the connection that writes once there is one, before that what was committed.

    Args:
        storage: where objects are.
        permission: where grants are.
        look_up: reads what decides about a request when both are one database.
    """

    def __init__(
        self, storage: Storage, permission: Permission, look_up: Callable[..., Found]
    ) -> None:
        self.storage = storage
        self.permission = permission
        self._look_up = look_up
        self._changed_trees: set[str] = set()
        self._ahead: tuple[ListKey, Query, PageText | None] | None = None
        self._connections = Connections(storage.database, permission.database)

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection that reads, as a context manager; for plugins with tables of their own."""
        return self._connections.reading()

    def fetch(self, key: ObjectKey) -> StoredObject | None:
        """The object or tombstone with this key."""
        with self._connections.reading() as connection:
            return self.storage.fetch(connection, key)

    def find(self, parent_id: str, resource: str, query: Query) -> list[StoredObject]:
        """The objects of a list that match a query."""
        with self._connections.reading() as connection:
            return self.storage.find(connection, parent_id, resource, query)

    def page_text(self, parent_id: str, resource: str, query: Query) -> PageText:
        """A page of a list as one JSON text; it may have been read already (``look_up``)."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and not self._connections.is_writing:
            key, asked, text = ahead
            if text is not None and key == (parent_id, resource) and asked == query:
                return text
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

    def _snapshot(self, question: Question, page: Query | None = None) -> Snapshot:
        """In one statement when objects and grants live together, else in several.

        Args:
            question: what is wanted.
            page: of the list, to be kept for ``page_text`` if it can be read on the way.
        """
        keys, user_id, list_of, *_ = question
        if not keys and user_id is None and list_of is None:
            return Snapshot([], [])
        if self._connections.are_one:
            if page is not None and list_of is not None:
                return self._with_page(question, list_of, page)
            return self._look(question).snapshot
        return Snapshot(
            [self.fetch(key) for key in keys],
            [self.grants(key) for key in keys],
            tuple(self.groups(user_id)),
            self._list_state(list_of),
        )

    def _look(self, question: Question) -> Found:
        with self._connections.reading() as connection:
            return self._look_up(connection, question, has_changed=bool(self._changed_trees))

    def _with_page(self, question: Question, key: ListKey, page: Query) -> Snapshot:
        """The answer to a question, and the page kept for who asks for it."""
        everyday = sql_changes.parameters(*key, page)
        if everyday is None:
            return self._look(question).snapshot
        few = sql_changes.beginning(everyday)
        found = self._look(question._replace(page=few))
        if found.page is not None:
            self._ahead = (key, page, sql_changes.text_of(found.page, few["limit"], everyday))
        return found.snapshot

    def _list_state(self, key: ListKey | None) -> ListState | None:
        if key is None:
            return None
        with self._connections.reading() as connection:
            return self.storage.list_state(connection, *key)
