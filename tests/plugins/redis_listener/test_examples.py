"""The worked consumers of the manual, on a real server."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import redis

from kinto_redis_listener.publisher import Publisher
from kinto_redis_listener.settings import Mode, Target
from tests.plugins.redis_listener.logged import RECORDS, connected, logged_records, stream_entries

FOLDER = Path(__file__).parents[3] / "docs" / "examples" / "redis_consumers"
SCRIPTS = ("list_consumer", "stream_consumer")
SCRIPT_AND_MODE = tuple(zip(SCRIPTS, Mode, strict=True))


def load(name: str) -> ModuleType:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def script(name: str, *words: str) -> subprocess.Popen[str]:
    """A running script whose output can be read."""
    return subprocess.Popen(
        [sys.executable, str(FOLDER / f"{name}.py"), *words],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def publish(url: str, mode: Mode, count: int, *, first: int = 1) -> None:
    """Push so many events."""
    key = "kinto.core.events" if mode is Mode.LIST else "kinto:events"
    publisher = Publisher(Target(name="a", url=url, mode=mode, key=key))
    publisher.deliver(logged_records(count, first=first))
    publisher.close()


def lines(first: int, last: int) -> list[str]:
    """What the scripts write about these events."""
    return [f"create {RECORDS}/{number}" for number in range(first, last + 1)]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_explains_itself(name: str) -> None:
    output, _ = script(name, "--help").communicate(timeout=60)
    assert "--url" in output


@pytest.mark.parametrize(("name", "mode"), SCRIPT_AND_MODE)
def test_a_script_handles_everything_in_order(name: str, mode: Mode, redis_url: str) -> None:
    publish(redis_url, mode, 20)
    output, _ = script(name, "--url", redis_url, "--wait", "1").communicate(timeout=60)
    assert output.splitlines() == lines(1, 20)


@pytest.mark.parametrize(("name", "mode"), SCRIPT_AND_MODE)
def test_a_script_waits_for_what_is_to_come(name: str, mode: Mode, redis_url: str) -> None:
    process = script(name, "--url", redis_url)
    try:
        assert process.stdout is not None
        for number in (1, 2):
            publish(redis_url, mode, 1, first=number)
            assert process.stdout.readline() == f"{lines(number, number)[0]}\n"
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)


class Stop(BaseException):
    """Ends a worker in the middle of its work, as a kill does."""


def test_a_message_of_a_list_survives_its_worker(redis_url: str) -> None:
    module = load("list_consumer")
    publish(redis_url, Mode.LIST, 5)
    seen: list[str] = []

    def handle(payload: dict[str, Any]) -> None:
        seen.append(payload["record_id"])
        if len(seen) == 3:
            raise Stop

    with connected(redis_url) as client:
        with pytest.raises(Stop):
            module.run(client, "kinto.core.events", "w", handle, 1)
        assert module.run(client, "kinto.core.events", "w", handle, 1) == 3
        assert seen == ["1", "2", "3", "3", "4", "5"]
        assert client.keys() == []


def worker(
    client: redis.Redis,
    handle: Callable[[dict[str, Any]], None],
    *,
    name: str = "w",
    claim_after_ms: int = 60_000,
) -> Any:  # noqa: ANN401  a class of a script
    """A worker that has joined its group."""
    found = load("stream_consumer").Worker(
        client=client,
        stream="kinto:events",
        group="g",
        name=name,
        handle=handle,
        claim_after_ms=claim_after_ms,
    )
    found.join()
    return found


def test_an_entry_is_handled_by_another_worker_when_its_own_is_gone(redis_url: str) -> None:
    publish(redis_url, Mode.STREAM, 3)
    seen: list[str] = []

    def vanish(_event: dict[str, Any]) -> None:
        raise Stop

    def handle(event: dict[str, Any]) -> None:
        seen.append(event["payload"]["record_id"])

    with connected(redis_url) as client:
        with pytest.raises(Stop):
            worker(client, vanish, name="first").step(1)
        patient = worker(client, handle, name="second", claim_after_ms=3_600_000)
        assert patient.step(1) == 0
        assert worker(client, handle, name="second", claim_after_ms=0).step(1) == 3
    assert seen == ["1", "2", "3"]


def test_a_repeat_is_dropped_by_the_id_of_its_event(redis_url: str) -> None:
    publisher = Publisher(Target(name="a", url=redis_url, mode=Mode.STREAM, key="kinto:events"))
    for _ in range(2):
        publisher.deliver(events := logged_records(2))
        publisher.deliver(events)
    publisher.close()
    seen: list[str] = []
    with connected(redis_url) as client:
        assert worker(client, lambda event: seen.append(event["id"])).step(1) == 8
    assert len(seen) == len(set(seen)) == 4


def test_an_entry_that_ten_claims_did_not_help_is_put_aside(redis_url: str) -> None:
    publish(redis_url, Mode.STREAM, 2)
    tries: list[str] = []

    def handle(event: dict[str, Any]) -> None:
        if event["payload"]["record_id"] == "1":
            tries.append(event["id"])
            message = "never"
            raise ValueError(message)

    with connected(redis_url) as client:
        one = worker(client, handle, claim_after_ms=0)
        for _ in range(15):
            one.step(1)
        assert len(tries) == 1 + 10
        (dead,) = stream_entries(redis_url, "kinto:events:dead")
        assert json.loads(dead["event"])["payload"]["record_id"] == "1"
        assert dead["group"] == "g"
        assert one.step(1) == 0
