"""One client: who it is, what it asks, and what is sent to it."""

import asyncio
import secrets
from functools import partial
from typing import TYPE_CHECKING

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import Event, State

from kinto_core.errors import BackendError
from kinto_core.eventlog.interface import Position
from kinto_core.resources.access import ANONYMOUS, Caller
from kinto_websocket import protocol
from kinto_websocket.authenticating import caller_with
from kinto_websocket.events import text_frame
from kinto_websocket.joining import Joined
from kinto_websocket.outbox import Outbox
from kinto_websocket.pacing import Pace
from kinto_websocket.protocol import BadFrame, CloseCode, Refusal, Request, Resync
from kinto_websocket.subscriptions import Subscription

if TYPE_CHECKING:
    from kinto_websocket.server import Host

MAX_REASON = 123
"""Bytes that a close frame has for its reason. Source: RFC 6455 section 5.5."""


_PING = b"\x89\x00"
"""An empty ping. Source: RFC 6455 section 5.5.2."""


class LiveConnection(ServerConnection):
    """A connection that knows when it was last heard of."""

    heard = 0.0

    def process_event(self, event: Event) -> None:
        """Note the time of each frame, pongs included."""
        self.heard = asyncio.get_running_loop().time()
        super().process_event(event)


class Client:
    """What the server knows of one connection. See ``Sink`` for how events get here.

    Args:
        socket: the connection.
        host: what all connections share.

    Attributes:
        caller: who it is, once that is known.
        token: what proved it; ``None`` when anonymous.
        expires: the time at which it is closed unless it refreshes its token, if it has to.
        is_closing: whether the server has begun to close it.
        pinged: when a ping was sent that was not answered yet.
        next_ping: when the next one is due.
        checked: when the token was last found valid.
    """

    __slots__ = (
        "_complete",
        "_host",
        "_outbox",
        "_pace",
        "_position",
        "_subscriptions",
        "caller",
        "checked",
        "expires",
        "is_closing",
        "next_ping",
        "pinged",
        "socket",
        "token",
    )

    def __init__(self, socket: LiveConnection, host: "Host") -> None:
        self.socket = socket
        self.caller: Caller | None = None
        self.token: str | None = None
        self.expires: float | None = None
        self.is_closing = False
        self.pinged: float | None = None
        self.next_ping: float | None = None
        self.checked = 0.0
        settings = host.settings
        self._host = host
        self._outbox = Outbox(
            socket.transport, settings.max_queued_bytes, settings.max_queued_events
        )
        self._pace = Pace(settings.max_subscribes_per_second)
        self._position = 0
        self._complete = 0
        self._subscriptions: dict[int, Subscription | None] = {}

    async def run(self) -> None:
        """Serve the client until either side closes."""
        try:
            if await self._connect():
                while await self._receive(await self.socket.recv(decode=False)):
                    pass
        except ConnectionClosed:
            pass
        finally:
            self.unsubscribe_all()

    # -- sending ----------------------------------------------------------------------------------

    def send(self, payload: bytes) -> None:
        """See ``Sink.send``."""
        if self.socket.protocol.state is State.OPEN and not self.is_closing:
            self._outbox.write(text_frame(payload))

    def send_event(self, frame: bytes, offset: int) -> None:
        """See ``Sink.send_event``."""
        if self.is_closing or self.socket.protocol.state is not State.OPEN:
            return
        if self._outbox.write_event(frame):
            if offset != self._position:
                self._complete, self._position = self._position, offset
        else:  # an event of which a part is missing was not sent
            last = self._complete if offset == self._position else self._position
            self.close(CloseCode.SLOW, f"last position {Position(self._host.fanout.epoch, last)}")

    def ping(self, now: float) -> None:
        """Ask for a sign of life; every frame is one."""
        self.pinged = now
        self.socket.transport.write(_PING)

    def forget(self, number: int) -> None:
        """See ``Sink.forget``."""
        self._subscriptions.pop(number, None)

    def close(self, code: CloseCode, reason: str) -> None:
        """Begin to close; nothing is sent any more."""
        if not self.is_closing:
            self.is_closing = True
            self.unsubscribe_all()
            short = reason.encode()[:MAX_REASON].decode(errors="ignore")
            self._host.spawn(self.socket.close(code, short))

    def unsubscribe_all(self, reason: str | None = None) -> None:
        """End every subscription; with a reason, say so."""
        for subscription in list(self._subscriptions.values()):
            if subscription is not None:
                self._host.joining.leave(subscription)
                if reason is not None:
                    self.send(protocol.unsubscribed(subscription.number, reason))
        self._subscriptions.clear()

    # -- receiving --------------------------------------------------------------------------------

    async def _connect(self) -> bool:
        """Find out who it is; whether it may stay."""
        try:
            async with asyncio.timeout(self._host.settings.connect_timeout_seconds):
                first = protocol.parse(self._checked(await self.socket.recv(decode=False)))
        except TimeoutError:
            self.close(CloseCode.CONNECT_TIMEOUT, "no connect frame came in time")
            return False
        except (BadFrame, Refusal) as error:
            self._close_bad(error)
            return False
        if not isinstance(first, protocol.Connect):
            self.close(CloseCode.BAD_FRAME, "the first frame has to be connect")
            return False
        request = self.socket.request
        header = request.headers.get("Authorization") if request is not None else None
        token = first.token if first.token is not None else header
        caller = await self._authenticate(token)
        if caller is None:
            self.close(CloseCode.UNAUTHENTICATED, "nobody knows this token")
            return False
        self.caller, self.token = caller, token
        refused = self._host.admit(self)
        if refused is not None:
            self.close(refused, "too many connections of this user")
            return False
        self.send(protocol.reply(first.id, "connect", self._host.welcome(secrets.token_hex(8))))
        return True

    async def _receive(self, message: str | bytes) -> bool:
        """Do what a frame asks; whether to go on."""
        try:
            request = protocol.parse(self._checked(message))
        except BadFrame as error:
            self._close_bad(error)
            return False
        except Refusal as error:
            self.send(protocol.error(protocol.id_of(message), error))
            return True
        try:
            await self._serve(request)
        except Refusal as error:
            self.send(protocol.error(request.id, error))
        except BackendError:
            self.send(protocol.error(request.id, Refusal(503, "the database is away, try later")))
        return not self.is_closing

    async def _serve(self, request: Request) -> None:
        if isinstance(request, protocol.Subscribe):
            await self._subscribe(request)
        elif isinstance(request, protocol.Unsubscribe):
            subscription = self._subscriptions.pop(request.sub, None)
            if subscription is None:
                raise Refusal(404, f"there is no subscription {request.sub}")
            self._host.joining.leave(subscription)
            self.send(protocol.reply(request.id, "unsubscribe", {"sub": request.sub}))
        elif isinstance(request, protocol.Refresh):
            await self._refresh(request)
        elif isinstance(request, protocol.Ping):
            self.send(protocol.reply(request.id, "pong", {}))
        else:
            self.close(CloseCode.BAD_FRAME, "connected already")

    async def _subscribe(self, request: protocol.Subscribe) -> None:
        if self.caller is None or self.expires is not None:
            raise Refusal(401, "the token is no longer valid: refresh it first")
        if request.id in self._subscriptions:
            raise Refusal(409, f"subscription {request.id} exists already")
        if len(self._subscriptions) >= self._host.settings.max_subscriptions:
            raise Refusal(429, f"at most {self._host.settings.max_subscriptions} subscriptions")
        wait = self._pace.take(asyncio.get_running_loop().time())
        if wait > 0:
            raise Refusal(429, f"too many subscribe requests, wait {wait:.1f} s")
        joined = await self._host.joining.join(self.caller, request, self)
        if isinstance(joined, Resync):
            self.send(protocol.resync(request.id, joined))
            return
        if self.is_closing or self.expires is not None:
            self._host.joining.leave(joined.subscription)
            return
        self._subscriptions[request.id] = joined.subscription
        self._answer(request.id, joined)

    def _answer(self, number: int, joined: Joined) -> None:
        """Send the answer, before anything else can be sent."""
        self._position = max(self._position, joined.position.offset)
        self.send(
            b'{"id":%d,"subscribe":{"epoch":"%b","offset":%d,"recovered":%b,"events":[%b]}}'
            % (
                number,
                joined.position.epoch.encode(),
                joined.position.offset,
                b"true" if joined.is_recovered else b"false",
                b",".join(joined.events),
            )
        )

    async def _refresh(self, request: protocol.Refresh) -> None:
        caller = await self._authenticate(request.token)
        if caller is None:
            raise Refusal(401, "nobody knows this token")
        if self.caller is None or caller.user_id != self.caller.user_id:
            raise Refusal(403, "this is the token of somebody else: connect anew")
        if caller != self.caller:  # other principals: what may be seen is other than before
            self.unsubscribe_all("permission")
        self.caller, self.token, self.expires = caller, request.token, None
        self.send(protocol.reply(request.id, "refresh", {}))

    async def check_token(self, grace_seconds: float) -> None:
        """Make sure that the token is still valid; if not, send nothing any more."""
        if self.token is None or self.expires is not None:
            return
        caller = await self._authenticate(self.token)
        if caller != self.caller and self.expires is None:
            self.expires = asyncio.get_running_loop().time() + grace_seconds
            self.unsubscribe_all("token")
            self.send(protocol.expiring(grace_seconds))

    async def _authenticate(self, token: str | None) -> Caller | None:
        if token is None:
            return ANONYMOUS
        host = self._host
        return await host.fanout.ask(partial(caller_with, host.fanout.access.server, token))

    def _checked(self, message: str | bytes) -> str | bytes:
        """The message, unless it is too large.

        Raises:
            BadFrame: it is; the connection is being closed.
        """
        if len(message) > self._host.settings.max_frame_bytes:
            self.close(CloseCode.TOO_LARGE, "the frame is too large")
            error = "too large"
            raise BadFrame(error)
        return message

    def _close_bad(self, error: Exception) -> None:
        self.close(CloseCode.BAD_FRAME, str(error))
