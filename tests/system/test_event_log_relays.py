"""Relays as processes: taking over, failing consumers, replay, new consumers, lost doorbells."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from tests.system.conftest import StartServer
from tests.system.events_plugin import assert_in_order, kept, uris, write_plugin
from tests.system.events_processes import (
    RunningService,
    consumer_of,
    events_status,
    relay_service,
    services,
    wait_until,
)
from tests.system.processes import SECRETS, kinto
from tests.system.wire import RECORDS, Wire, make_blog

LEADS = "This relay leads"
STANDS_BY = "this one stands by"


def put(wire: Wire, *names: str) -> set[str]:
    """Write records one after the other; gives their URIs."""
    for name in names:
        assert wire("PUT", f"{RECORDS}/{name}", {"data": {"name": name}}).status in {200, 201}
    return {f"{RECORDS}/{name}" for name in names}


def wait_for_delivery(folder: Path, wanted: set[str], name: str = "ledger") -> None:
    """Wait until a consumer has written these objects down."""
    seen = uris(folder, name)
    wait_until(lambda: wanted <= seen(), f"{name} gets {wanted}")


@pytest.fixture
def settings(database: Mapping[str, str], tmp_path: Path) -> Mapping[str, str]:
    """Settings with one consumer, who is known to the log."""
    made = {**database, **write_plugin(tmp_path), "WORKERS": "1"}
    assert kinto(tmp_path, "migrate", settings=made).returncode == 0
    return made


@pytest.fixture
def wire(settings: Mapping[str, str], start_server: StartServer) -> Wire:
    """A client of a server with a collection."""
    made = Wire(start_server("serve", settings).port)
    make_blog(made)
    return made


@pytest.fixture
def relay(settings: Mapping[str, str], tmp_path: Path) -> Iterator[RunningService]:
    """A relay to be started."""
    made = relay_service(tmp_path, settings)
    yield made
    made.kill()


def test_a_relay_that_stands_by_takes_over_from_one_that_is_killed(
    wire: Wire, settings: Mapping[str, str], tmp_path: Path
) -> None:
    first = relay_service(tmp_path, settings, "first")
    second = relay_service(tmp_path, settings, "second")
    with services(first):
        first.wait_for(LEADS)
        with services(second):
            second.wait_for(STANDS_BY)
            wait_for_delivery(tmp_path, put(wire, "one"))
            assert LEADS not in second.log()
            first.kill()
            wait_for_delivery(tmp_path, put(wire, "two"))  # targets 1: within five seconds
            assert LEADS in second.log()
            first.start()
            wait_until(lambda: STANDS_BY in first.log(), "the first one stands by")
            assert second.stop() == 0
            wait_for_delivery(tmp_path, put(wire, "three"))
    assert_in_order(kept(tmp_path))


def test_a_relay_ends_when_told_to_and_repeats_nothing_then(
    wire: Wire, relay: RunningService, tmp_path: Path
) -> None:
    relay.start()
    relay.wait_for(LEADS)
    wait_for_delivery(tmp_path, put(wire, "one"))
    assert relay.stop() == 0
    late = put(wire, "two")
    relay.start()
    wait_for_delivery(tmp_path, late)
    lines = kept(tmp_path)
    assert len(lines) == len(set(lines)) == 4
    assert "Traceback" not in relay.log()


def test_a_failing_consumer_is_shown_holds_nobody_up_and_goes_on_after_a_replay(
    database: Mapping[str, str], start_server: StartServer, tmp_path: Path
) -> None:
    settings = {**database, **write_plugin(tmp_path, "ledger picky"), "WORKERS": "1"}
    settings["EVENT_LOG_ALARM_SECONDS"] = "1"
    wire = Wire(start_server("serve", settings).port)
    make_blog(wire)
    with services(relay_service(tmp_path, settings)):
        good = put(wire, "good")
        wait_for_delivery(tmp_path, good, "picky")
        assert events_status(tmp_path, settings)[0] == 0
        behind = put(wire, "poisonous", "behind")
        wait_for_delivery(tmp_path, behind)  # the other consumer is not held up
        wait_until(lambda: events_status(tmp_path, settings)[0] == 1, "the failure shows")
        status = events_status(tmp_path, settings)[1]
        picky = consumer_of(status, "picky")
        assert picky["failures"] >= 1
        assert f"ValueError: cannot digest {RECORDS}/poisonous" in picky["error"]
        assert picky["lag"] == 2
        assert consumer_of(status, "ledger")["lag"] == 0
        shown = kinto(tmp_path, "events", "status", settings=settings)
        assert shown.returncode == 1
        assert "picky" in shown.stdout
        assert "cannot digest" in shown.stdout
        wait_until(lambda: wire("GET", "/__heartbeat__").status == 503, "the heartbeat fails")
        assert wire("GET", "/__heartbeat__").body["events"] is False
        past = f"{status['epoch']}:{status['last'] - 1}"
        done = kinto(tmp_path, "events", "replay", "picky", "--since", past, settings=settings)
        assert done.returncode == 0, done.stderr
        assert "1 to deliver" in done.stdout
        wait_for_delivery(tmp_path, {f"{RECORDS}/behind"}, "picky")
        wait_until(lambda: events_status(tmp_path, settings)[0] == 0, "everything is well")
        assert wire("GET", "/__heartbeat__").status == 200
        assert f"{RECORDS}/poisonous" not in uris(tmp_path, "picky")()


def test_a_replay_delivers_again(
    wire: Wire, relay: RunningService, settings: Mapping[str, str], tmp_path: Path
) -> None:
    relay.start()
    wait_for_delivery(tmp_path, put(wire, "one", "two"))
    before = kept(tmp_path)
    done = kinto(tmp_path, "events", "replay", "ledger", "--since", "start", settings=settings)
    assert done.returncode == 0, done.stderr
    wait_until(lambda: len(kept(tmp_path)) == 2 * len(before), "everything comes again")
    again = kept(tmp_path)[len(before) :]
    assert again == before


def test_a_new_consumer_begins_at_the_end(
    wire: Wire, settings: Mapping[str, str], tmp_path: Path
) -> None:
    old = put(wire, "old")
    with services(relay_service(tmp_path, settings)):
        wait_for_delivery(tmp_path, old)
    write_plugin(tmp_path, "ledger late")
    with services(relay_service(tmp_path, settings)):
        wait_until(
            lambda: len(events_status(tmp_path, settings)[1]["consumers"]) == 2, "it is known"
        )
        new = put(wire, "new")
        wait_for_delivery(tmp_path, new, "late")
        wait_for_delivery(tmp_path, new)
    assert uris(tmp_path, "late")() == new


def test_only_what_everybody_has_is_dropped(
    database: Mapping[str, str], start_server: StartServer, tmp_path: Path
) -> None:
    settings = {**database, **write_plugin(tmp_path, "ledger picky"), "WORKERS": "1"}
    wire = Wire(start_server("serve", settings).port)
    make_blog(wire)
    with services(relay_service(tmp_path, settings)):
        wait_for_delivery(tmp_path, put(wire, "a", "b", "poison", "c", "d"))
        wait_until(
            lambda: consumer_of(events_status(tmp_path, settings)[1], "picky")["position"] == 4,
            "everything before the poison is noted as delivered",
        )
        done = kinto(tmp_path, "events", "trim", "--keep", "0", settings=settings)
        assert done.stdout == "4 event(s) dropped.\n", done.stderr
        status = events_status(tmp_path, settings)[1]
        assert (status["trimmed"], status["last"]) == (4, 7)
        kinto(
            *(tmp_path, "events", "replay", "picky", "--since", f"{status['epoch']}:5"),
            settings=settings,
        )
        wait_for_delivery(tmp_path, {f"{RECORDS}/c", f"{RECORDS}/d"}, "picky")
    assert_in_order(kept(tmp_path))


def test_without_a_relay_waiting_events_are_an_alarm(
    database: Mapping[str, str], start_server: StartServer, tmp_path: Path
) -> None:
    settings = {**database, **write_plugin(tmp_path), "EVENT_LOG_ALARM_SECONDS": "1"}
    wire = Wire(start_server("serve", settings).port)
    make_blog(wire)
    wait_until(lambda: wire("GET", "/__heartbeat__").status == 503, "the heartbeat fails")
    code, status = events_status(tmp_path, settings)
    assert code == 1
    assert consumer_of(status, "ledger")["lag"] == 2
    with services(relay_service(tmp_path, settings)):
        wait_until(lambda: wire("GET", "/__heartbeat__").status == 200, "the heartbeat is well")
    assert events_status(tmp_path, settings)[0] == 0


def test_events_arrive_although_the_doorbell_is_lost(
    wire: Wire, relay: RunningService, settings: Mapping[str, str], tmp_path: Path
) -> None:
    relay.start()
    wait_for_delivery(tmp_path, put(wire, "one"))
    if settings["STORAGE_URL"].startswith("sqlite"):
        shutil.rmtree(tmp_path / "kinto.db-bells")
    else:
        cut_all_listeners(settings["STORAGE_URL"])
    wait_for_delivery(tmp_path, put(wire, "two"))
    wait_for_delivery(tmp_path, put(wire, "three"))
    assert_in_order(kept(tmp_path))


def cut_all_listeners(url: str) -> None:
    """End every other connection to a PostgreSQL database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN %'"
        )


def test_a_server_in_memory_delivers_by_itself(start_server: StartServer, tmp_path: Path) -> None:
    ini = tmp_path / "kinto.ini"
    ini.write_text("[app:main]\nkinto.includes = keeping\n", encoding="utf-8")
    server = start_server("start", {**SECRETS, **write_plugin(tmp_path)})
    wire = Wire(server.port)
    make_blog(wire)
    wait_for_delivery(tmp_path, put(wire, "a", "b"))
    assert wire("GET", "/__heartbeat__").body["events"] is True
    assert "Traceback" not in server.log()
    assert "relay |" not in server.log()
    done = kinto(tmp_path, "relay", settings={**SECRETS, **write_plugin(tmp_path)})
    assert done.returncode != 0
    assert "by itself" in done.stderr
    assert server.stop() == 0
