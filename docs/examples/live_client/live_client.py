"""Follows a collection live: as a module, and as a command that prints a JSON text for each change.

Made to be copied, together with ``live_values.py``. It needs Python 3.11 and the package
``websockets``. It connects, subscribes, comes back by itself after a break, goes on where it was,
drops what it has seen already, and reads everything anew when the server cannot tell what was
missed::

    async for item in follow("http://localhost:8888/v1", "/buckets/blog/collections/articles"):
        print(item)

The frames are described in ``docs/reference/live-protocol.md``.
"""

import argparse
import asyncio
import base64
import json
import logging
import os
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from live_values import Ended, Event, Held, Item, Progress, Refused, Snapshot, pause_seconds

PROTOCOL = 1
STAY_AWAY = range(4400, 4500)
"""Close codes after which the same attempt would fail again; after all others come back."""

TIMEOUT_SECONDS = 15.0
LARGEST_FRAME_BYTES = 64 * 1024 * 1024
TOKEN_VARIABLE = "LIVE_TOKEN"  # noqa: S105  the name of a variable, not a token

logger = logging.getLogger("live_client")


class Follower:
    """Follows one URI over as many connections as it takes.

    Args:
        server: the address of the API, such as ``http://localhost:8888/v1``.
        uri: of a bucket, a collection or another object; ``/buckets/default/…`` is understood.
        token: what an ``Authorization`` header would hold, or a function that gives it anew each
            time it is needed; ``None`` for an anonymous client.
        since: a position or a ``last_modified`` to go on from.
        snapshot: begin with everything there is.
        filters: as in a subscribe frame.
    """

    def __init__(  # noqa: PLR0913  each is said by its name
        self,
        server: str,
        uri: str,
        *,
        token: str | Callable[[], str] | None = None,
        since: str | None = None,
        snapshot: bool = False,
        filters: Mapping[str, Any] | None = None,
    ) -> None:
        self._server = server.rstrip("/")
        self._uri = uri
        self._token: Callable[[], str | None] = token if callable(token) else (lambda: token)
        self._since = since
        self._reading = "start" if snapshot else None
        self._filters = filters
        self._endpoint = ""
        self._failures = 0
        self._held = Held({})
        self._progress = Progress()

    async def items(self) -> AsyncGenerator[Item]:
        """What happens, for ever, or until an ``Ended``.

        Raises:
            Refused: the server does not want this.
        """
        while True:
            problem = "it ended"
            try:
                async with aclosing(self._one_connection()) as items:
                    async for item in items:
                        yield item
                        if isinstance(item, Ended):
                            return
            except ConnectionClosed as error:
                close = error.rcvd
                if close is not None and close.code in STAY_AWAY:
                    raise Refused(close.code, close.reason) from error
                problem = str(error)
            except InvalidStatus as error:
                _raise_if_final(error.response.status_code, error)
                problem = str(error)
            except urllib.error.HTTPError as error:
                _raise_if_final(error.code, error)
                problem = str(error)
            except (OSError, TimeoutError, InvalidHandshake) as error:
                problem = str(error) or type(error).__name__
            pause = pause_seconds(self._failures)
            self._failures += 1
            logger.info("connection lost (%s), next attempt in %.1f s", problem, pause)
            await asyncio.sleep(pause)

    async def _one_connection(self) -> AsyncGenerator[Item]:
        """What one connection brings; ends with an ``Ended`` only."""
        await self._find_endpoint()
        async with connect(
            self._endpoint,
            compression=None,
            max_size=LARGEST_FRAME_BYTES,
            open_timeout=TIMEOUT_SECONDS,
        ) as socket:
            await _ask(socket, 1, {"connect": {"token": self._token(), "proto": PROTOCOL}})
            for item in await self._subscribe(socket):
                yield item
            self._failures = 0
            while True:
                frame = json.loads(await socket.recv())
                if "event" in frame:
                    for item in self._news([frame["event"]]):
                        yield item
                elif "unsubscribed" in frame:
                    async for item in self._unsubscribed(socket, frame["unsubscribed"]["reason"]):
                        yield item

    async def _unsubscribed(self, socket: ClientConnection, reason: str) -> AsyncGenerator[Item]:
        """Go on if that is possible."""
        if reason == "token":
            message = "the token is no longer valid"
            raise ConnectionResetError(message)  # the next connection asks for a new one
        if reason == "resync":
            self._reading = reason
            for item in await self._subscribe(socket):
                yield item
        else:
            yield Ended(reason=reason)

    async def _find_endpoint(self) -> None:
        """Ask the server, the first time, where its streams are and what ``default`` means."""
        if self._endpoint:
            return
        root = (await self._get(f"{self._server}/"))[0]
        if "websocket" not in root["capabilities"]:
            raise Refused(404, "the server has no live streams: includes = websocket is missing")
        if f"{self._uri}/".startswith("/buckets/default/"):
            if "bucket" not in root.get("user", {}):
                raise Refused(401, "/buckets/default needs a user and the plugin default_bucket")
            rest = self._uri.removeprefix("/buckets/default")
            self._uri = f"/buckets/{root['user']['bucket']}{rest}"
        self._endpoint = root["capabilities"]["websocket"]["endpoint"]

    async def _subscribe(self, socket: ClientConnection) -> list[Item]:
        """Subscribe, and catch up: with the missed events or with everything."""
        wish: dict[str, Any] = {"uri": self._uri}
        if self._filters:
            wish["filters"] = self._filters
        if self._since is not None and self._reading is None:
            answer = await _ask(socket, 2, {"subscribe": {**wish, "since": self._since}})
            self._reading = answer.get("resync")
        else:
            answer = await _ask(socket, 2, {"subscribe": wish})
        if "resync" in answer:
            answer = await _ask(socket, 3, {"subscribe": wish})
        start = answer["subscribe"]
        self._progress.begin(start["epoch"])
        items: list[Item] = []
        if self._reading is not None:
            objects = await self._everything()
            self._held = Held(objects or {})
            at = f"{start['epoch']}:{start['offset']}"
            items.append(Snapshot(reason=self._reading, objects=objects, position=at))
        else:
            items = self._news(start.get("events", ()))
        self._progress.pass_fence(start["offset"])
        self._reading, self._since = None, self._progress.position
        return items

    def _news(self, events: list[dict[str, Any]]) -> list[Item]:
        """The events that were not here before."""
        items: list[Item] = []
        for event in events:
            if self._progress.is_new(event) and not self._held.includes(event):
                items.append(_event(event, self._progress.position))
            self._since = self._progress.position
        return items

    async def _everything(self) -> dict[str, dict[str, Any]] | None:
        """All records of the collection, or the one object, over HTTP.

        Called behind the fence: what is written meanwhile is in the answer, comes as an event, or
        both.
        """
        kind = self._uri.strip("/").split("/")[0::2][-1]
        if kind == "buckets":
            return None
        if kind != "collections":
            body, _ = await self._get(self._server + self._uri)
            return {self._uri: body["data"]}
        found: dict[str, dict[str, Any]] = {}
        page: str | None = f"{self._server}{self._uri}/records"
        while page:
            body, headers = await self._get(page)
            for one in body["data"]:
                found.setdefault(f"{self._uri}/records/{one['id']}", one)
            page = headers.get("Next-Page")
        return found

    async def _get(self, url: str) -> tuple[Any, Mapping[str, str]]:
        """The JSON and the headers that a URL gives."""
        return await asyncio.to_thread(_get, url, self._token())


