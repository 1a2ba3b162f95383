"""Which timestamp a write gets. Pure arithmetic on milliseconds.

Source: protocol T-3, T-10 to T-14.
"""

from typing import NamedTuple


class Stamp(NamedTuple):
    """The timestamps after a write: the object's, and its list's."""

    last_modified: int
    list_timestamp: int


def stamp(
    *, now: int, list_timestamp: int, wanted: int | None = None, old: int | None = None
) -> Stamp:
    """Choose the timestamp of one write.

    Args:
        now: the clock.
        list_timestamp: of the list before the write; the caller holds the list.
        wanted: what the client asks for; ``None``: nothing.
        old: of the object or tombstone that is overwritten; ``None`` when there is none.

    A wish is granted when it lies after everything in the list, or when it restores an object that
    did not exist; a change is never dated before the list's timestamp, where nobody would look for
    it any more.
    """
    fresh = max(now, list_timestamp + 1)
    if wanted is None or wanted == list_timestamp:
        return Stamp(fresh, fresh)
    if wanted > list_timestamp:
        return Stamp(wanted, wanted)
    if old is None:
        return Stamp(wanted, list_timestamp)
    return Stamp(fresh, fresh)
