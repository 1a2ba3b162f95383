"""Says that something was committed, so that nobody has to ask all the time.

A ring carries no data, may get lost and may come for nothing: who waits asks the log after each
ring, and after a while without one. Rings that come together count as one. Nothing of this is part
of a transaction.
"""

from contextlib import AbstractContextManager
from typing import Protocol


class Bell(Protocol):
    """Waits for rings, in one thread."""

    def wait(self, timeout_seconds: float) -> bool:
        """Wait for the next ring since the last call; false when none came in time.

        Never raises because rings cannot be received for a while: that is like silence.
        """
        ...

    def wake(self) -> None:
        """End the present or next ``wait`` of another thread, as a ring would."""
        ...


class Doorbell(Protocol):
    """Rings, and hears rings, across the processes that share a database."""

    def ring(self) -> None:
        """Something was committed. Returns at once, never raises, costs microseconds."""
        ...

    def bell(self) -> AbstractContextManager[Bell]:
        """Begin to listen; rings from then on are heard."""
        ...

    def close(self) -> None:
        """Stop ringing."""
        ...
