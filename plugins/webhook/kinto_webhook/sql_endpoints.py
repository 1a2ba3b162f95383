"""What is stored of endpoints besides their objects: secrets, headers, and how they fare."""

from typing import Final, NamedTuple

from sqlalchemy import and_, bindparam, delete, false, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ClauseElement

from kinto_core.database.connection import Statement
from kinto_core.database.engine import Connection
from kinto_webhook.sql import attempts, deliveries, endpoints

NO_HEADERS: Final = "{}"


class EndpointRow(NamedTuple):
    """What is known of an endpoint. Moments are milliseconds since 1970.

    It holds secrets, which its text form leaves out.
    """

    uri: str
    secret: str = ""
    former_secret: str = ""
    former_until: int = 0
    headers: str = NO_HEADERS
    enabled: bool = True
    reason: str = ""
    announced: bool = True
    fifo: bool = False
    max_lanes: int = 1
    lanes: int = 1
    failures: int = 0
    first_failure: int = 0
    blocks: int = 0
    paused_until: int = 0

    def __repr__(self) -> str:
        """Without secrets and headers."""
        return f"EndpointRow(uri={self.uri!r}, enabled={self.enabled}, failures={self.failures})"


_COLUMNS = tuple(endpoints.c[name] for name in EndpointRow._fields)
_END: Final = "\U0010ffff"
"""Behind every URI."""

_AFTER_SLASH: Final = "0"
"""The character that follows the slash: what begins with ``x/`` is below ``x0``."""


def _write(dialect: str) -> ClauseElement:
    kind = postgresql.insert if dialect == "postgresql" else sqlite.insert
    into = kind(endpoints).values({name: bindparam(name) for name in EndpointRow._fields})
    changed = {name: into.excluded[name] for name in EndpointRow._fields if name != "uri"}
    statement: ClauseElement = into.on_conflict_do_update(index_elements=["uri"], set_=changed)
    return statement


_WRITE = Statement(_write)
_FIND = Statement(lambda _: select(*_COLUMNS).where(endpoints.c.uri == bindparam("wanted")))
_HOLD = Statement(
    lambda _: select(*_COLUMNS).where(endpoints.c.uri == bindparam("wanted")).with_for_update()
)
_ALL = Statement(
    lambda _: (
        select(*_COLUMNS)
        .where(endpoints.c.uri >= bindparam("first"), endpoints.c.uri < bindparam("end"))
        .order_by(endpoints.c.uri)
    )
)
_UNANNOUNCED = Statement(lambda _: select(endpoints.c.uri).where(endpoints.c.announced == false()))
_COUNT = Statement(
    lambda _: select(func.count()).select_from(
        select(endpoints.c.uri)
        .where(endpoints.c.uri >= bindparam("first"), endpoints.c.uri < bindparam("end"))
        .limit(bindparam("limit"))
        .subquery()
    )
)
_FORGET_FORMER = Statement(
    lambda _: (
        update(endpoints)
        .where(endpoints.c.former_secret != "", endpoints.c.former_until <= bindparam("now"))
        .values(former_secret="")
    )
)
_MINE = and_(deliveries.c.endpoint >= bindparam("first"), deliveries.c.endpoint < bindparam("end"))
_HOLD_ALL = Statement(
    lambda _: (
        select(endpoints.c.uri)
        .where(endpoints.c.uri >= bindparam("first"), endpoints.c.uri < bindparam("end"))
        .order_by(endpoints.c.uri)
        .with_for_update()
    )
)
_REMOVE = (
    Statement(
        lambda _: delete(attempts).where(
            attempts.c.delivery.in_(select(deliveries.c.number).where(_MINE))
        )
    ),
    Statement(lambda _: delete(deliveries).where(_MINE)),
    Statement(
        lambda _: delete(endpoints).where(
            endpoints.c.uri >= bindparam("first"), endpoints.c.uri < bindparam("end")
        )
    ),
)


def write(connection: Connection, row: EndpointRow) -> None:
    """Insert or replace what is known of an endpoint."""
    connection.send(_WRITE, row._asdict())


def find(connection: Connection, uri: str) -> EndpointRow | None:
    """What is known of an endpoint."""
    return _one(connection, _FIND, uri)


def hold(connection: Connection, uri: str) -> EndpointRow | None:
    """What is known of an endpoint, which nobody else changes until the transaction ends."""
    return _one(connection, _HOLD, uri)


def hold_all(connection: Connection) -> None:
    """Let nobody else change what is known of any endpoint until the transaction ends."""
    connection.run(_HOLD_ALL, {"first": "", "end": _END})


def below(connection: Connection, first: str, end: str = _END) -> list[EndpointRow]:
    """Everything known of the endpoints from one URI to before another."""
    rows = connection.run(_ALL, {"first": first, "end": end})
    return [_row(row) for row in rows]


def forget_former(connection: Connection, now: int) -> None:
    """Forget the former secrets that are valid no more."""
    connection.send(_FORGET_FORMER, {"now": now})


def count_in(connection: Connection, parent: str, *, limit: int) -> int:
    """How many endpoints have URIs below one that ends with a slash; at most a limit."""
    values = {"first": parent, "end": parent[:-1] + _AFTER_SLASH, "limit": limit}
    return int(connection.run(_COUNT, values)[0][0])


def unannounced(connection: Connection) -> list[str]:
    """The URIs of endpoints that were disabled and do not say so themselves yet."""
    return [str(row[0]) for row in connection.run(_UNANNOUNCED, {})]


def remove(connection: Connection, uri: str) -> None:
    """Forget an endpoint with everything that was or is to be delivered to it."""
    _remove(connection, uri, uri + "\x01")


def remove_in_bucket(connection: Connection, bucket_uri: str) -> None:
    """Forget the endpoints of a bucket."""
    _remove(connection, f"{bucket_uri}/webhooks/", f"{bucket_uri}/webhooks{_AFTER_SLASH}")


def remove_all(connection: Connection) -> None:
    """Forget every endpoint."""
    _remove(connection, "", _END)


def _remove(connection: Connection, first: str, end: str) -> None:
    # As everywhere the endpoint is held before its deliveries, so that nobody waits in a circle.
    connection.run(_HOLD_ALL, {"first": first, "end": end})
    for statement in _REMOVE:
        connection.send(statement, {"first": first, "end": end})


def _one(connection: Connection, statement: Statement, uri: str) -> EndpointRow | None:
    rows = connection.run(statement, {"wanted": uri})
    return _row(rows[0]) if rows else None


def _row(values: tuple[object, ...]) -> EndpointRow:
    """SQLite gives 0 and 1 for flags."""
    row = EndpointRow(*values)  # type: ignore[arg-type]  # the columns are in this order
    return row._replace(
        enabled=bool(row.enabled), announced=bool(row.announced), fifo=bool(row.fifo)
    )
