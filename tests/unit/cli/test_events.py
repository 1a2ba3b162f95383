"""``kinto events``: see and steer the event log of a real database."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kinto_core import json
from kinto_core.cli import main
from kinto_core.cli.events import NoSuchPlace
from kinto_core.eventlog.interface import InvalidPosition
from kinto_core.server import Server
from kinto_core.settings import load
from kinto_core.testing.contracts.eventlog import MOMENT, LogUnderTest

PLUGIN = '''
from kinto_core import hookimpl
from kinto_core.eventlog import Consumer


@hookimpl
def register_consumers(server):
    """Two."""
    return [Consumer(name=name, deliver=print, from_start=True) for name in ("first", "second")]
'''
INI = """
[app:main]
kinto.storage_url = sqlite:///%(here)s/kinto.db
kinto.includes = consuming_by_command
"""


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LogUnderTest]:
    """A log with three events and two consumers, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KINTO_INI", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "consuming_by_command", raising=False)
    Path("consuming_by_command.py").write_text(PLUGIN, encoding="utf-8")
    importlib.invalidate_caches()
    Path("kinto.ini").write_text(INI, encoding="utf-8")
    with Server(load(ini=Path("kinto.ini"), allow_weak=True)[0]) as server:
        server.prepare()
        assert server.event_log is not None
        log = LogUnderTest(server.event_log)
        for number, name in enumerate("abc"):
            log.add(name, moment=MOMENT + number * 1000)
        yield log


def run(*arguments: str) -> Result:
    """Call ``kinto events`` with these arguments."""
    return CliRunner().invoke(main, ["events", *arguments])


def everybody_at(one: LogUnderTest, position: int) -> None:
    """Move both consumers from the start."""
    for name in ("first", "second"):
        assert one.move(name, 0, position)


def position(one: LogUnderTest, name: str = "first") -> int:
    """Where a consumer is."""
    cursor = one.cursor(name)
    assert cursor is not None
    return cursor.position


def test_status_is_well_when_nobody_lacks_anything(one: LogUnderTest) -> None:
    everybody_at(one, 3)
    result = run("status")
    assert result.exit_code == 0
    assert f"Events 1 to 3 of epoch {one.extent().epoch}." in result.stdout
    assert "first" in result.stdout
    assert "second" in result.stdout


@pytest.mark.usefixtures("one")
def test_status_is_bad_when_an_event_waits_for_too_long() -> None:
    assert run("status").exit_code == 1


def test_status_is_bad_when_a_consumer_fails(one: LogUnderTest) -> None:
    everybody_at(one, 3)
    one.fail("second", "ValueError: no")
    result = run("status", "--json")
    assert result.exit_code == 1
    found = json.parse(result.stdout.encode())
    assert found["epoch"] == one.extent().epoch
    assert (found["trimmed"], found["last"]) == (0, 3)
    assert found["consumers"][1] == {
        "name": "second",
        "position": 3,
        "lag": 0,
        "waiting_ms": 0,
        "failures": 1,
        "error": "ValueError: no",
    }
    assert "ValueError: no" in run("status").stdout


def test_tail_shows_the_latest_events(one: LogUnderTest) -> None:
    lines = [json.parse(line.encode()) for line in run("tail", "-n", "2").stdout.splitlines()]
    assert [line["offset"] for line in lines] == [2, 3]
    assert [line["event"]["id"] for line in lines] == [e.event.id for e in one.read(1)]
    assert run("tail", "-n", "0").stdout == ""
    assert len(run("tail").stdout.splitlines()) == 3


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("start", 0),
        ("2023-11-14T22:13:21", 1),  # one second after the first event, in UTC
        ("2023-11-14T23:13:22+01:00", 2),
        ("2030-01-01", 3),
        ("EPOCH:0", 0),
        ("EPOCH:3", 3),
    ],
)
def test_replay_begins_where_it_is_told(one: LogUnderTest, place: str, expected: int) -> None:
    everybody_at(one, 2)
    result = run("replay", "first", "--since", place.replace("EPOCH", one.extent().epoch))
    assert result.exit_code == 0
    rest = 3 - expected
    assert result.stdout == f"first goes on after event {expected}: {rest} to deliver.\n"
    assert (position(one), position(one, "second")) == (expected, 2)


def test_replay_forgets_failures(one: LogUnderTest) -> None:
    one.fail("first", "ValueError: no")
    run("replay", "first", "--since", f"{one.extent().epoch}:1")
    cursor = one.cursor("first")
    assert cursor is not None
    assert (cursor.position, cursor.failures, cursor.error) == (1, 0, "")


@pytest.mark.parametrize("place", ["EPOCH:0", "EPOCH:4", "other:2"])
def test_replay_refuses_what_the_log_does_not_hold(one: LogUnderTest, place: str) -> None:
    one.trim(1)
    result = run("replay", "first", "--since", place.replace("EPOCH", one.extent().epoch))
    assert isinstance(result.exception, (NoSuchPlace, SystemExit))
    assert result.exit_code == 1
    assert position(one) == 0


def test_replay_from_the_start_is_from_what_is_left(one: LogUnderTest) -> None:
    one.trim(1)
    assert "after event 1: 2 to deliver" in run("replay", "first", "--since", "start").stdout


def test_replay_refuses_what_is_no_place(one: LogUnderTest) -> None:
    result = run("replay", "first", "--since", "yesterday")
    assert isinstance(result.exception, (InvalidPosition, SystemExit))
    assert position(one) == 0


@pytest.mark.usefixtures("one")
def test_replay_names_the_consumers_that_there_are() -> None:
    result = run("replay", "nobody", "--since", "start")
    assert result.exit_code == 1
    assert "there are: first, second" in result.stderr + str(result.exception)


def test_trim_drops_what_everybody_has(one: LogUnderTest) -> None:
    one.move("first", 0, 3)
    one.move("second", 0, 1)
    assert run("trim", "--keep", "0").stdout == "1 event(s) dropped.\n"
    one.move("second", 1, 3)
    assert run("trim").stdout == "2 event(s) dropped.\n"  # by age
    assert one.offsets() == []


def test_a_new_epoch_is_told(one: LogUnderTest) -> None:
    before = one.extent().epoch
    result = run("new-epoch")
    assert result.stdout == f"The new epoch is {one.extent().epoch}.\n"
    assert one.extent().epoch != before


@pytest.mark.parametrize("command", ["status", "tail", "trim", "new-epoch"])
def test_without_a_consumer_there_is_no_log(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("kinto.ini").write_text("[app:main]\nkinto.includes =\n", encoding="utf-8")
    result = run(command)
    assert result.exit_code == 3
    assert "no enabled plugin needs the event log" in result.stderr


def test_a_forgotten_consumer_holds_nothing_back(one: LogUnderTest) -> None:
    assert run("forget", "second").output == "second is forgotten.\n"
    with one.log.database.reading() as connection:
        assert [cursor.name for cursor in one.log.cursors(connection)] == ["first"]
    refused = run("forget", "second")
    assert refused.exit_code == 1
    assert "there are: first" in refused.output
