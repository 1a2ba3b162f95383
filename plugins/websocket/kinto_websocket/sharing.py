"""Answers that several clients share, so that a crowd which comes back asks the database once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class Together(Generic[T]):
    """Asks once for all who want to know at about the same time.

    Everybody gets an answer to a question that was asked after they came.

    Args:
        ask: the question.
    """

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._running: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        """The answer.

        Raises:
            Exception: whatever the question raises.
        """
        if self._next is None:
            self._next = _begin(self._run(self._running))
        return await asyncio.shield(self._next)

    async def _run(self, before: asyncio.Task[T] | None) -> T:
        if before is not None:
            await asyncio.wait([before])
        self._running, self._next = self._next, None
        return await self._ask()


class Finding(Generic[K, T]):
    """Lets who looks for something that is being looked for wait for that.

    A success is shared. A failure is not: it may be older than the question of who came later.
    """

    def __init__(self) -> None:
        self._tasks: dict[K, asyncio.Task[T]] = {}

    async def find(self, key: K, look: Callable[[], Awaitable[T]]) -> T:
        """What somebody finds, or what ``look`` does.

        Raises:
            Exception: whatever ``look`` raises.
        """
        other = self._tasks.get(key)
        if other is not None:
            await asyncio.wait([other])
            if not other.cancelled() and other.exception() is None:
                return other.result()
            return await look()
        task = self._tasks[key] = _begin(look())
        task.add_done_callback(lambda _: self._tasks.pop(key, None))
        return await asyncio.shield(task)


def _begin(work: Awaitable[T]) -> asyncio.Task[T]:
    """A task whose failure is nobody's concern when everybody who waited has gone."""

    async def run() -> T:
        return await work

    def look(task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            task.exception()

    task = asyncio.get_running_loop().create_task(run())
    task.add_done_callback(look)
    return task
