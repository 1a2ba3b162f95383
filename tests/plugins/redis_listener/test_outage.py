"""Redis is away and comes back: nothing is lost, and everything is in order."""

from collections.abc import Iterator, Mapping

import pytest

from kinto_core.errors import BackendUnavailable
from kinto_core.server import Server
from kinto_core.testing import make_server
from kinto_core.testing.consuming import deliver_pending
from kinto_core.testing.factories import make_event
from tests.plugins.redis_listener.embedded import Embedded
from tests.plugins.redis_listener.logged import RECORDS, list_uris, stream_entries, stream_uris

MODES: Mapping[str, str] = {
    "includes": "redis_listener",
    "redis_listener.listeners": "s l",
    "redis_listener.l.mode": "list",
}


@pytest.fixture
def server(embedded: Embedded) -> Iterator[Server]:
    """A server with a list and a stream on the embedded server, which is not running."""
    with make_server({**MODES, **embedded.settings}) as found:
        yield found


def write(server: Server, first: int, last: int) -> list[str]:
    """Log the creation of numbered records, each in a transaction; gives their URIs."""
    log = server.event_log
    assert log is not None
    uris = [f"{RECORDS}/{number}" for number in range(first, last + 1)]
    for uri in uris:
        with log.database.writing() as connection:
            log.append(connection, [make_event(uri=uri)], server.clock())
    return uris


def test_what_was_written_while_redis_was_away_arrives_in_order(
    server: Server, embedded: Embedded
) -> None:
    expected = write(server, 1, 30)  # writes work, though nobody ever answered
    for name in ("redis_listener.l", "redis_listener.s"):
        with pytest.raises(BackendUnavailable):
            deliver_pending(server, name=name)
    embedded.start()
    deliver_pending(server)
    expected += write(server, 31, 60)
    deliver_pending(server)
    embedded.kill()
    expected += write(server, 61, 90)
    with pytest.raises(BackendUnavailable):
        deliver_pending(server)
    embedded.start()
    deliver_pending(server)
    assert list_uris(embedded.url) == stream_uris(embedded.url) == expected


def test_a_backlog_of_many_batches_is_drained_in_order(server: Server, embedded: Embedded) -> None:
    log = server.event_log
    assert log is not None
    events = [make_event(uri=f"{RECORDS}/{number}") for number in range(1300)]
    with log.database.writing() as connection:
        log.append(connection, events, server.clock())
    embedded.start()
    assert deliver_pending(server) == 2600
    offsets = [int(entry["offset"]) for entry in stream_entries(embedded.url)]
    assert offsets == list(range(1, 1301))
    assert list_uris(embedded.url) == stream_uris(embedded.url)


def test_a_repeat_has_the_id_of_the_first_delivery(server: Server, embedded: Embedded) -> None:
    # A relay that dies before it moved the cursor delivers the same events again.
    embedded.start()
    write(server, 1, 3)
    (consumer,) = [one for one in server.consumers if one.name == "redis_listener.s"]
    log = server.event_log
    assert log is not None
    with log.database.reading() as connection:
        consumer.deliver(log.read(connection, 0))
    deliver_pending(server)
    ids = [entry["id"] for entry in stream_entries(embedded.url)]
    assert len(ids) == 6
    assert ids[:3] == ids[3:]
