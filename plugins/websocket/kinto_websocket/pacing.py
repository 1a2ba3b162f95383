"""How often a client may ask; pure, the time is passed in."""


class Pace:
    """So many requests a second, as many at once.

    Args:
        per_second: how many.
    """

    __slots__ = ("_left", "_per_second", "_since")

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._left = float(per_second)
        self._since: float | None = None

    def take(self, now: float) -> float:
        """Count one request at a time in seconds; 0, or the seconds to wait if it is too early."""
        if self._since is not None:
            self._left += (now - self._since) * self._per_second
        self._since = now
        self._left = min(self._left, float(self._per_second))
        if self._left < 1:
            return (1 - self._left) / self._per_second
        self._left -= 1
        return 0.0
