"""Joins lines to datagrams; no I/O."""

from typing import Final

MAX_BYTES: Final = 1400
"""Of a datagram, so that no network on the way has to cut it."""


class Batch:
    """The lines of one datagram, until it is full.

    Args:
        max_bytes: of the datagram; a longer line has one of its own.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lines: list[bytes] = []
        self._size = 0

    def add(self, line: bytes) -> bytes | None:
        """Take a line, and give the datagram that it has no room in, if it has none.

        A value of a set counts once, so it is not taken again.
        """
        if line.endswith(b"|s") and line in self._lines:
            return None
        full = None
        if self._lines and self._size + 1 + len(line) > self._max_bytes:
            full = self.take()
        self._size += len(line) + bool(self._lines)
        self._lines.append(line)
        return full

    def take(self) -> bytes:
        """The datagram as far as it is, which is empty then; ``b""`` without lines."""
        datagram = b"\n".join(self._lines)
        self._lines.clear()
        self._size = 0
        return datagram
