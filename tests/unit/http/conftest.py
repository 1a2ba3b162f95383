"""A whole server in memory, seen over HTTP."""

from collections.abc import Callable, Iterator, Mapping

import pytest
import webtest

from kinto_core.testing import make_app

MakeApp = Callable[..., webtest.TestApp]
ALICE = ("Basic", ("alice", "pw"))


@pytest.fixture
def app_with() -> Iterator[MakeApp]:
    """Makes servers with some settings; its caller is alice."""
    made = []

    def make(values: Mapping[str, str] | None = None) -> webtest.TestApp:
        router = make_app(values)
        made.append(router)
        app = webtest.TestApp(router)
        app.authorization = ALICE
        return app

    yield make
    for router in made:
        router.close()


@pytest.fixture
def app(app_with: MakeApp) -> webtest.TestApp:
    """A server with default settings."""
    return app_with()
