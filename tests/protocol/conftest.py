"""The same server on each storage, empty for each test, seen over HTTP alone."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

import pytest
import webtest
from pyramid.router import Router

from kinto_core.database.engine import DatabaseOptions
from kinto_core.database.migrating import migrate
from kinto_core.database.opening import Databases
from kinto_core.testing import make_app
from kinto_core.testing.services import PostgresqlServer
from tests.protocol.client import SECRET, B, C, Client

Settings = Mapping[str, str]
MakeClient = Callable[..., Client]


class Applications:
    """Servers by storage and settings, each made once; starting them is what takes time."""

    def __init__(self) -> None:
        self._made: dict[tuple[tuple[str, str], ...], Router] = {}

    def get(self, values: Settings) -> Router:
        """An empty server with these settings."""
        key = tuple(sorted(values.items()))
        if key not in self._made:
            self._made[key] = make_app(values)
        app = self._made[key]
        app.registry.site.server.flush()
        return app

    def close(self) -> None:
        """Close them all."""
        for app in self._made.values():
            app.close()


@pytest.fixture(scope="session")
def applications() -> Iterator[Applications]:
    """The servers of this run."""
    with closing(Applications()) as made:
        yield made


@pytest.fixture(scope="session")
def shared_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """One database with its tables for all tests, since making one takes long."""
    with postgresql_server.database() as url, closing(Databases(DatabaseOptions())) as databases:
        migrate(databases.get(url))
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest) -> Settings:
    """The settings of each storage."""
    if request.param == "sqlite":
        return {}
    return {"storage_url": request.getfixturevalue("shared_url")}


@pytest.fixture
def make_client(applications: Applications, storage: Settings) -> MakeClient:
    """Gives alice on an empty server with some settings."""

    def make(values: Settings | None = None, *, lint: bool = True) -> Client:
        app = applications.get({"userid_hmac_secret": SECRET, **storage, **(values or {})})
        return Client(webtest.TestApp(app, lint=lint))

    return make


@pytest.fixture
def alice(make_client: MakeClient) -> Client:
    """Alice on an empty server."""
    return make_client()


@pytest.fixture
def blog(alice: Client) -> Client:
    """Alice with a bucket and a collection of hers."""
    return with_blog(alice)


def with_blog(client: Client) -> Client:
    """Create a bucket and a collection."""
    for path in (B, C):
        assert client.put(path).status == 201
    return client
