"""From a URL to a database; databases of one URL are one object."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from kinto_core.database.engine import Database, DatabaseOptions
from kinto_core.database.sqlite import SqliteFile, SqliteMemory
from kinto_core.errors import ConfigurationError


class Databases:
    """Opens each database once, so that backends with the same URL share a transaction.

    Args:
        options: for all of them.
    """

    def __init__(self, options: DatabaseOptions) -> None:
        self._options = options
        self._open: dict[str, Database] = {}

    def get(self, url: str) -> Database:
        """The database of a URL; ``""`` and ``sqlite://`` stand for the program's memory.

        Raises:
            ConfigurationError: the URL is not one of SQLite or PostgreSQL.
        """
        url = url or "sqlite://"
        if url not in self._open:
            self._open[url] = self._connect(url)
        return self._open[url]

    def all(self) -> tuple[Database, ...]:
        """Every database opened so far."""
        return tuple(self._open.values())

    def close(self) -> None:
        """Close every database."""
        for database in self._open.values():
            database.close()
        self._open.clear()

    def _connect(self, url: str) -> Database:
        parsed = _parse(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite":
            if parsed.database in (None, "", ":memory:"):
                return SqliteMemory()
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
            return SqliteFile(parsed, self._options)
        if backend == "postgresql":
            # Late, so that servers on SQLite need no memory for psycopg.
            from kinto_core.database.postgresql import Postgresql

            return Postgresql(parsed.set(drivername="postgresql+psycopg"), self._options)
        problem = f"storage_url: {backend!r} is not supported, use sqlite:///path or postgresql://…"
        raise ConfigurationError([problem])


def _parse(url: str) -> URL:
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    try:
        return make_url(url)
    except ArgumentError as error:
        problem = "storage_url: not a database URL, expected sqlite:///path or postgresql://…"
        raise ConfigurationError([problem]) from error