def follow(server: str, uri: str, **options: Any) -> AsyncGenerator[Item]:  # noqa: ANN401  Follower's
    """Events, snapshots and the end; the arguments are those of ``Follower``."""
    return Follower(server, uri, **options).items()


def _event(frame: Mapping[str, Any], position: str) -> Event:
    return Event(
        id=frame.get("id"),
        number=frame.get("n", 0),
        action=frame["action"],
        timestamp=frame.get("timestamp"),
        uri=frame["uri"],
        new=frame["new"],
        old=frame.get("old"),
        position=position,
    )


async def _ask(socket: ClientConnection, number: int, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Send a frame and wait for its answer."""
    await socket.send(json.dumps({"id": number, **wish}))
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            frame: dict[str, Any] = json.loads(await socket.recv())
            if frame.get("id") == number:
                break
    if "error" in frame:
        code, message = frame["error"].get("code", 400), frame["error"].get("message", "")
        _raise_if_final(code, None, message)
        raise TimeoutError(message)
    return frame


def _raise_if_final(status: int, cause: Exception | None, reason: str = "") -> None:
    """Raise unless another attempt may have another result."""
    if status // 100 == 4 and status not in {408, 409, 429}:
        raise Refused(status, reason or str(cause)) from cause


def _get(url: str, token: str | None) -> tuple[Any, Mapping[str, str]]:
    headers = {} if token is None else {"Authorization": token}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  the user's own server
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  as above
        return json.loads(answer.read()), answer.headers


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Print every change of a collection as it happens, one JSON text a line.",
        epilog=f"The variable {TOKEN_VARIABLE} may hold what an Authorization header would: "
        "it is seen by fewer people than the options of a command.",
    )
    parser.add_argument("server", help="the API, such as http://localhost:8888/v1")
    parser.add_argument("uri", help="such as /buckets/blog/collections/articles")
    parser.add_argument("--user", metavar="NAME:PASSWORD", help="for HTTP basic authentication")
    parser.add_argument("--since", help="go on from this position or last_modified")
    parser.add_argument("--snapshot", action="store_true", help="begin with all that there is")
    parser.add_argument("--filters", type=json.loads, metavar="JSON", help='{"status": "open"}')
    return parser.parse_args()


async def _print_all(options: argparse.Namespace) -> None:
    token = os.environ.get(TOKEN_VARIABLE)
    if options.user:
        token = f"Basic {base64.b64encode(options.user.encode()).decode()}"
    chosen = {name: getattr(options, name) for name in ("since", "snapshot", "filters")}
    async for item in follow(options.server, options.uri, token=token, **chosen):
        print(json.dumps({"type": type(item).__name__.lower(), **asdict(item)}), flush=True)


def main() -> None:
    """Run the command."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        asyncio.run(_print_all(_arguments()))
    except Refused as refused:
        sys.exit(f"The server refuses: {refused}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
