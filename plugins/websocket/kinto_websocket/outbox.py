"""What waits to be sent to one client, and when that is too much.

Frames are written straight to the transport, which keeps what the network does not take. Nothing
waits for a slow client: it is given up when it lags too far behind, and comes back later with the
position of the last event that was sent to it.
"""

import asyncio
from collections import deque


class Outbox:
    """Writes frames of one connection and counts what has not left yet.

    Args:
        transport: of the connection.
        max_bytes: of events that may wait.
        max_events: how many may wait.
    """

    __slots__ = ("_events", "_max_bytes", "_max_events", "_transport", "_waiting", "_written")

    def __init__(self, transport: asyncio.Transport, max_bytes: int, max_events: int) -> None:
        self._transport = transport
        self._max_bytes = max_bytes
        self._max_events = max_events
        self._written = 0
        self._waiting = 0
        self._events: deque[tuple[int, int]] | None = None

    def write(self, frame: bytes) -> None:
        """Send a frame that the client asked for; it does not count."""
        self._written += len(frame)
        self._transport.write(frame)

    def write_event(self, frame: bytes) -> bool:
        """Send the frame of an event; false when too much is waiting already."""
        queued = self._transport.get_write_buffer_size()
        size = len(frame)
        if queued:
            self._forget_sent(self._written - queued)
            events = self._events
            if events is None:
                events = self._events = deque()
            if self._waiting + size > self._max_bytes or len(events) >= self._max_events:
                return False
            events.append((self._written + size, size))
            self._waiting += size
        elif self._events:
            self._events = None
            self._waiting = 0
        self._written += size
        self._transport.write(frame)
        return True

    def _forget_sent(self, sent: int) -> None:
        """Count no longer what ended at or before so many bytes since the beginning."""
        events = self._events
        while events and events[0][0] <= sent:
            self._waiting -= events.popleft()[1]
