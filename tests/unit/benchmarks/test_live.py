"""Subscribers that look for numbers only, and the table of live streams."""

import asyncio

from benchmarks.live import Figures, Row, markdown
from benchmarks.live_listeners import Greeting, Listener, Receipts, websocket_greeting


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)


def test_a_number_that_arrives_in_pieces_is_noted_once() -> None:
    async def listen() -> Receipts:
        receipts = Receipts()
        receipts.expect(3)
        listener = Listener(Greeting(opening=b"", marker=b"hello", ready=b"hello"), receipts)
        listener.connection_made(Transport())
        for piece in (b"hello", b'{"title":"s000', b'00001"}{"title":"s00000002"}x', b"y"):
            listener.data_received(piece)
        listener.data_received(b'"s00000001"')
        await receipts.wait(60)
        return receipts

    receipts = asyncio.run(listen())
    assert {number: len(times) for number, times in receipts.times.items()} == {1: 2, 2: 1}


def test_a_subscriber_is_ready_after_all_its_answers() -> None:
    async def greet() -> tuple[Transport, list[bool]]:
        greeting = websocket_greeting(80, '{"id":1}', '{"id":2}', ready=b"yes", times=2)
        listener = Listener(greeting, Receipts())
        transport = Transport()
        listener.connection_made(transport)
        ready = []
        for piece in (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", b"yes", b"yes"):
            listener.data_received(piece)
            ready.append(listener.ready.done())
        return transport, ready

    transport, ready = asyncio.run(greet())
    assert ready == [False, False, True]
    # RFC 6455 section 5.2: a whole text, masked with zeros
    assert transport.written.endswith(b'\x81\x88\x00\x00\x00\x00{"id":2}')


def test_the_table_leaves_out_what_was_not_measured() -> None:
    plain = Figures(median_ms=1.0, slow_ms=2.0, whole_ms=2.5, cpu_us=3.0, all_cpu_us=4.0, lost=0)
    rows = [Row(name="ours", plain=plain, idle_bytes=2048, greedy_ms=5.0, stalled_ms=6.0)]
    rows.append(Row(name="bare", plain=plain, idle_bytes=1024))
    page = markdown(rows, conditions="Here.")
    assert "| ours | 1.0 | 2.0 | 2.5 | 3.0 | 4.0 | 2.0 | 0 | 5.0 | 6.0 |" in page
    assert "| bare | 1.0 | 2.0 | 2.5 | 3.0 | 4.0 | 1.0 | 0 |  |  |" in page
