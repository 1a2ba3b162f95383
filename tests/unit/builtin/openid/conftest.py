"""One provider for all tests of a run, which behaves as usual when a test begins."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from webtest import TestApp

from tests.unit.builtin.openid.rig import ProviderProcess, app_for


@pytest.fixture(scope="session")
def provider_process() -> Iterator[ProviderProcess]:
    process = ProviderProcess()
    yield process
    process.stop()


@pytest.fixture
def provider(provider_process: ProviderProcess) -> ProviderProcess:
    """The provider."""
    provider_process.want()
    return provider_process


@pytest.fixture
def app(provider: ProviderProcess) -> Iterator[TestApp]:
    """A server that trusts it."""
    app = app_for(provider.url)
    with closing(app.app):
        yield app


@pytest.fixture(params=["memory", "redis", "sql"])
def cached_app(request: pytest.FixtureRequest, provider: ProviderProcess) -> Iterator[TestApp]:
    """The same with each kind of cache."""
    more = {"cache_backend": request.param}
    if request.param == "redis":
        more["cache_url"] = request.getfixturevalue("redis_url")
    if request.param == "sql":
        folder = request.getfixturevalue("tmp_path")
        more |= {"storage_backend": "sql", "storage_url": f"sqlite:///{folder}/kinto.db"}
    app = app_for(provider.url, more)
    with closing(app.app):
        yield app
