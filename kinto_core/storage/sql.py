"""The storage on SQLite and PostgreSQL, in one set of statements."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, Table, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ClauseElement, ColumnElement

from kinto_core.database.connection import Statement
from kinto_core.database.engine import Connection, Database
from kinto_core.database.ranges import below, bounds
from kinto_core.database.tables import objects, timestamps
from kinto_core.objects import ListState, ObjectKey, StoredObject
from kinto_core.storage import sql_changes, sql_indexes, sql_scans, sql_unique
from kinto_core.storage.pages import PageText, joined
from kinto_core.storage.query import Query
from kinto_core.storage.sql_filters import after, order_by, where
from kinto_core.storage.sql_sharing import is_shared

_COLUMNS = (objects.c.id, objects.c.last_modified, objects.c.data, objects.c.deleted)


def _in_list(table: Table) -> ColumnElement[bool]:
    return (table.c.parent_id == bindparam("parent_id")) & (
        table.c.resource == bindparam("resource")
    )


def _upsert(
    dialect: str,
    table: Table,
    **values: Any,  # noqa: ANN401  bound parameters
) -> postgresql.Insert | sqlite.Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).values(**values)


def _save(dialect: str) -> ClauseElement:
    names = ("parent_id", "resource", "id", "last_modified", "deleted", "data")
    statement = _upsert(dialect, objects, **{name: bindparam(name) for name in names})
    return statement.on_conflict_do_update(
        index_elements=["parent_id", "resource", "id"],
        set_={name: statement.excluded[name] for name in names[3:]},
    )


def _set_list(_: str) -> ClauseElement:
    return (
        update(timestamps)
        .where(_in_list(timestamps))
        .values(last_modified=bindparam("timestamp"), version=timestamps.c.version + 1)
    )


def _open_list(dialect: str) -> ClauseElement:
    names = ("parent_id", "resource", "last_modified")
    statement = _upsert(dialect, timestamps, **{name: bindparam(name) for name in names})
    return statement.on_conflict_do_nothing()


def _list_state() -> Select[Any]:
    return select(timestamps.c.last_modified, timestamps.c.version).where(_in_list(timestamps))


def _lock(dialect: str) -> ClauseElement:
    statement = _list_state()
    return statement.with_for_update() if dialect == "postgresql" else statement


FETCH = Statement(
    lambda _: select(*_COLUMNS).where(_in_list(objects), objects.c.id == bindparam("id")),
    is_quick=True,
)
LIST_STATE = Statement(lambda _: _list_state(), is_quick=True)
LOCK = Statement(_lock)
SAVE = Statement(_save)
SET_LIST = Statement(_set_list)
OPEN_LIST = Statement(_open_list)
DELETE_OBJECTS_BELOW = Statement(lambda _: delete(objects).where(below(objects.c.parent_id)))
DELETE_LISTS_BELOW = Statement(
    lambda _: (
        delete(timestamps)
        .where(below(timestamps.c.parent_id))
        .returning(timestamps.c.last_modified)
    )
)
DELETE_ALL_OBJECTS = Statement(lambda _: delete(objects))
DELETE_INNER_LISTS = Statement(lambda _: delete(timestamps).where(timestamps.c.parent_id != ""))
RESTART_LISTS = Statement(
    lambda _: update(timestamps).values(last_modified=bindparam("last_modified"))
)


class SqlStorage:
    """Keeps objects in a SQL database; see ``Storage`` for each method.

    Args:
        database: where.
        few: up to so many objects, found by a declared index, are read and sorted rather than
            looked for in the wanted order.
    """

    def __init__(self, database: Database, *, few: int = sql_scans.FEW) -> None:
        self.database = database
        self._few = few

    def fetch(self, connection: Connection, key: ObjectKey) -> StoredObject | None:
        """See ``Storage.fetch``."""
        rows = connection.run(FETCH, key._asdict())
        return _stored(rows[0]) if rows else None

    def find(
        self, connection: Connection, parent_id: str, resource: str, query: Query
    ) -> list[StoredObject]:
        """See ``Storage.find``."""
        everyday = sql_changes.parameters(parent_id, resource, query)
        if everyday is not None:
            return list(map(_stored, connection.run(sql_changes.NEWEST, everyday)))
        if query.indexed:
            rows = sql_scans.find(connection, (parent_id, resource), query, self._few)
            if rows is not None:
                return [StoredObject(*row[:4]) for row in rows]
        statement = self._select(select(*_COLUMNS), connection.dialect, parent_id, resource, query)
        if not query.include_deleted:
            statement = statement.where(objects.c.deleted.is_(False))
        if query.after is not None:
            statement = statement.where(
                after(objects, query.sorts, query.after, connection.dialect)
            )
        statement = statement.order_by(*order_by(objects, query.sorts, connection.dialect))
        if query.limit is not None:
            statement = statement.limit(query.limit)
        return list(map(_stored, connection.execute(statement)))

    def page_text(
        self, connection: Connection, parent_id: str, resource: str, query: Query
    ) -> PageText:
        """See ``Storage.page_text``."""
        everyday = sql_changes.parameters(parent_id, resource, query)
        page = sql_changes.page(connection, everyday) if everyday is not None else None
        if page is not None:
            return page
        return joined(lambda wider: self.find(connection, parent_id, resource, wider), query)

    def count(self, connection: Connection, parent_id: str, resource: str, query: Query) -> int:
        """See ``Storage.count``."""
        if query.indexed:
            total = sql_scans.count(connection, (parent_id, resource), query)
            if total is not None:
                return total
        counting = select(func.count()).select_from(objects)
        statement = self._select(counting, connection.dialect, parent_id, resource, query)
        rows = connection.execute(statement.where(objects.c.deleted.is_(False)))
        return int(rows[0][0])

    def list_state(self, connection: Connection, parent_id: str, resource: str) -> ListState | None:
        """See ``Storage.list_state``."""
        rows = connection.run(LIST_STATE, {"parent_id": parent_id, "resource": resource})
        return ListState(*rows[0]) if rows else None

    def lock_list(self, connection: Connection, parent_id: str, resource: str) -> ListState | None:
        """See ``Storage.lock_list``."""
        rows = connection.run(LOCK, {"parent_id": parent_id, "resource": resource})
        return ListState(*rows[0]) if rows else None

    def hold_list(self, connection: Connection, parent_id: str, resource: str) -> None:
        """See ``Storage.hold_list``; a SQLite transaction that writes holds everything."""
        if connection.dialect == "postgresql":
            connection.send(LOCK, {"parent_id": parent_id, "resource": resource})

    def open_list(
        self, connection: Connection, parent_id: str, resource: str, timestamp: int
    ) -> None:
        """See ``Storage.open_list``."""
        values = {"parent_id": parent_id, "resource": resource, "last_modified": timestamp}
        connection.send(OPEN_LIST, values)

    def save(
        self,
        connection: Connection,
        parent_id: str,
        resource: str,
        objects: Sequence[StoredObject],
    ) -> None:
        """See ``Storage.save``."""
        rows = [
            {
                "parent_id": parent_id,
                "resource": resource,
                "id": item.id,
                "last_modified": item.last_modified,
                "deleted": item.deleted,
                "data": item.text,
            }
            for item in objects
        ]
        if len(rows) == 1:
            connection.send(SAVE, rows[0])
        else:
            connection.run_many(SAVE, rows)

    def index(
        self,
        connection: Connection,
        parent_id: str,
        resource: str,
        indexes: Sequence[str],
        changes: Sequence[tuple[StoredObject | None, StoredObject]],
    ) -> None:
        """See ``Storage.index``."""
        sql_indexes.update(connection, (parent_id, resource), indexes, changes)

    def declare_indexes(
        self,
        connection: Connection,
        parent_id: str,
        resource: str,
        *,
        new: Sequence[str],
        gone: Sequence[str],
    ) -> None:
        """See ``Storage.declare_indexes``."""
        for name in gone:
            sql_indexes.drop(connection, (parent_id, resource), name)
        if new:
            sql_indexes.build(connection, (parent_id, resource), new)

    def rival(
        self,
        connection: Connection,
        parent_id: str,
        resource: str,
        indexes: Sequence[str],
        change: tuple[StoredObject | None, StoredObject],
    ) -> tuple[str, str] | None:
        """See ``Storage.rival``."""
        return sql_unique.rival(connection, (parent_id, resource), indexes, change)

    def twins(
        self, connection: Connection, parent_id: str, resource: str, index: str
    ) -> tuple[str, str] | None:
        """See ``Storage.twins``."""
        return sql_unique.twins(connection, (parent_id, resource), index)

    def set_list(
        self, connection: Connection, parent_id: str, resource: str, timestamp: int
    ) -> None:
        """See ``Storage.set_list``."""
        values = {"parent_id": parent_id, "resource": resource, "timestamp": timestamp}
        connection.send(SET_LIST, values)

    def delete_below(self, connection: Connection, uri: str) -> int:
        """See ``Storage.delete_below``."""
        lists = connection.run(DELETE_LISTS_BELOW, bounds(uri))
        connection.send(DELETE_OBJECTS_BELOW, bounds(uri))
        connection.send(sql_indexes.DELETE_INDEXES_BELOW, bounds(uri))
        return max((int(row[0]) for row in lists), default=0)

    def purge_tombstones(
        self, connection: Connection, resource: str, *, keep: int | None, older_than: int | None
    ) -> int:
        """See ``Storage.purge_tombstones``."""
        age = func.row_number().over(
            partition_by=objects.c.parent_id, order_by=objects.c.last_modified.desc()
        )
        tombstones = (
            select(objects.c.parent_id, objects.c.id, objects.c.last_modified, age.label("age"))
            .where(objects.c.resource == resource, objects.c.deleted.is_(True))
            .subquery()
        )
        doomed = select(tombstones.c.parent_id, tombstones.c.id)
        if keep is not None:
            doomed = doomed.where(tombstones.c.age > keep)
        if older_than is not None:
            doomed = doomed.where(tombstones.c.last_modified < older_than)
        rows = connection.execute(doomed)
        connection.run_many(
            _DELETE_TOMBSTONE,
            [{"parent_id": parent, "resource": resource, "id": id_} for parent, id_ in rows],
        )
        return len(rows)

    def flush(self, connection: Connection, timestamp: int) -> None:
        """See ``Storage.flush``."""
        connection.send(DELETE_ALL_OBJECTS, {})
        connection.send(sql_indexes.DELETE_ALL_INDEXES, {})
        connection.send(DELETE_INNER_LISTS, {})
        connection.send(RESTART_LISTS, {"last_modified": timestamp})

    @staticmethod
    def _select(
        statement: Select[Any], dialect: str, parent_id: str, resource: str, query: Query
    ) -> Select[Any]:
        statement = statement.where(
            objects.c.parent_id == parent_id,
            objects.c.resource == resource,
            *where(objects, query.filters, dialect),
        )
        if query.shared is not None:
            statement = statement.where(is_shared(query.shared))
        return statement


_DELETE_TOMBSTONE = Statement(
    lambda _: delete(objects).where(_in_list(objects), objects.c.id == bindparam("id"))
)


_stored = StoredObject._make
