"""Fixtures for tests with a real database and a real Redis-protocol server.

Pytest loads them wherever ``kinto-core`` is installed. Servers start when a test first asks for
one and serve all tests of the run, or of each worker of pytest-xdist. What starts them is in
``services.py``.
"""

import os
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import redis

from kinto_core.testing.server import POSTGRESQL_URL
from kinto_core.testing.services import PostgresqlServer, running_postgresql, running_redis

REDIS_URL = "KINTO_TEST_REDIS_URL"
"""Environment variable: a running server to use; the database it names is emptied by tests.

Each further worker of pytest-xdist takes the database with the next number.
"""


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A running PostgreSQL server: that of ``KINTO_TEST_POSTGRESQL_URL``, or a new one."""
    url = os.environ.get(POSTGRESQL_URL)
    if url:
        yield PostgresqlServer(url=url.replace("postgresql+psycopg://", "postgresql://", 1))
        return
    with running_postgresql() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """The URL of a new, empty database for this test; usable as ``storage_url``."""
    with postgresql_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def redis_server_url() -> Iterator[str]:
    """The URL of a running Redis-protocol server: ``KINTO_TEST_REDIS_URL``, or a new one."""
    url = os.environ.get(REDIS_URL)
    if url:
        yield redis_url_of_worker(url, os.environ.get("PYTEST_XDIST_WORKER", ""))
        return
    with running_redis() as new:
        yield new


@pytest.fixture
def redis_url(redis_server_url: str) -> str:
    """The URL of an empty Redis database for this test."""
    client = redis.Redis.from_url(redis_server_url)
    try:
        client.flushdb()
    finally:
        client.close()
    return redis_server_url


def redis_url_of_worker(url: str, worker: str) -> str:
    """The URL of a database that no other worker empties.

    Args:
        url: of the first worker, or of the only process.
        worker: as pytest-xdist names it: ``gw0``, ``gw1``; empty without it.
    """
    number = int(worker.removeprefix("gw") or 0)
    if not number:
        return url
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    named = query.pop("db", None) or ("" if parts.scheme == "unix" else parts.path.strip("/"))
    database = str(int(named or 0) + number)
    path = f"/{database}"
    if parts.scheme == "unix":
        path, query["db"] = parts.path, database
    more = f"?{urlencode(query)}" if query else ""
    return f"{parts.scheme}://{parts.netloc}{path}{more}"
