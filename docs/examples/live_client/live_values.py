"""What a live client hands out, and how it knows what is new; plain values, no sockets."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Event:
    """One change of one object.

    Attributes:
        id, number: name the change for ever, together with ``uri``: drop what you have had. A
            change of permissions may tell of several objects that are seen from now on, or no more.
            ``id`` is ``None`` for what was changed since a ``last_modified``.
        action: ``create``, ``update`` or ``delete``.
        timestamp: the object's new ``last_modified``, in milliseconds; ``None`` when it can be seen
            no more.
        uri: of the object.
        new: the object after it; ``{"id": …, "deleted": true}`` when it is gone.
        old: the object before, where the server sends it.
        position: pass it as ``since`` to go on from here; the last event may come once more.
    """

    id: str | None
    number: int
    action: str
    timestamp: int | None
    uri: str
    new: dict[str, Any]
    old: dict[str, Any] | None
    position: str


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Everything there is: replace what you hold by it.

    Attributes:
        reason: ``start``, or why the server could not tell what was missed.
        objects: by URI; ``None`` for a bucket, which this client does not read.
        position: what comes next is later.
    """

    reason: str
    objects: dict[str, dict[str, Any]] | None
    position: str


@dataclass(frozen=True, kw_only=True)
class Ended:
    """Nothing more will come: a permission was taken away, for instance."""

    reason: str


Item = Event | Snapshot | Ended


class Refused(Exception):
    """The server does not want this; trying again would not help.

    Attributes:
        code: a close code from 4400 to 4499, or an HTTP status.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code


class Progress:
    """Where this client is, and which changes it has had; changes with every one.

    The changes of one transaction share an offset, and a connection may break between them. So the
    event of the last offset is asked for once more, and what is known of it dropped.
    """

    def __init__(self) -> None:
        self._epoch = ""
        self._fence = 0
        self._last = 0
        self._seen: set[tuple[str | None, int, str]] = set()

    @property
    def position(self) -> str:
        """What to send as ``since``."""
        return f"{self._epoch}:{max(self._fence, self._last - 1)}"

    def begin(self, epoch: str) -> None:
        """Another history begins unless it is the present one."""
        if epoch != self._epoch:
            self._epoch, self._fence, self._last, self._seen = epoch, 0, 0, set()

    def pass_fence(self, offset: int) -> None:
        """All up to an offset is here."""
        self._fence = max(self._fence, offset)

    def is_new(self, event: Mapping[str, Any]) -> bool:
        """Whether a change was not here before; remembers it."""
        offset = event.get("offset")
        if offset is None:
            return True
        if offset > self._last:
            self._last, self._seen = offset, set()
        name = (event.get("id"), event.get("n", 0), event["uri"])
        if offset < self._last or name in self._seen:
            return False
        self._seen.add(name)
        return True


class Held:
    """What a snapshot told, for as long as events may tell of it again; shrinks as they come.

    Args:
        objects: of the snapshot, by URI.
    """

    def __init__(self, objects: Mapping[str, Mapping[str, Any]]) -> None:
        self._versions = {uri: int(one["last_modified"]) for uri, one in objects.items()}
        self._newest = max(self._versions.values(), default=0)

    def includes(self, event: Mapping[str, Any]) -> bool:
        """Whether a change is part of the snapshot."""
        timestamp = event.get("timestamp")
        if timestamp is None:
            self._versions.pop(event["uri"], None)
            return False
        if timestamp > self._newest:
            self._versions = {}
        return bool(timestamp <= self._versions.get(event["uri"], -1))


def pause_seconds(failures: int) -> float:
    """How long to wait before the next attempt: longer each time, and different for everybody."""
    longest = min(FIRST_PAUSE_SECONDS * 2 ** min(failures, 10), LONGEST_PAUSE_SECONDS)
    return random.uniform(0, longest)  # noqa: S311  spreads load, guards nothing
