"""A served bucket with history, on each kind of database."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from kinto_core.testing.services import PostgresqlServer
from tests.contracts.history.rig import Site


@pytest.fixture(scope="session")
def history_postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """One database for all tests of history, since making one takes long."""
    with postgresql_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def make_site(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[Mapping[str, str]], Site]]:
    """Makes sites with settings; each begins empty."""
    url = f"sqlite:///{tmp_path / 'kinto.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("history_postgresql_url")
    made: list[Site] = []

    def make(settings: Mapping[str, str]) -> Site:
        made.append(Site({"includes": "history", "storage_url": url, **settings}))
        return made[-1]

    yield make
    for site in made:
        site.close()


@pytest.fixture
def site(make_site: Callable[[Mapping[str, str]], Site]) -> Site:
    """A site with a bucket ``b`` and a collection ``c`` of mat's."""
    found = make_site({})
    found.mat.put("/buckets/b")
    found.mat.put("/buckets/b/collections/c")
    return found
