"""The socket server: accepts connections, follows the log, keeps connections alive, ends well."""

import asyncio
import logging
import random
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import uvloop
from websockets.asyncio.server import Server as SocketServer
from websockets.asyncio.server import ServerConnection, serve
from websockets.protocol import State
from websockets.typing import Origin

from kinto_core.errors import ConfigurationError
from kinto_core.eventlog.interface import EventLog, Extent, LoggedEvent
from kinto_core.server import Server
from kinto_websocket.access import Access
from kinto_websocket.connection import Client, LiveConnection
from kinto_websocket.fanout import Ask, Fanout
from kinto_websocket.history import Window, recent
from kinto_websocket.joining import Joining
from kinto_websocket.keeping import Keeper
from kinto_websocket.protocol import CloseCode
from kinto_websocket.settings import WebsocketSettings
from kinto_websocket.tail import Tail

Tell = Callable[[str], None]

logger = logging.getLogger(__name__)

CLOSE_SECONDS = 3.0
"""How long a client may take to answer a close frame."""

BACKLOG = 4096
"""So many connections may wait to be accepted, when a crowd comes back."""

COME_BACK_MS = 10_000
"""Clients of a server that stops come back within so many milliseconds, each at another moment."""


class Host:
    """Everything that the connections of one process share.

    Use as an asynchronous context manager: it listens inside of the block.

    Args:
        server: of the objects; with this plugin enabled.
        host: address to listen on, instead of the settings'.
        port: instead of the settings'; 0 for any that is free.

    Raises:
        ConfigurationError: the server writes no event log.
    """

    def __init__(self, server: Server, host: str | None = None, port: int | None = None) -> None:
        self.settings = server.settings.plugin(WebsocketSettings)
        self.clients: set[Client] = set()
        self._everybody: set[Client] = set()
        self._server = server
        self._address = (
            self.settings.host if host is None else host,
            self.settings.port if port is None else port,
        )
        self._by_user: dict[str | None, int] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._log = _log_of(server)

    async def __aenter__(self) -> Self:
        """Follow the log and listen."""
        self._loop = asyncio.get_running_loop()
        self._pool = ThreadPoolExecutor(self.settings.threads, "kinto-websocket")
        window = Window(self.settings.window_events, self.settings.window_bytes)
        begin = await self._loop.run_in_executor(self._pool, self._begin, window)
        access = Access(self._server, self.settings.max_shared_objects)
        self.fanout = Fanout(access, window, Ask(self._pool), begin)
        self.joining = Joining(self.fanout, self.settings.max_recovered_events)
        self._keeper = Keeper(self.settings, self.clients)
        self.fanout.on_accounts = self._keeper.check_soon
        self._tail = self._follow(begin)
        self._tail.start()
        self._sockets = await self._listen()
        self.spawn(self._keeper.run(self.spawn))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell every client to come back, and stop."""
        self._sockets.close(close_connections=False)
        for client in tuple(self._everybody):
            pause = random.randrange(COME_BACK_MS)  # noqa: S311  no secret
            client.close(CloseCode.SHUTDOWN, f"come back in {pause} ms")
        self._tail.stop()
        await asyncio.to_thread(self._tail.join)
        self._keeper.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_SECONDS + 1)
        await self._sockets.wait_closed()
        self._pool.shutdown(wait=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://{self._address[0]}:{self.port}/v1/"

    @property
    def port(self) -> int:
        """The port that it listens on."""
        port: int = next(iter(self._sockets.sockets)).getsockname()[1]
        return port

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        """Do something in the background; what fails is logged."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def admit(self, client: Client) -> CloseCode | None:
        """Count a client that is known by now; why it may not stay, if so."""
        user = client.caller.user_id if client.caller is not None else None
        settings = self.settings
        most = (
            settings.max_anonymous_connections
            if user is None
            else settings.max_connections_per_user
        )
        if most == 0:
            return CloseCode.FORBIDDEN
        if self._by_user.get(user, 0) >= most:
            return CloseCode.TOO_MANY
        self._by_user[user] = self._by_user.get(user, 0) + 1
        client.checked = self._loop.time()
        self.clients.add(client)
        return None

    def welcome(self, session: str) -> Mapping[str, Any]:
        """What a client is told about this server."""
        settings = self.settings
        return {
            "session": session,
            "ping": settings.ping_seconds,
            "limits": {
                "frame_bytes": settings.max_frame_bytes,
                "subscriptions": settings.max_subscriptions,
                "subscribes_per_second": settings.max_subscribes_per_second,
                "connections": settings.max_connections_per_user,
                "queued_bytes": settings.max_queued_bytes,
                "queued_events": settings.max_queued_events,
                "recovered_events": settings.max_recovered_events,
            },
        }

    # -- inside -----------------------------------------------------------------------------------

    async def _listen(self) -> SocketServer:
        return await serve(
            self._serve,
            *self._address,
            create_connection=LiveConnection,
            backlog=BACKLOG,
            origins=_origins(self.settings.origins),
            compression=None,
            max_size=self.settings.max_frame_bytes * 16,  # up to there it is told with our code
            ping_interval=None,
            close_timeout=CLOSE_SECONDS,
            server_header=None,
        )

    async def _serve(self, socket: ServerConnection) -> None:
        if not isinstance(socket, LiveConnection):
            message = "connections are made by LiveConnection"
            raise TypeError(message)
        client = Client(socket, self)
        self._everybody.add(client)
        try:
            await client.run()
        except Exception:  # one client's trouble must not be another's
            logger.exception("A connection failed")
            client.close(CloseCode.SERVER_ERROR, "the server failed: come back later")
        finally:
            self._everybody.discard(client)
            self._discharge(client)
        if client.is_closing and socket.protocol.state is not State.CLOSED:
            await socket.wait_closed()

    def _discharge(self, client: Client) -> None:
        if client not in self.clients:
            return
        self.clients.discard(client)
        user = client.caller.user_id if client.caller is not None else None
        left = self._by_user[user] - 1
        if left:
            self._by_user[user] = left
        else:
            del self._by_user[user]

    def _begin(self, window: Window) -> Extent:
        """Where the log ends; the window gets what is before; blocks."""
        with self._log.database.reading() as connection:
            self._log.waiting(connection)  # from now on it is known where to look
            extent = self._log.extent(connection)
        recent(self._log, extent, window)
        return extent

    def _follow(self, begin: Extent) -> Tail:
        """The thread that reads the log; it waits for each batch to be sent."""
        doorbell = self._server.doorbell
        if doorbell is None:
            raise ConfigurationError(["the websocket plugin needs the event log"])

        def events(batch: Sequence[LoggedEvent]) -> None:
            asyncio.run_coroutine_threadsafe(self._take(batch), self._loop).result()

        def broken(extent: Extent) -> None:
            asyncio.run_coroutine_threadsafe(self._restart(extent), self._loop).result()

        return Tail(self._log, doorbell, begin, events, broken)

    async def _take(self, batch: Sequence[LoggedEvent]) -> None:
        try:
            await self.fanout.take(batch)
        except Exception:  # what cannot be sent to everybody must not be missed by anybody
            logger.exception("Events cannot be sent, all clients have to begin anew")
            await self._restart(Extent(self.fanout.epoch, 0, batch[-1].offset))

    async def _restart(self, extent: Extent) -> None:
        """What clients know of the log means nothing any more."""
        for client in tuple(self.clients):
            client.close(CloseCode.STATE_INVALIDATED, "the history was broken: read anew")
        await self.fanout.restart(extent)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("Background work failed", exc_info=task.exception())


def _log_of(server: Server) -> EventLog:
    log = server.event_log
    if log is None:
        problem = "no event log is written: add websocket to includes"
        raise ConfigurationError([problem])
    return log


def _origins(names: Sequence[str]) -> list[Origin | None] | None:
    """As ``serve`` wants them; who sends no origin is no browser and accepted."""
    return None if "*" in names else [*(Origin(name) for name in names), None]


def run(server: Server, host: str | None, port: int | None, tell: Tell) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        server: with this plugin enabled.
        host: see ``Host``.
        port: see ``Host``.
        tell: is told the URL once it listens.
    """
    uvloop.run(_until_told(server, host, port, tell))


async def _until_told(server: Server, host: str | None, port: int | None, tell: Tell) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stopping.set)
    async with Host(server, host, port) as listening:
        tell(listening.url)
        await stopping.wait()
