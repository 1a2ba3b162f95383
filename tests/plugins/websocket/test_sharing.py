"""A crowd that comes back shares what is asked of the database, and nothing that is too old."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from kinto_core.eventlog.interface import EventLog
from kinto_core.testing.consuming import sequence_pending
from kinto_websocket.history import Window, recent
from kinto_websocket.sharing import Finding, Together
from tests.plugins.websocket.driving import (
    BUCKET,
    COLLECTION,
    READERS,
    Client,
    Live,
    World,
    live,
    new_world,
    record,
    run,
)


class Question:
    """Something that takes until it is let go; numbers its answers.

    Attributes:
        fails: whether answers are errors.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False
        self.gates: list[asyncio.Event] = []
        self._news = asyncio.Condition()

    async def __call__(self) -> int:
        """The number of the question."""
        self.asked += 1
        number, gate = self.asked, asyncio.Event()
        self.gates.append(gate)
        async with self._news:
            self._news.notify_all()
        await gate.wait()
        if self.fails:
            raise LookupError(number)
        return number

    async def begun(self, count: int) -> None:
        """Wait until so many were asked."""
        async with self._news:
            await self._news.wait_for(lambda: self.asked >= count)


def test_an_answer_is_to_a_question_that_was_asked_later() -> None:
    async def story() -> None:
        question = Question()
        together = Together(question)
        first = asyncio.ensure_future(together())
        await question.begun(1)
        others = [asyncio.ensure_future(together()) for _ in range(5)]
        await asyncio.sleep(0)
        assert question.asked == 1
        question.gates[0].set()
        await question.begun(2)
        question.gates[1].set()
        assert await first == 1
        assert await asyncio.gather(*others) == [2] * 5

    run(story())


def test_after_a_failure_the_question_is_asked_again() -> None:
    async def story() -> None:
        question = Question()
        together = Together(question)
        question.fails = True
        first = asyncio.ensure_future(together())
        await question.begun(1)
        second = asyncio.ensure_future(together())
        question.gates[0].set()
        with pytest.raises(LookupError):
            await first
        question.fails = False
        await question.begun(2)
        question.gates[1].set()
        assert await second == 2

    run(story())


def test_who_gives_up_leaves_the_others_their_answer() -> None:
    async def story() -> None:
        question = Question()
        finding = Finding[str, int]()
        first = asyncio.ensure_future(finding.find("a", question))
        await question.begun(1)
        second = asyncio.ensure_future(finding.find("a", question))
        await asyncio.sleep(0)
        first.cancel()
        question.gates[0].set()
        assert await second == 1
        assert first.cancelled()
        assert question.asked == 1

    run(story())


def test_what_is_found_is_shared_and_a_failure_is_not() -> None:
    async def story() -> None:
        question = Question()
        finding = Finding[str, int]()
        question.fails = True
        first = asyncio.ensure_future(finding.find("a", question))
        await question.begun(1)
        second = asyncio.ensure_future(finding.find("a", question))
        await asyncio.sleep(0)
        question.gates[0].set()
        with pytest.raises(LookupError):
            await first
        question.fails = False
        await question.begun(2)
        question.gates[1].set()
        assert await second == 2
        third = asyncio.ensure_future(finding.find("a", question))
        await question.begun(3)
        question.gates[2].set()
        assert await third == 3

    run(story())


class Asked:
    """Counts what is asked of the database, beside asking it."""

    def __init__(self, one: Live) -> None:
        self.count = 0
        self._ask: Callable[[Callable[[], object]], Awaitable[object]] = one.host.fanout._ask
        one.host.fanout._ask = self  # type: ignore[assignment]  # it counts, and does the same

    async def __call__(self, work: Callable[[], object]) -> object:
        """Ask, and count."""
        self.count += 1
        return await self._ask(work)


async def comers(one: Live, user: str, count: int) -> list[Client]:
    """Connected clients of one user."""
    return [await one.client(user) for _ in range(count)]


