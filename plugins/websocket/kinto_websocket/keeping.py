"""Keeps an eye on all connections: pings, answers to them, tokens. One task for all of them."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from websockets.protocol import State

from kinto_websocket.connection import Client
from kinto_websocket.protocol import CloseCode
from kinto_websocket.settings import WebsocketSettings

SPREAD = 0.2
"""Pings come so much earlier or later, so that they do not all come at once."""

Spawn = Callable[[Coroutine[Any, Any, object]], None]


class Keeper:
    """Looks at every client again and again.

    Args:
        settings: the times.
        clients: those that are connected; others come and go.
    """

    def __init__(self, settings: WebsocketSettings, clients: Iterable[Client]) -> None:
        self._settings = settings
        self._clients = clients
        self._checks_all = False
        self._stopping = asyncio.Event()
        shortest = min(settings.ping_seconds, settings.pong_seconds, settings.recheck_seconds, 4.0)
        self._pause = max(shortest / 4, 0.01)
        self._wake = asyncio.Event()

    def check_soon(self) -> None:
        """Accounts changed: check every token now."""
        self._checks_all = True
        self._wake.set()

    def stop(self) -> None:
        """End soon."""
        self._stopping.set()
        self._wake.set()

    async def run(self, spawn: Spawn) -> None:
        """Look until ``stop``.

        Args:
            spawn: begins to check a token, which may take a while.
        """
        while not self._stopping.is_set():
            checks_all, self._checks_all = self._checks_all, False
            now = asyncio.get_running_loop().time()
            for client in tuple(self._clients):
                if not client.is_closing and client.socket.protocol.state is State.OPEN:
                    self._look(client, now)
                    if checks_all or now - client.checked > self._settings.recheck_seconds:
                        client.checked = now
                        spawn(client.check_token(self._settings.grace_seconds))
            self._wake.clear()
            if not (self._stopping.is_set() or self._checks_all):
                await self._sleep()

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(self._pause):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _look(self, client: Client, now: float) -> None:
        """Ping a client, or close it when it did not answer or has no valid token."""
        settings = self._settings
        if client.expires is not None and now > client.expires:
            client.close(CloseCode.TOKEN_EXPIRED, "the token is no longer valid")
            return
        if client.pinged is not None:
            if client.socket.heard > client.pinged:
                client.pinged = None
            elif now - client.pinged > settings.pong_seconds:
                client.close(CloseCode.NO_PONG, "no answer to a ping")
        elif client.next_ping is None:
            client.next_ping = now + self._until_ping()
        elif now >= client.next_ping:
            client.next_ping = now + self._until_ping()
            client.ping(now)

    def _until_ping(self) -> float:
        factor = random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311  no secret
        return self._settings.ping_seconds * factor
