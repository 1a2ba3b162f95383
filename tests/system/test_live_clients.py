"""Both clients follow a whole `kinto start` through kills of its socket server."""

import itertools
import threading
from typing import Self

import pytest

from tests.system.conftest import StartServer
from tests.system.live_clients import LANGUAGES, events, following
from tests.system.live_services import kill_service
from tests.system.processes import RunningServer, free_port, scaled
from tests.system.wire import RECORDS, Wire, make_blog

COLLECTION = RECORDS.removesuffix("/records")
KILLS = scaled(10, least=2)
WRITES_BETWEEN = 40

pytestmark = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture
def server(start_server: StartServer) -> RunningServer:
    """A server with live streams."""
    settings = {"INCLUDES": "default_bucket websocket", "WEBSOCKET_PORT": str(free_port())}
    return start_server(settings=settings)


class Writer:
    """Writes records, in one thread, until it is told to stop.

    Args:
        port: of the server.

    Attributes:
        written: (id, timestamp) of all changes that were answered.
    """

    def __init__(self, port: int) -> None:
        self.written: list[tuple[str, int]] = []
        self._wire = Wire(port)
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._stopping.set()
        self._thread.join()
        self._wire.close()

    def wait_for(self, more: int) -> None:
        """Wait for so many more writes."""
        with self._changed:
            goal = len(self.written) + more
            assert self._changed.wait_for(lambda: len(self.written) >= goal, timeout=60)

    def _work(self) -> None:
        """Create, change and delete; batches of three, too."""
        for step in itertools.count():
            if self._stopping.is_set():
                return
            name = f"r{step}"
            self._write("PUT", name)
            if step % 3 == 0:
                self._write("PUT", name)
            if step % 5 == 0:
                self._write("DELETE", name)
            if step % 7 == 0:
                self._batch([f"{name}-b{number}" for number in range(3)])

    def _write(self, method: str, name: str) -> None:
        body = {"data": {"name": name}} if method == "PUT" else None
        answer = self._wire(method, f"{RECORDS}/{name}", body)
        self._keep([answer.body["data"]])

    def _batch(self, names: list[str]) -> None:
        requests = [
            {"method": "PUT", "path": f"{RECORDS}/{name}", "body": {"data": {"name": name}}}
            for name in names
        ]
        answer = self._wire("POST", "/batch", {"requests": requests})
        self._keep([one["body"]["data"] for one in answer.body["responses"]])

    def _keep(self, objects: list[dict[str, object]]) -> None:
        with self._changed:
            self.written += [(str(one["id"]), int(str(one["last_modified"]))) for one in objects]
            self._changed.notify_all()


def test_a_client_gets_each_event_once_through_kills_of_the_socket_server(
    language: str, server: RunningServer
) -> None:
    wire = Wire(server.port)
    make_blog(wire)
    with following(language, server.url, COLLECTION, snapshot=True) as client:
        client.wait_for(lambda items: len(items) == 1)
        with Writer(server.port) as writer:
            for _ in range(KILLS):
                writer.wait_for(WRITES_BETWEEN)
                kill_service(server, "websocket")
            writer.wait_for(WRITES_BETWEEN)
        count = len(writer.written)
        items = client.wait_for(lambda items: len(events(items)) >= count)
    assert [item["type"] for item in items] == ["snapshot"] + ["event"] * count
    got = [(item["uri"].rpartition("/")[2], item["timestamp"]) for item in events(items)]
    assert got == writer.written


def test_a_client_goes_on_from_a_position_of_an_earlier_run(
    language: str, server: RunningServer
) -> None:
    wire = Wire(server.port)
    make_blog(wire)
    with following(language, server.url, COLLECTION, snapshot=True) as client:
        client.wait_for(lambda items: len(items) == 1)
        assert wire("PUT", f"{RECORDS}/first").status == 201
        position = client.wait_for(lambda items: len(items) == 2)[-1]["position"]
    assert wire("PUT", f"{RECORDS}/second").status == 201
    assert wire("DELETE", f"{RECORDS}/first").status == 200
    with following(language, server.url, COLLECTION, since=position) as client:
        items = client.wait_for(lambda items: len(items) >= 3)
    told = [(item["action"], item["new"]["id"]) for item in items]
    assert told == [("create", "first"), ("create", "second"), ("delete", "first")]


def test_a_client_goes_on_from_the_timestamp_of_its_last_synchronisation(
    language: str, server: RunningServer
) -> None:
    wire = Wire(server.port)
    make_blog(wire)
    assert wire("PUT", f"{RECORDS}/old").status == 201
    etag = wire("GET", RECORDS).headers["etag"].strip('"')
    assert wire("PUT", f"{RECORDS}/new").status == 201
    with following(language, server.url, COLLECTION, since=etag) as client:
        client.wait_for(lambda items: len(items) == 1)
        assert wire("PUT", f"{RECORDS}/newer").status == 201
        items = client.wait_for(lambda items: len(items) >= 2)
    assert [item["new"]["id"] for item in items] == ["new", "newer"]


def test_a_flush_makes_a_client_read_anew(language: str, start_server: StartServer) -> None:
    settings = {"INCLUDES": "flush websocket", "WEBSOCKET_PORT": str(free_port())}
    server = start_server(settings=settings)
    wire = Wire(server.port)
    make_blog(wire)
    everyone = {"permissions": {"read": ["system.Everyone"]}}
    with following(language, server.url, "/buckets/blog", snapshot=True) as client:
        client.wait_for(lambda items: len(items) == 1)
        kill_service(server, "websocket")
        assert wire("POST", "/__flush__").status == 202
        make_blog(wire)
        assert wire("PATCH", "/buckets/blog", everyone).status == 200
        items = client.wait_for(lambda items: items[-1].get("reason") == "epoch")
    assert items[-1] == {**items[-1], "type": "snapshot", "objects": None}


def test_a_client_whose_permission_is_taken_away_is_told(
    language: str, server: RunningServer
) -> None:
    wire = Wire(server.port)
    make_blog(wire)
    everyone = {"permissions": {"read": ["system.Everyone"]}}
    assert wire("PATCH", COLLECTION, everyone).status == 200
    with following(language, server.url, COLLECTION, user=None, snapshot=True) as client:
        client.wait_for(lambda items: len(items) == 1)
        assert wire("PATCH", COLLECTION, {"permissions": {"read": []}}).status == 200
        items = client.wait_for(lambda items: items[-1]["type"] == "ended")
        assert client.end() == 0
    assert items[-1]["reason"] == "permission"
