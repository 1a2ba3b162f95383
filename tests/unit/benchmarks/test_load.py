"""The process that sends requests counts what it gets."""

import asyncio
from dataclasses import replace

import pytest

from benchmarks.load import Outcome, Plan, run

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
RIGHT = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabab"
WRONG = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
SPLIT = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n3\r\nbab\r\n0\r\n\r\n"
LAST = b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"


async def outcome(answer: bytes, plan: Plan, *, hangs_up: bool = False) -> Outcome:
    """What happens when every request gets the same answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            while await reader.readline() not in {b"\r\n", b""}:
                pass
            writer.write(answer)
            await writer.drain()
            if hangs_up:
                break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        return await run(replace(plan, port=port))


PLAN = Plan(
    host="127.0.0.1",
    port=0,
    connections=2,
    seconds=0.05,
    requests=[GET],
    status=200,
    marker=b"ab",
    markers=2,
)


@pytest.mark.parametrize("answer", [RIGHT, SPLIT])
def test_right_answers_have_a_latency(answer: bytes) -> None:
    found = asyncio.run(outcome(answer, PLAN))
    assert found.latencies
    assert found.errors == 0


def test_an_answer_with_another_status_is_an_error() -> None:
    found = asyncio.run(outcome(WRONG, PLAN))
    assert found.latencies == []
    assert found.errors > 0
    assert "503" in found.example


def test_an_answer_that_says_too_little_is_an_error() -> None:
    found = asyncio.run(outcome(RIGHT, replace(PLAN, markers=3)))
    assert found.latencies == []
    assert found.errors > 0


def test_a_server_that_says_goodbye_is_visited_again() -> None:
    plan = replace(PLAN, status=304, markers=0)
    found = asyncio.run(outcome(LAST, plan, hangs_up=True))
    assert len(found.latencies) > plan.connections
    assert found.errors == 0


def test_a_server_that_hangs_up_is_an_error() -> None:
    found = asyncio.run(outcome(RIGHT[:10], PLAN, hangs_up=True))
    assert found.errors == PLAN.connections


def test_a_plan_survives_the_way_to_the_process() -> None:
    assert Plan.from_json(PLAN.to_json()) == PLAN
