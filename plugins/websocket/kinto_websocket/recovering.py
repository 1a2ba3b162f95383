"""What was missed, made once for all who missed the same and may see all of it."""

from collections.abc import Sequence

from kinto_core.eventlog import LoggedEvent, Position
from kinto_core.resources.definition import ResourceTypes
from kinto_websocket.effects import effects_of
from kinto_websocket.history import Relevance, recovered
from kinto_websocket.protocol import Resync, Subscribe
from kinto_websocket.sights import Sight

Recovery = Sequence[bytes] | Resync
"""The JSON of each event in order, or why they cannot be told."""


class Recovering:
    """Makes recoveries, and keeps them until the next event.

    Args:
        types: of the server.
        max_events: how many missed events one may get.
    """

    def __init__(self, types: ResourceTypes, max_events: int) -> None:
        self._types = types
        self._max_events = max_events
        self._end: Position | None = None
        self._known: dict[tuple[str, int, bool], Recovery] = {}

    def recover(
        self,
        request: Subscribe,
        sight: Sight,
        events: Sequence[LoggedEvent],
        *,
        since: int,
        end: Position,
    ) -> Recovery:
        """What a subscriber missed; see ``recovered``.

        Args:
            request: what is wanted.
            sight: what may be seen.
            events: the events after ``since`` and up to ``end``, or those that can matter.
            since: the offset of the last event that the client has.
            end: the last event that was sent.
        """
        if not (sight.is_whole and sight.is_certain and request.wanted.is_everything):
            return self._make(request, sight, events)
        if end != self._end:
            self._end = end
            self._known.clear()
        key = (sight.uri, since, request.old)
        found = self._known.get(key)
        if found is None:
            found = self._make(request, sight, events)
            if self._is_for_all(sight, events):
                self._known[key] = found
        return found

    def _make(self, request: Subscribe, sight: Sight, events: Sequence[LoggedEvent]) -> Recovery:
        found = recovered(events, sight, request.wanted, self._types, limit=self._max_events)
        if isinstance(found, Resync):
            return found
        return [one.body(with_old=request.old and sight.shows_old(one.change)) for one in found]

    def _is_for_all(self, sight: Sight, events: Sequence[LoggedEvent]) -> bool:
        """Whether everybody who sees all of the target missed the same: nobody's rights changed."""
        is_relevant = Relevance(sight.address, self._types)
        return not any(
            effects_of(entry.event, self._types).is_wide for entry in filter(is_relevant, events)
        )
