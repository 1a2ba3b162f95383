"""A server with live sockets for tests: writes as any user, clients that collect what they get.

Nothing waits for time to pass: ``Live.settle`` returns once everything written was sent, and
``Client.drain`` once everything sent was read.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from kinto_core.authentication.principals import EVERYONE
from kinto_core.resources.access import Caller
from kinto_core.resources.bodies import ObjectBody
from kinto_core.resources.calls import Call
from kinto_core.resources.deleting import delete
from kinto_core.resources.writing import replace
from kinto_core.server import Server
from kinto_core.testing.consuming import sequence_pending
from kinto_core.testing.server import make_server, make_settings
from kinto_websocket.server import Host
from kinto_websocket.targets import address_of

T = TypeVar("T")

BUCKET = "/buckets/b"
COLLECTION = "/buckets/b/collections/c"
OWNER = "owner"
SECRET = "a secret of enough letters"
LIMIT_SECONDS = 60


def token(user: str) -> str:
    """The token of a made-up user."""
    return "Basic " + base64.b64encode(f"{user}:secret".encode()).decode()


def record(name: str) -> str:
    """The URI of a record in the collection."""
    return f"{COLLECTION}/records/{name}"


def ring(server: Server) -> None:
    """Say that the log has new events, as a relay does."""
    if server.doorbell is not None:
        server.doorbell.ring()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a test's coroutine, for a minute at most."""

    async def limited() -> T:
        async with asyncio.timeout(LIMIT_SECONDS):
            return await work

    return asyncio.run(limited())


class World:
    """What is stored, and who writes to it.

    Args:
        server: with the plugin.
    """

    def __init__(self, server: Server) -> None:
        self.server = server

    def user(self, name: str) -> str:
        """The principal of a made-up user."""
        if name in ("system.Everyone", "system.Authenticated") or name.startswith("/"):
            return name
        identity = self.server.policies[0].authenticate(token(name))
        if identity is None:
            raise LookupError(name)
        return identity.user_id

    def put(
        self,
        uri: str,
        data: Mapping[str, Any] | None = None,
        *,
        user: str = OWNER,
        grants: Mapping[str, Sequence[str]] | None = None,
    ) -> int:
        """Write an object, and its permissions when they are given; gives its timestamp."""
        address = address_of(self.server.types, uri)
        permissions = None
        if grants is not None:
            permissions = {name: [self.user(one) for one in who] for name, who in grants.items()}
        fields = dict(data or {})
        if "members" in fields:
            fields["members"] = [self.user(one) for one in fields["members"]]
        body = ObjectBody(fields, permissions)
        call = Call(read=lambda: body, caller=Caller(self.user(user)), uri=uri)
        rules = self.server.rules
        answer = self.server.transact(lambda tx: replace(tx, rules, address, call))
        return answer.object.last_modified

    def remove(self, uri: str, *, user: str = OWNER) -> int:
        """Delete an object; gives the timestamp of its tombstone."""
        address = address_of(self.server.types, uri)
        call: Call[int | None] = Call(read=lambda: None, caller=Caller(self.user(user)), uri=uri)
        rules = self.server.rules
        answer = self.server.transact(lambda tx: delete(tx, rules, address, call))
        return answer.object.last_modified


class Client:
    """One connection.

    Attributes:
        events: ``(sub, event)`` of every event, in order.
        others: every other frame, in order.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[tuple[int, dict[str, Any]]] = []
        self.others: list[dict[str, Any]] = []

    async def read(self) -> dict[str, Any]:
        """The next frame."""
        frame: dict[str, Any] = json.loads(await self.socket.recv())
        if "event" in frame:
            self.events.append((frame["sub"], frame["event"]))
        else:
            self.others.append(frame)
        return frame

    async def ask(self, number: int, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request; gives the answer."""
        await self.socket.send(json.dumps({"id": number, name: body}))
        while True:
            frame = await self.read()
            if frame.get("id") == number:
                return frame

    async def connect(self, user: str | None = OWNER) -> dict[str, Any]:
        """Say who it is."""
        return await self.ask(0, "connect", {} if user is None else {"token": token(user)})

    async def subscribe(self, uri: str = COLLECTION, number: int = 1, **more: Any) -> Any:  # noqa: ANN401  JSON
        """Subscribe; gives the answer."""
        return await self.ask(number, "subscribe", {"uri": uri, **more})

    async def drain(self) -> list[dict[str, Any]]:
        """Read everything that was sent until now; gives the events since the last time."""
        before = len(self.events)
        await self.ask(999_999, "ping", {})
        return [event for _, event in self.events[before:]]

    async def closed(self) -> tuple[int | None, str | None]:
        """Wait until the server closes; gives code and reason."""
        try:
            while True:
                await self.read()
        except ConnectionClosed:
            return self.socket.close_code, self.socket.close_reason


class Live:
    """A running socket server and its world.

    Attributes:
        keeps_clients: the test closes them itself, after the server.
    """

    def __init__(self, world: World, host: Host) -> None:
        self.world = world
        self.host = host
        self.keeps_clients = False
        self._stack = AsyncExitStack()

    async def client(self, user: str | None = OWNER, **options: Any) -> Client:  # noqa: ANN401  those of connect
        """A connected client."""
        client = await self.stranger(**options)
        await client.connect(user)
        return client

    async def stranger(self, **options: Any) -> Client:  # noqa: ANN401  those of connect
        """A client that has not said who it is."""
        options.setdefault("proxy", None)
        return Client(
            await self._stack.enter_async_context(
                connect(self.host.url, ping_interval=None, close_timeout=1, **options)
            )
        )

    async def settle(self) -> None:
        """Wait until everything that is committed was sent."""
        server = self.world.server

        def last() -> int:
            sequence_pending(server)
            ring(server)
            return self.host.fanout.access.last_offset()

        await self.host.fanout.reach(await asyncio.to_thread(last))

    async def do(self, *steps: Any) -> None:  # noqa: ANN401  functions without arguments
        """Run some writes in a thread, then settle."""
        for step in steps:
            await asyncio.to_thread(step)
        await self.settle()

    async def close(self) -> None:
        """Close the clients."""
        await self._stack.aclose()


@contextmanager
def new_world(url: str, **values: str) -> Iterator[World]:
    """A server on a new database with a bucket and a collection of the owner's."""
    settings = {f"websocket.{name}": value for name, value in values.items()}
    everything = {
        "includes": "websocket",
        "storage_url": url,
        "userid_hmac_secret": SECRET,
        **settings,
    }
    with Server(make_settings(everything)) as first:
        first.migrate()
    with make_server(everything) as server:
        world = World(server)
        world.put(BUCKET)
        world.put(COLLECTION)
        sequence_pending(server)
        yield world


@asynccontextmanager
async def live(world: World) -> AsyncIterator[Live]:
    """The world's socket server on a free port."""
    async with Host(world.server, "127.0.0.1", 0) as host:
        one = Live(world, host)
        try:
            yield one
        finally:
            if not one.keeps_clients:
                await one.close()


READERS = {"read": [EVERYONE]}
