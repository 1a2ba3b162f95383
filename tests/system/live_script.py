"""A server that says what a test tells it to: breaks no real server can be made to have on demand.

It speaks for one client, over one connection after the other, and answers HTTP on the same port.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

URI = "/buckets/b/collections/c"


@dataclass(frozen=True)
class Act:
    """What one connection does.

    Attributes:
        answers: to the subscribe frames, in order; ``id`` is added.
        events: sent after them.
        ends: the reason why the subscription ends then; ``""``: it does not.
        again: as ``answers``, after that.
        close: code to close with; ``None``: breaks off without a word, when the test says so.
        is_last: stays open until the client goes.
    """

    answers: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]] = ()
    ends: str = ""
    again: Sequence[Mapping[str, Any]] = ()
    close: int | None = 4003
    is_last: bool = False


@dataclass
class Script:
    """What the server does and what it was asked.

    Attributes:
        acts: one for each connection.
        lists: the HTTP answers, by path and query, each (headers, body).
        asked: the subscribe requests.
        tokens: of the connect frames.
        breaking: set by the test, when a connection is to break off.
    """

    acts: list[Act]
    lists: Mapping[str, tuple[Mapping[str, str], object]] = field(default_factory=dict)
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    url: str = ""
    breaking: asyncio.Event = field(default_factory=asyncio.Event)

    async def converse(self, socket: ServerConnection) -> None:
        """Play the next act."""
        if not self.acts:
            await socket.close(4400, "the script has no more acts")
            return
        act = self.acts.pop(0)
        greeting = json.loads(await socket.recv())
        self.tokens.append(greeting["connect"]["token"])
        hello = {"session": "s", "ping": 25, "limits": {}}
        await socket.send(json.dumps({"id": greeting["id"], "connect": hello}))
        await self._answer_wishes(socket, act.answers)
        for one in act.events:
            await socket.send(json.dumps({"sub": 2, "event": one}))
        if act.ends:
            await socket.send(json.dumps({"sub": 2, "unsubscribed": {"reason": act.ends}}))
        await self._answer_wishes(socket, act.again)
        if act.is_last:
            await socket.wait_closed()
        elif act.close is None:
            await self.breaking.wait()
            socket.transport.close()
        else:
            await socket.close(act.close, "as in the script")

    async def _answer_wishes(
        self, socket: ServerConnection, answers: Sequence[Mapping[str, Any]]
    ) -> None:
        for answer in answers:
            wish = json.loads(await socket.recv())
            self.asked.append(wish["subscribe"])
            await socket.send(json.dumps({"id": wish["id"], **answer}))

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer plain HTTP; ``None`` for sockets."""
        if request.path == "/live":
            return None
        headers, body = self.lists.get(request.path, ({}, None))
        if request.path == "/v1/":
            endpoint = self.url.replace("http", "ws") + "/live"
            body = {"capabilities": {"websocket": {"endpoint": endpoint}}}
        if body is None:
            return connection.respond(HTTPStatus.NOT_FOUND, "{}")
        text = json.dumps(body).encode()
        length = {"Content-Length": str(len(text)), "Connection": "close"}
        return Response(200, "OK", Headers({**length, **headers}), text)


@asynccontextmanager
async def playing(script: Script) -> AsyncIterator[str]:
    """Serve a script; gives the address of the API."""
    handler = script.converse
    async with serve(handler, "127.0.0.1", 0, process_request=script.answer) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        script.url = f"http://127.0.0.1:{port}"
        yield f"{script.url}/v1"


def event(offset: int, number: int | None = None, **other: object) -> dict[str, Any]:
    """An event frame; its id and its record are named after its offset."""
    place = {} if number is None else {"n": number}
    id_ = f"r{offset}" if number is None else f"r{offset}-{number}"
    made = {"id": f"e{offset}", "action": "create", "offset": offset, "timestamp": offset * 10}
    made |= {"uri": f"{URI}/records/{id_}", "new": {"id": id_, "last_modified": offset * 10}}
    return {**made, **place, **other}


def subscribed(offset: int, *events: Mapping[str, Any], epoch: str = "e") -> dict[str, Any]:
    """The answer to a subscribe frame."""
    body = {"epoch": epoch, "offset": offset, "recovered": True, "events": list(events)}
    return {"subscribe": body}
