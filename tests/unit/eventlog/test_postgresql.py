"""Doorbell and leadership on PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import psycopg
import pytest

from kinto_core.eventlog import postgresql
from kinto_core.eventlog.postgresql import AdvisoryLeadership, Connect, NotifyDoorbell


@pytest.fixture
def connect(postgresql_url: str) -> Connect:
    """Makes connections in autocommit mode."""
    return lambda: psycopg.connect(postgresql_url, autocommit=True)


@pytest.fixture
def doorbell(connect: Connect) -> Iterator[NotifyDoorbell]:
    """A doorbell."""
    with closing(NotifyDoorbell(connect, "rings")) as made:
        yield made


@pytest.fixture
def cut(postgresql_url: str) -> Callable[[], int]:
    """Ends every other connection to the database; gives how many there were."""

    def act() -> int:
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            rows = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchall()
        return len(rows)

    return act


def refuse() -> "psycopg.Connection[tuple[object, ...]]":
    """A database that is away."""
    message = "away"
    raise psycopg.OperationalError(message)


def test_a_ring_is_heard_by_everybody_who_listens(
    doorbell: NotifyDoorbell, connect: Connect
) -> None:
    with ExitStack() as stack:
        other = stack.enter_context(closing(NotifyDoorbell(connect, "rings")))
        stranger = stack.enter_context(closing(NotifyDoorbell(connect, "others")))
        bells = [stack.enter_context(one.bell()) for one in (doorbell, other)]
        deaf = stack.enter_context(stranger.bell())
        for bell in (*bells, deaf):
            assert bell.wait(5)  # what may have rung before it listened
            assert not bell.wait(0)
        doorbell.ring()
        for bell in bells:
            assert bell.wait(30)
        assert not deaf.wait(0)


def test_a_listener_that_is_woken_stops_waiting(doorbell: NotifyDoorbell) -> None:
    with doorbell.bell() as bell:
        bell.wait(5)
        bell.wake()
        assert bell.wait(30)
        assert not bell.wait(0)


def test_a_lost_connection_is_replaced(
    doorbell: NotifyDoorbell, cut: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "RETRY_SECONDS", 0.0)
    with doorbell.bell() as bell:
        bell.wait(5)
        doorbell.ring()
        assert bell.wait(30)
        assert cut() == 2
        assert bell.wait(30)  # the end of the connection
        assert bell.wait(30)  # a new one
        for _ in range(100):  # a ring may be lost with the connection that was to send it
            doorbell.ring()
            if bell.wait(0.2):
                break
        else:
            pytest.fail("no ring is heard any more")


def test_without_a_database_a_bell_is_silent_and_can_be_woken() -> None:
    doorbell = NotifyDoorbell(refuse, "rings")
    with doorbell.bell() as bell:
        assert not bell.wait(0)
        bell.wake()
        assert bell.wait(5)
        assert not bell.wait(0)


def test_ringing_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "RETRY_SECONDS", 0.01)
    with closing(NotifyDoorbell(refuse, "rings")) as doorbell:
        doorbell.ring()
        doorbell.ring()


def test_one_leads_until_it_resigns(connect: Connect) -> None:
    first, second = AdvisoryLeadership(connect), AdvisoryLeadership(connect)
    assert first.try_to_lead()
    assert first.try_to_lead()
    assert not second.try_to_lead()
    first.resign()
    assert wait_to_lead(second)
    second.resign()


def test_who_lost_its_connection_does_not_lead(connect: Connect, cut: Callable[[], int]) -> None:
    first, second = AdvisoryLeadership(connect), AdvisoryLeadership(connect)
    assert first.try_to_lead()
    assert cut() == 1
    assert wait_to_lead(second)
    assert not first.try_to_lead()
    assert not first.try_to_lead()
    second.resign()


def wait_to_lead(one: AdvisoryLeadership) -> bool:
    """The lock goes when the server notices that its connection has ended."""
    return any(one.try_to_lead() for _ in range(1000))


def test_without_a_database_nobody_leads() -> None:
    assert not AdvisoryLeadership(refuse).try_to_lead()
