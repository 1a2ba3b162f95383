"""The permission backend on SQLite and PostgreSQL, in one set of statements."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.sql.elements import ColumnElement

from kinto_core.database.connection import Statement
from kinto_core.database.engine import Connection, Database
from kinto_core.database.ranges import below, bounds
from kinto_core.database.tables import grants, members
from kinto_core.objects import Grants, ObjectKey

AUTHENTICATED = "system.Authenticated"


def _of_object() -> ColumnElement[bool]:
    return (
        (grants.c.parent_id == bindparam("parent_id"))
        & (grants.c.resource == bindparam("resource"))
        & (grants.c.object_id == bindparam("id"))
    )


GRANTS = Statement(
    lambda _: select(grants.c.permission, grants.c.principal).where(_of_object()), is_quick=True
)
ADD = Statement(
    lambda _: insert(grants).values(
        {
            name: bindparam(name)
            for name in ("parent_id", "resource", "object_id", "permission", "principal")
        }
    )
)
DELETE = Statement(lambda _: delete(grants).where(_of_object()))
DELETE_BELOW = Statement(lambda _: delete(grants).where(below(grants.c.parent_id)))
DELETE_MEMBERS_BELOW = Statement(lambda _: delete(members).where(below(members.c.principal)))
GROUPS = Statement(
    lambda _: select(members.c.principal).where(
        members.c.user_id.in_([bindparam("user_id"), bindparam("everyone")])
    ),
    is_quick=True,
)
ADD_MEMBER = Statement(
    lambda _: insert(members).values(user_id=bindparam("user_id"), principal=bindparam("principal"))
)
DELETE_GROUP = Statement(
    lambda _: delete(members).where(members.c.principal == bindparam("principal"))
)
FORGET_GRANTS = Statement(
    lambda _: delete(grants).where(grants.c.principal == bindparam("principal"))
)
FORGET_MEMBER = Statement(
    lambda _: delete(members).where(members.c.user_id == bindparam("principal"))
)
FLUSH = (Statement(lambda _: delete(grants)), Statement(lambda _: delete(members)))


class SqlPermission:
    """Keeps grants and groups in a SQL database; see ``Permission`` for each method.

    Args:
        database: where.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def grants(self, connection: Connection, key: ObjectKey) -> Grants:
        """See ``Permission.grants``."""
        found: Grants = {}
        for permission, principal in connection.run(GRANTS, key._asdict()):
            found.setdefault(permission, set()).add(principal)
        return found

    def set_grants(
        self,
        connection: Connection,
        key: ObjectKey,
        grants: Mapping[str, Iterable[str]],
        *,
        fresh: bool = False,
    ) -> None:
        """See ``Permission.set_grants``."""
        if not fresh:
            connection.send(DELETE, key._asdict())
        rows = [
            {
                "parent_id": key.parent_id,
                "resource": key.resource,
                "object_id": key.id,
                "permission": permission,
                "principal": principal,
            }
            for permission, principals in grants.items()
            for principal in sorted(set(principals))
        ]
        if len(rows) == 1:
            connection.send(ADD, rows[0])
        elif rows:
            connection.run_many(ADD, rows)

    def delete_grants(self, connection: Connection, keys: Sequence[ObjectKey]) -> None:
        """See ``Permission.delete_grants``."""
        connection.run_many(DELETE, [key._asdict() for key in keys])

    def delete_below(self, connection: Connection, uri: str) -> None:
        """See ``Permission.delete_below``."""
        connection.send(DELETE_BELOW, bounds(uri))
        connection.send(DELETE_MEMBERS_BELOW, bounds(uri))

    def groups(self, connection: Connection, user_id: str | None) -> frozenset[str]:
        """See ``Permission.groups``."""
        if user_id is None:
            return frozenset()
        rows = connection.run(GROUPS, {"user_id": user_id, "everyone": AUTHENTICATED})
        return frozenset(row[0] for row in rows)

    def set_members(self, connection: Connection, group: str, user_ids: Iterable[str]) -> None:
        """See ``Permission.set_members``."""
        connection.send(DELETE_GROUP, {"principal": group})
        rows = [{"user_id": user_id, "principal": group} for user_id in sorted(set(user_ids))]
        if rows:
            connection.run_many(ADD_MEMBER, rows)

    def granted_to(
        self, connection: Connection, principals: Iterable[str]
    ) -> list[tuple[ObjectKey, set[str]]]:
        """See ``Permission.granted_to``."""
        statement = select(
            grants.c.parent_id, grants.c.resource, grants.c.object_id, grants.c.permission
        ).where(grants.c.principal.in_(sorted(principals)))
        return _by_object(connection.execute(statement))

    def owned_only_by(self, connection: Connection, principal: str) -> list[ObjectKey]:
        """See ``Permission.owned_only_by``."""
        other = grants.alias("other")
        statement = select(grants.c.parent_id, grants.c.resource, grants.c.object_id).where(
            grants.c.principal == principal,
            grants.c.permission == "write",
            ~select(other.c.principal)
            .where(
                other.c.parent_id == grants.c.parent_id,
                other.c.resource == grants.c.resource,
                other.c.object_id == grants.c.object_id,
                other.c.permission == "write",
                other.c.principal != principal,
            )
            .exists(),
        )
        return [ObjectKey(*row) for row in connection.execute(statement)]

    def forget_principal(self, connection: Connection, principal: str) -> None:
        """See ``Permission.forget_principal``."""
        connection.send(FORGET_GRANTS, {"principal": principal})
        connection.send(FORGET_MEMBER, {"principal": principal})

    def flush(self, connection: Connection) -> None:
        """See ``Permission.flush``."""
        for statement in FLUSH:
            connection.send(statement, {})


def _by_object(rows: Iterable[tuple[Any, ...]]) -> list[tuple[ObjectKey, set[str]]]:
    found: dict[ObjectKey, set[str]] = {}
    for parent_id, resource, object_id, permission in rows:
        found.setdefault(ObjectKey(parent_id, resource, object_id), set()).add(permission)
    return list(found.items())
