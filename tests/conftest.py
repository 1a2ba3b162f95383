"""What holds for all tests: the fixtures that authors of plugins get, and logging left alone.

`make test` shares the tests among several workers. Those that start processes, kill them or take
databases away are all given to one of them, since two of a kind beside each other would need more
patience than the tests have.
"""

import gc
import logging
from collections.abc import Generator, Iterator

import pytest
from cornice.service import clear_services
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["kinto_core.testing.pytest_plugin"]

_LOGGERS = tuple(logging.getLogger(name) for name in ("", "kinto_core", "alembic"))

_WITH_PROCESSES = (
    "tests/system/",
    "tests/plugins/attachment/test_clients.py",
    "tests/plugins/attachment/test_crashes.py",
    "tests/plugins/attachment/test_description.py",
    "tests/plugins/attachment/test_memory.py",
    "tests/plugins/attachment/test_outages.py",
    "tests/plugins/attachment/test_patience.py",
    "tests/plugins/attachment/test_unfinished.py",
    "tests/plugins/redis_listener/test_embedded.py",
    "tests/plugins/redis_listener/test_examples.py",
    "tests/plugins/redis_listener/test_outage.py",
    "tests/plugins/redis_listener/test_server.py",
    "tests/plugins/redis_listener/test_start.py",
    "tests/plugins/webhook/test_crashes.py",
    "tests/plugins/webhook/test_end_to_end.py",
    "tests/plugins/webhook/test_example.py",
)
"""Beginnings of the ids of tests that come one after the other."""


class _Shares(LoadScopeScheduling):
    """One worker gets all tests with processes; files of others go where there is time."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(_WITH_PROCESSES):
            return "processes"
        return nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Say who gets what, when there are workers."""
    return _Shares(config, log)


def pytest_collection_finish() -> None:
    """Spare the garbage collector the thousands of tests, which stay until the end."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, object, object]:
    """Let workers tell of texts that UTF-8 cannot hold, which some tests print."""
    return _as_utf8((yield))


def _as_utf8(value: object) -> object:
    """A copy of JSON whose lone surrogates are written out."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {_as_utf8(name): _as_utf8(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_as_utf8(one) for one in value)
    return value


@pytest.fixture(autouse=True)
def _services_forgotten() -> Iterator[None]:
    """Cornice remembers the services of every application, and so all that was ever made."""
    yield
    clear_services()


@pytest.fixture(autouse=True)
def _levels_as_before() -> Iterator[None]:
    """Commands set the levels of their process, which in tests is that of the next test too."""
    before = [logger.level for logger in _LOGGERS]
    yield
    for logger, level in zip(_LOGGERS, before, strict=True):
        logger.setLevel(level)
