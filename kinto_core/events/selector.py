"""Which events somebody wants: by action, resource type, bucket and collection.

Used by listeners of the settings, durable consumers and plugins alike, so that the same words mean
the same everywhere. What may be *seen* is another question, and not decided here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from kinto_core.errors import ConfigurationError
from kinto_core.events.event import Action, Change, ResourceChanged, ResourceRead, id_in

WRITES = frozenset({Action.CREATE, Action.UPDATE, Action.DELETE})
"""What is selected when nobody says which actions. Source: events E-63."""


@dataclass(frozen=True, slots=True)
class Selector:
    """A choice of events; the default is every write.

    Attributes:
        actions: the wanted ones.
        resources: the wanted types; empty: all.
        buckets: patterns of bucket ids, with ``*`` and ``?``; empty: all. With one, things outside
            of buckets are not wanted.
        collections: patterns of collection ids; empty: all. With one, only collections and what is
            inside of them are wanted.
    """

    actions: frozenset[Action] = WRITES
    resources: frozenset[str] = frozenset()
    buckets: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()

    @classmethod
    def parse(cls, parameters: Mapping[str, str], prefix: str) -> "Selector":
        """The selector that settings ask for.

        Args:
            parameters: ``actions``, ``resources``, ``buckets``, ``collections``; each may be
                missing and has its values separated by whitespace. Others are ignored.
            prefix: names the settings in messages, such as ``event_listeners.redis.``.

        Raises:
            ConfigurationError: an action does not exist. Source: events E-64.
        """
        texts = parameters.get("actions", "").split()
        known = {action.value for action in Action}
        problems = [
            f"{prefix}actions: {text!r} is none of create, update, delete and read"
            " (lower case, separated by spaces)"
            for text in texts
            if text not in known
        ]
        if problems:
            raise ConfigurationError(problems)
        return cls(
            frozenset(Action(text) for text in texts) or WRITES,
            frozenset(parameters.get("resources", "").split()),
            tuple(parameters.get("buckets", "").split()),
            tuple(parameters.get("collections", "").split()),
        )

    def accepts(self, change: Change) -> bool:
        """Whether one change is wanted."""
        return self._wants(change.action, change.resource_name) and self._is_in(change.uri)

    def matches(self, event: ResourceChanged | ResourceRead) -> bool:
        """Whether an event is wanted: any of its changes, that is."""
        if not self._wants(event.action, event.resource_name):
            return False
        if not self.buckets and not self.collections:
            return True
        if isinstance(event, ResourceRead):
            return self._is_in(event.payload["uri"])
        return any(self._is_in(change.uri) for change in event.changes)

    def _wants(self, action: Action, resource: str) -> bool:
        return action in self.actions and (not self.resources or resource in self.resources)

    def _is_in(self, uri: str) -> bool:
        return _fits(id_in(uri, "buckets"), self.buckets) and _fits(
            id_in(uri, "collections"), self.collections
        )


def _fits(candidate: str | None, patterns: Iterable[str]) -> bool:
    """Whether an id fits one of the patterns, or there are none."""
    if not patterns:
        return True
    if candidate is None:
        return False
    return any(fnmatchcase(candidate, pattern) for pattern in patterns)
