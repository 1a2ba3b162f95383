"""A quick receiver of webhooks, a process of its own: ``python -m benchmarks.webhook_receiver``.

Answers after a millisecond, on ``/hangs`` never. ``GET /`` gives a JSON object: from the name of a
record to the moment of its first byte, in seconds of the machine's monotonic clock.
"""

import asyncio
import json
import re
import sys
import time

ANSWER_SECONDS = 0.001
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_NAME = re.compile(rb'"name":"([^"]+)"')

_seen: dict[str, float] = {}


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while first := await reader.read(1):
            moment = time.monotonic()
            head = first + await reader.readuntil(b"\r\n\r\n")
            found = _LENGTH.search(head)
            body = await reader.readexactly(int(found[1]) if found else 0)
            if head.startswith(b"GET"):
                _answer(writer, json.dumps(_seen).encode())
                continue
            if head.startswith(b"POST /hangs"):
                await asyncio.sleep(3600)
            name = _NAME.search(body)
            if name:
                _seen.setdefault(name[1].decode(), moment)
            await asyncio.sleep(ANSWER_SECONDS)
            _answer(writer, b"{}")
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def _answer(writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))


async def main(port: int) -> None:
    """Receive until the process is ended."""
    server = await asyncio.start_server(_serve, "127.0.0.1", port, limit=2**20)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