def since_of(answer: dict[str, dict[str, object]]) -> str:
    """The position in an answer."""
    return f"{answer['subscribe']['epoch']}:{answer['subscribe']['offset']}"


def test_who_comes_back_is_known_and_needs_no_question(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            first = await one.client("ann")
            since = since_of(await first.subscribe())
            await first.socket.close()
            await one.do(lambda: world.put(record("a")))
            again = await one.client("ann")
            asked = Asked(one)
            answer = await again.subscribe(since=since)
            assert len(answer["subscribe"]["events"]) == 1
            assert asked.count == 0

    world.put(COLLECTION, grants=READERS)
    sequence_pending(world.server)
    run(story())


def test_who_comes_to_a_new_process_shares_two_questions(world: World) -> None:
    # What may be seen, and what waits; what was missed is in memory from the start.
    async def story() -> None:
        async with live(world) as one:
            client = await one.client()
            since = since_of(await client.subscribe())
            await one.do(lambda: world.put(record("a")), lambda: world.put(record("b")))
        async with live(world) as one:
            clients = await comers(one, "owner", 4)
            asked = Asked(one)
            answers = await asyncio.gather(*(each.subscribe(since=since) for each in clients))
            for answer in answers:
                uris = [event["uri"] for event in answer["subscribe"]["events"]]
                assert uris == [record("a"), record("b")]
            assert asked.count == 2

    run(story())


def test_who_may_not_read_gets_no_share(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            clients = await comers(one, "ann", 3)
            answers = await asyncio.gather(*(each.subscribe() for each in clients))
            assert [answer["error"]["code"] for answer in answers] == [403] * 3

    run(story())


@pytest.mark.parametrize(
    ("room", "size", "trimmed", "start"),
    [(1000, 10**9, 0, 0), (120, 10**9, 0, 132), (0, 10**9, 0, 252), (1000, 10**9, 30, 30)],
)
def test_a_window_begins_with_what_the_log_has(
    world: World, room: int, size: int, trimmed: int, start: int
) -> None:
    log = world.server.event_log
    assert log is not None
    for number in range(250):
        world.put(record("r"), {"n": number})
    window = Window(room, size)
    with log.database.writing() as connection:
        log.trim(connection, trimmed)
    fill(log, window)
    assert window.start == start
    found = window.after(start)
    assert found is not None
    assert [one.offset for one in found] == list(range(start + 1, 253))


def test_a_window_is_not_filled_with_more_than_it_holds(world: World) -> None:
    log = world.server.event_log
    assert log is not None
    for number in range(250):
        world.put(record("r"), {"n": number})
    with log.database.reading() as connection:
        (last,) = log.read(connection, 251)
    window = Window(1000, 3 * len(last.text))
    fill(log, window)
    assert window.start == 249


def fill(log: EventLog, window: Window) -> None:
    """Fill a window with all that is there."""
    with log.database.reading() as connection:
        extent = log.extent(connection)
    recent(log, extent, window)


def test_a_share_of_what_waits_is_taken_after_the_view(postgresql_url: str) -> None:
    # Events that have no offset yet when a crowd subscribes are passed before anybody begins.
    async def story(world: World) -> None:
        async with live(world) as one:
            clients = await comers(one, "owner", 3)
            await asyncio.to_thread(world.put, record("a"))
            asking = [asyncio.ensure_future(each.subscribe()) for each in clients]
            await one.settle()
            answers = await asyncio.gather(*asking)
            last = await asyncio.to_thread(one.host.fanout.access.last_offset)
            assert [answer["subscribe"]["offset"] for answer in answers] == [last] * 3
            await one.do(lambda: world.put(record("b")))
            for each in clients:
                assert [event["uri"] for event in await each.drain()] == [record("b")]

    with new_world(postgresql_url) as world:
        world.put(BUCKET, {"n": 1})
        sequence_pending(world.server)
        run(story(world))
