"""A server in memory, whose clock stands."""

from collections.abc import Iterator

import pytest

from kinto_core.server import Server
from kinto_core.testing import make_settings
from tests.unit.resources.operating import Actor, B, C, Watch


@pytest.fixture
def watch() -> Watch:
    """The server's clock."""
    return Watch()


@pytest.fixture
def server(watch: Watch) -> Iterator[Server]:
    """An empty server."""
    with Server(make_settings({"experimental_permissions_endpoint": "true"}), clock=watch) as made:
        made.prepare()
        yield made


@pytest.fixture
def alice(server: Server) -> Actor:
    """The owner of a bucket and a collection."""
    actor = Actor(server)
    actor.put(B)
    actor.put(C)
    return actor


@pytest.fixture
def bob(server: Server, alice: Actor) -> Actor:
    """Somebody else."""
    assert alice.server is server
    return Actor(server, "bob")
