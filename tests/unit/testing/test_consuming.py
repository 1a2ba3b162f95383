"""Driving consumers in a test, without a relay."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kinto_core.errors import ConfigurationError
from kinto_core.eventlog.consumer import Consumer
from kinto_core.events.selector import Selector
from kinto_core.server import Server
from kinto_core.testing import make_server, make_settings
from kinto_core.testing.consuming import deliver_pending, sequence_pending
from kinto_core.testing.contracts.eventlog import LogUnderTest, event_of
from tests.unit.eventlog.conftest import Receiver

PLUGIN = '''
from kinto_core import hookimpl

consumers = []


@hookimpl
def register_consumers(server):
    """What the test wants."""
    return consumers
'''


@pytest.fixture
def all_of_them() -> Receiver:
    """Gets everything."""
    return Receiver()


@pytest.fixture
def pages() -> Receiver:
    """Gets events of one collection."""
    return Receiver()


@pytest.fixture(params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest,
    all_of_them: Receiver,
    pages: Receiver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Server]:
    """A server with two consumers."""
    (tmp_path / "consuming_in_a_test.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "consuming_in_a_test", raising=False)
    importlib.import_module("consuming_in_a_test").consumers.extend(
        [
            Consumer(name="all", deliver=all_of_them.deliver, batch_size=2),
            Consumer(
                name="pages", deliver=pages.deliver, selector=Selector(collections=("pages",))
            ),
        ]
    )
    values = {"includes": "consuming_in_a_test"}
    if request.param == "postgresql":
        values["storage_url"] = request.getfixturevalue("postgresql_url")
        with Server(make_settings(values)) as first:
            first.migrate()
    with make_server(values) as made:
        yield made


@pytest.fixture
def one(server: Server) -> LogUnderTest:
    """Short ways to work on its log."""
    assert server.event_log is not None
    return LogUnderTest(server.event_log)


def test_everything_pending_is_delivered(
    server: Server, one: LogUnderTest, all_of_them: Receiver, pages: Receiver
) -> None:
    one.append(*(event_of(name) for name in "abc"))
    one.append(event_of("d", "/buckets/blog/collections/pages"))
    assert deliver_pending(server) == 5
    assert all_of_them.batches == [["a", "b"], ["c", "d"]]
    assert pages.batches == [["d"]]
    assert deliver_pending(server) == 0


def test_one_consumer_can_be_driven_alone(
    server: Server, one: LogUnderTest, all_of_them: Receiver, pages: Receiver
) -> None:
    one.append(event_of("a", "/buckets/blog/collections/pages"))
    assert deliver_pending(server, name="pages") == 1
    assert (all_of_them.names, pages.names) == ([], ["a"])
    with pytest.raises(ConfigurationError, match="no consumer nobody"):
        deliver_pending(server, name="nobody")


def test_what_a_consumer_raises_reaches_the_test(
    server: Server, one: LogUnderTest, all_of_them: Receiver
) -> None:
    one.append(*(event_of(name) for name in "abc"))
    all_of_them.refuses = {"c"}
    with pytest.raises(ValueError, match="no c"):
        deliver_pending(server)
    all_of_them.refuses = set()
    deliver_pending(server)
    assert all_of_them.batches == [["a", "b"], ["c"]]


def test_sequencing_gives_offsets(server: Server, one: LogUnderTest) -> None:
    one.append(*(event_of(name) for name in "abc"))
    assert sequence_pending(server) == (3 if server.storage.database.dialect != "sqlite" else 0)
    assert one.offsets() == [1, 2, 3]


def test_without_a_log_there_is_nothing_to_drive() -> None:
    with make_server() as server:
        assert sequence_pending(server) == 0
        with pytest.raises(ConfigurationError, match="no event log"):
            deliver_pending(server)
