"""Gathers the changes of one transaction and merges them into events.

Knows nothing of databases or hooks: whoever runs the transaction adds changes, takes events, and
hands them round (``kinto_core.hooks``).

Source: events section 6.
"""

from kinto_core.errors import KintoError
from kinto_core.events.event import Action, Change, ResourceChanged

MAX_LEVELS = 10
"""Hooks that write make changes that call hooks again: so often and not once more."""


class EndlessCascade(KintoError):
    """Hooks keep changing things in answer to each other's changes."""


class Collector:
    """The changes of one transaction, in order.

    Args:
        request_id: goes into the events.
    """

    __slots__ = ("_changes", "_events", "_level", "_request_id", "_taken")

    def __init__(self, *, request_id: str | None = None) -> None:
        self._request_id = request_id
        self._changes: list[Change] = []
        self._events: list[ResourceChanged] = []
        self._taken = 0
        self._level = 0

    def add(self, change: Change) -> None:
        """One more change."""
        self._changes.append(change)

    def mark(self) -> int:
        """A place to go back to with ``rollback_to``."""
        return len(self._changes)

    def rollback_to(self, mark: int) -> None:
        """Forget the changes since a mark: what made them failed.

        Raises:
            ValueError: events of some of these changes were taken already.
        """
        if mark < self._taken:
            message = "these changes were announced already: undo the whole transaction"
            raise ValueError(message)
        del self._changes[mark:]

    def take(self) -> list[ResourceChanged]:
        """The events of the changes since the last call: one for each type, parent and action.

        They are in the order in which their first changes were made; what was taken before is not
        added to. Source: events E-30, E-33, E-44.

        Raises:
            EndlessCascade: there was something to take more than ``MAX_LEVELS`` times.
        """
        fresh = self._changes[self._taken :]
        if not fresh:
            return []
        self._taken = len(self._changes)
        self._level += 1
        if self._level > MAX_LEVELS:
            first = fresh[0]
            message = (
                f"hooks answered each other's changes {MAX_LEVELS} times, lately with"
                f" {first.action.value} of {first.uri}: make the hook ignore its own changes"
            )
            raise EndlessCascade(message)
        events = self._merged(fresh)
        self._events += events
        return events

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change so far, in order."""
        return tuple(self._changes)

    @property
    def has_changes(self) -> bool:
        """Whether anything was changed."""
        return bool(self._changes)

    @property
    def events(self) -> list[ResourceChanged]:
        """Every event taken so far."""
        return self._events

    def _merged(self, changes: list[Change]) -> list[ResourceChanged]:
        """One event for each type, parent and action."""
        merged: dict[tuple[str, str, Action], list[Change]] = {}
        for change in changes:
            key = (change.resource_name, change.parent_uri, change.action)
            merged.setdefault(key, []).append(change)
        return [
            ResourceChanged.of(tuple(together), request_id=self._request_id)
            for together in merged.values()
        ]
