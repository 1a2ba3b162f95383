"""From a URL to a database."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kinto_core.database.engine import DatabaseOptions, ping
from kinto_core.database.opening import Databases
from kinto_core.database.sqlite import SqliteFile, SqliteMemory
from kinto_core.errors import BackendUnavailable, ConfigurationError


@pytest.fixture
def databases() -> Iterator[Databases]:
    """Nothing opened yet."""
    with closing(Databases(DatabaseOptions(busy_timeout_seconds=0.1))) as opened:
        yield opened


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///:memory:"])
def test_memory(databases: Databases, url: str) -> None:
    database = databases.get(url)
    assert isinstance(database, SqliteMemory)
    assert database.embedded
    ping(database)


def test_one_url_is_one_database(databases: Databases) -> None:
    first = databases.get("")
    assert databases.get("sqlite://") is first
    assert databases.all() == (first,)


def test_files_and_their_folders_are_made(databases: Databases, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "kinto.db"
    database = databases.get(f"sqlite:///{path}")
    assert isinstance(database, SqliteFile)
    ping(database)
    assert path.exists()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_opened_when_it_is_used(databases: Databases, scheme: str) -> None:
    database = databases.get(f"{scheme}://nobody@127.0.0.1:1/none")
    assert (database.dialect, database.embedded) == ("postgresql", False)
    with pytest.raises(BackendUnavailable):
        ping(database)


@pytest.mark.parametrize("url", ["mysql://x", "nonsense", "redis://localhost"])
def test_other_urls_are_refused(databases: Databases, url: str) -> None:
    with pytest.raises(ConfigurationError, match="sqlite:///path or postgresql://"):
        databases.get(url)


def test_refusals_keep_secrets(databases: Databases) -> None:
    with pytest.raises(ConfigurationError) as caught:
        databases.get("mysql://user:hunter2@host/db")
    assert "hunter2" not in str(caught.value)


def test_what_is_closed_is_forgotten(databases: Databases) -> None:
    first = databases.get("")
    databases.close()
    assert databases.all() == ()
    assert databases.get("") is not first
