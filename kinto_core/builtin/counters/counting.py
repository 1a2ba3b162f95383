"""Counts, and keeps the answer for as long as it would be dear to count again."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple

from kinto_core import json
from kinto_core.builtin.counters import sql
from kinto_core.database.moment import Source, one_moment
from kinto_core.server import Server

QUICK_SECONDS = 0.5
"""What takes no longer to count is counted each time."""

REST = 50
"""What takes longer is kept for so many times as long, so that counting stays a small part of what
the database does."""

Extra = Mapping[str, Callable[[Source], tuple[int, int]]]
"""See the hook ``register_counters``."""


class _Answer(NamedTuple):
    """The latest answer.

    Attributes:
        text: as it is sent.
        began: when counting began.
        until: how long it is kept.
        was_dear: whether it is.
    """

    text: bytes
    began: float
    until: float
    was_dear: bool


class Counter:
    """Counts for one application.

    Args:
        server: what it counts in.
        extra: what plugins count in their own tables, by name.
        now: a clock that never goes back, in seconds.
    """

    def __init__(
        self, server: Server, extra: Extra, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._server = server
        self._extra = extra
        self._now = now
        self._turn = threading.Lock()
        self._latest: _Answer | None = None

    def text(self, inside: Source | None = None) -> bytes:
        """``{"objects": {…}, "tombstones": {…}}`` as JSON.

        Args:
            inside: a connection in a transaction whose writes are counted, too.

        Raises:
            BackendUnavailable: the database is away.
        """
        arrived = self._now()
        latest = self._latest
        if latest is not None and arrived < latest.until:
            return latest.text
        if inside is not None:
            return self._count(inside)
        may_wait = latest is None or not latest.was_dear
        if not self._turn.acquire(blocking=may_wait) and latest is not None:
            return latest.text  # somebody counts already
        try:
            return self._count_since(arrived)
        finally:
            self._turn.release()

    def _count_since(self, arrived: float) -> bytes:
        """Count, unless somebody began to after we arrived; keep what was dear."""
        if self._latest is not None and self._latest.began > arrived:
            return self._latest.text
        began = self._now()
        with self._reading() as connection:
            text = self._count(connection)
        ended = self._now()
        was_dear = ended - began > QUICK_SECONDS
        until = ended + REST * (ended - began) if was_dear else began
        self._latest = _Answer(text, began, until, was_dear)
        return text

    def _reading(self) -> AbstractContextManager[Source]:
        """On PostgreSQL, a connection that may take its time."""
        database = self._server.storage.database
        return one_moment(database) if database.dialect == "postgresql" else database.reading()

    def _count(self, connection: Source) -> bytes:
        objects, tombstones = sql.counts(connection)
        for name, count in self._extra.items():
            objects[name], tombstones[name] = count(connection)
        return json.dumpb({"objects": _shown(objects), "tombstones": _shown(tombstones)})


def _shown(numbers: Mapping[str, int]) -> dict[str, int]:
    """Without zeros. Source: built-in plugins B-171."""
    return {name: number for name, number in sorted(numbers.items()) if number}
