"""Where the SQL cache lives when the settings give it the storage's database.

The cache writes while a request holds a transaction of the storage, so it must not share the
connections of the storage, nor the single write lock of an SQLite file.
"""

from pathlib import PurePath

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from kinto_core.errors import ConfigurationError


def apart_from_storage(url: str) -> str:
    """The URL of a cache beside a storage: other connections, and for SQLite another file.

    ``sqlite:///data/kinto.db`` becomes ``sqlite:///data/kinto-cache.db``; on PostgreSQL it is the
    same database, whose connections are named ``kinto-cache``.

    Raises:
        ConfigurationError: it is not a database URL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:  # its text holds the URL, and that perhaps a password
        problem = "cache_url: not a database URL, expected sqlite:///path or postgresql://…"
        raise ConfigurationError([problem]) from None
    if parsed.get_backend_name() != "sqlite":
        named = parsed.update_query_dict({"application_name": "kinto-cache"})
        return named.render_as_string(hide_password=False)
    if parsed.database in (None, "", ":memory:"):
        return "sqlite:///:memory:"
    path = PurePath(str(parsed.database))
    beside = path.with_name(f"{path.stem}-cache{path.suffix}")
    return parsed.set(database=str(beside)).render_as_string(hide_password=False)
