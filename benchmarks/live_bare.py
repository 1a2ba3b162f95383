"""The ceiling: ``websockets.broadcast`` and nothing else, with no permissions and no history.

``python -m benchmarks.live_bare PORT``. A GET of ``/write?TEXT`` sends a message of the size of
ours with that text to everybody.
"""

import asyncio
import sys
from http import HTTPStatus
from urllib.parse import urlsplit

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.http11 import Request, Response

MESSAGE_BYTES = 520
"""About as large as an event of ours with a record of 250 bytes."""


class Broadcaster:
    """Knows who is connected."""

    def __init__(self) -> None:
        self.everybody: set[ServerConnection] = set()

    async def keep(self, connection: ServerConnection) -> None:
        """Greet somebody, who stays until the connection is closed."""
        await connection.send("ready")
        self.everybody.add(connection)
        try:
            await connection.wait_closed()
        finally:
            self.everybody.discard(connection)

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer a write, then tell everybody; ``None`` for those who want a socket."""
        address = urlsplit(request.path)
        if address.path != "/write":
            return None
        message = f'{{"title":"{address.query}"}}'.ljust(MESSAGE_BYTES)
        asyncio.get_running_loop().call_soon(broadcast, self.everybody, message)
        return connection.respond(HTTPStatus.OK, "written")


async def main(port: int) -> None:
    """Serve for ever."""
    broadcaster = Broadcaster()
    async with serve(
        broadcaster.keep,
        "127.0.0.1",
        port,
        process_request=broadcaster.answer,
        compression=None,
        ping_interval=None,
    ) as server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
