"""A cache in a SQL database, for several processes that share no Redis.

It has a database object of its own: what it writes is kept even when the request that asked for it
is undone, and a request that holds a transaction can still use it.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, case, cast, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ClauseElement, ColumnElement

from kinto_core import json
from kinto_core.cache.interface import lifetime_milliseconds, not_a_count
from kinto_core.database.connection import Statement
from kinto_core.database.engine import Database
from kinto_core.database.tables import cache
from kinto_core.errors import WriteConflict

_SWEEP_SECONDS = 60.0
_TRIES = 8


def _has_key() -> ColumnElement[bool]:
    return cache.c.key == bindparam("key")


def _is_live() -> ColumnElement[bool]:
    return cache.c.expires_at > bindparam("now")


def _insert(dialect: str) -> postgresql.Insert | sqlite.Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(cache).values(
        key=bindparam("key"), value=bindparam("value"), expires_at=bindparam("expires_at")
    )


def _set(dialect: str) -> ClauseElement:
    statement = _insert(dialect)
    return statement.on_conflict_do_update(
        index_elements=["key"],
        set_={"value": statement.excluded.value, "expires_at": statement.excluded.expires_at},
    )


def _add(dialect: str) -> ClauseElement:
    statement = _insert(dialect)
    return statement.on_conflict_do_update(
        index_elements=["key"],
        set_={"value": statement.excluded.value, "expires_at": statement.excluded.expires_at},
        where=~_is_live(),
    ).returning(cache.c.key)


def _increment(dialect: str) -> ClauseElement:
    statement = _insert(dialect)
    counted = cast(cast(cache.c.value, BigInteger) + 1, Text)
    is_integer = func.ltrim(cache.c.value, "-0123456789") == ""
    return statement.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "value": case((_is_live(), counted), else_=statement.excluded.value),
            "expires_at": case(
                (_is_live(), cache.c.expires_at), else_=statement.excluded.expires_at
            ),
        },
        where=~_is_live() | is_integer,
    ).returning(cache.c.value)


GET = Statement(lambda _: select(cache.c.value).where(_has_key(), _is_live()))
TTL = Statement(lambda _: select(cache.c.expires_at).where(_has_key(), _is_live()))
SET = Statement(_set)
ADD = Statement(_add)
INCREMENT = Statement(_increment)
DELETE = Statement(
    lambda _: delete(cache).where(_has_key()).returning(cache.c.value, cache.c.expires_at)
)
EXPIRE = Statement(
    lambda _: (
        update(cache)
        .where(_has_key(), _is_live())
        .values(expires_at=bindparam("expires"))
        .returning(cache.c.key)
    )
)
FLUSH = Statement(
    lambda _: delete(cache).where(
        func.substr(cache.c.key, 1, bindparam("length")) == bindparam("prefix")
    )
)
SWEEP = Statement(lambda _: delete(cache).where(~_is_live()))
PING = Statement(lambda _: select(cache.c.key).limit(1))


class SqlCache:
    """Keeps values in the table ``cache``; see ``Cache`` for each method.

    Entries that ended are deleted now and then, by whoever writes.

    Args:
        database: used by nothing else; its tables are migrated like those of others.
        prefix: put before every key.
        clock: seconds since 1970; those who share the database should agree on it.
    """

    def __init__(
        self, database: Database, *, prefix: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._prefix = prefix
        self._clock = clock
        self._sweep_lock = threading.Lock()
        self._next_sweep = clock() + _SWEEP_SECONDS

    def get(self, key: str) -> Any | None:  # noqa: ANN401  any JSON value
        """See ``Cache.get``."""
        rows = self._read(GET, {"key": self._prefix + key, "now": self._clock()})
        return json.parse(rows[0][0]) if rows else None

    def set(self, key: str, value: Any, ttl_seconds: float) -> None:  # noqa: ANN401  any JSON value
        """See ``Cache.set``."""
        now = self._clock()
        entry = self._entry(key, json.dumps(value), now, ttl_seconds)
        self._write(SET, entry)
        self._sweep(now)

    def add(self, key: str, value: Any, ttl_seconds: float) -> bool:  # noqa: ANN401  any JSON value
        """See ``Cache.add``."""
        now = self._clock()
        entry = self._entry(key, json.dumps(value), now, ttl_seconds)
        rows = self._write(ADD, {**entry, "now": now})
        self._sweep(now)
        return bool(rows)

    def delete(self, key: str) -> Any | None:  # noqa: ANN401  any JSON value
        """See ``Cache.delete``."""
        now = self._clock()
        rows = self._write(DELETE, {"key": self._prefix + key})
        if not rows or rows[0][1] <= now:
            return None
        return json.parse(rows[0][0])

    def expire(self, key: str, ttl_seconds: float) -> bool:
        """See ``Cache.expire``."""
        now = self._clock()
        end = now + lifetime_milliseconds(ttl_seconds) / 1000
        return bool(self._write(EXPIRE, {"key": self._prefix + key, "now": now, "expires": end}))

    def ttl(self, key: str) -> float | None:
        """See ``Cache.ttl``."""
        now = self._clock()
        rows = self._read(TTL, {"key": self._prefix + key, "now": now})
        return float(rows[0][0]) - now if rows else None

    def increment(self, key: str, ttl_seconds: float) -> int:
        """See ``Cache.increment``."""
        now = self._clock()
        rows = self._write(INCREMENT, {**self._entry(key, "1", now, ttl_seconds), "now": now})
        if not rows:
            raise not_a_count(key)
        self._sweep(now)
        return int(rows[0][0])

    def flush(self) -> None:
        """See ``Cache.flush``."""
        self._write(FLUSH, {"length": len(self._prefix), "prefix": self._prefix})

    def ping(self) -> None:
        """See ``Cache.ping``."""
        self._read(PING, {})

    def close(self) -> None:
        """See ``Cache.close``: whoever opened the database closes it."""

    def _entry(self, key: str, text: str, now: float, ttl_seconds: float) -> dict[str, Any]:
        end = now + lifetime_milliseconds(ttl_seconds) / 1000
        return {"key": self._prefix + key, "value": text, "expires_at": end}

    def _read(self, statement: Statement, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        with self._database.reading() as connection:
            return connection.run(statement, parameters)

    def _write(self, statement: Statement, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Run one statement in a transaction, and again when it met another's."""
        for _ in range(_TRIES - 1):
            try:
                with self._database.writing() as connection:
                    return connection.run(statement, parameters)
            except WriteConflict:
                continue
        with self._database.writing() as connection:
            return connection.run(statement, parameters)

    def _sweep(self, now: float) -> None:
        """Delete what ended, at most once a minute in each process."""
        if now < self._next_sweep or not self._sweep_lock.acquire(blocking=False):
            return
        try:
            self._next_sweep = now + _SWEEP_SECONDS
            self._write(SWEEP, {"now": now})
        finally:
            self._sweep_lock.release()
