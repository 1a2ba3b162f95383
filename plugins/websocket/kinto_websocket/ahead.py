"""What is known of the future when permissions are read; pure.

What may be seen is read from the storage, which is ahead of the event being sent. Where an event
in between changes permissions again, what could be seen before it is not known.
"""

from collections.abc import Sequence

from kinto_core.events.event import ResourceChanged
from kinto_core.resources.definition import ResourceTypes
from kinto_websocket.access import View
from kinto_websocket.effects import effects_of
from kinto_websocket.events import Told
from kinto_websocket.history import effects_touch
from kinto_websocket.sights import Sight

MAX_EVENTS = 1000
"""How many following events are looked at when permissions change."""


class Ahead:
    """The events between the one being sent and what the storage holds.

    Args:
        cause: the change that made permissions be read.
        following: the events behind it, ``MAX_EVENTS`` of the log at most.
        types: of the server.

    Attributes:
        latest: the ids of the last events of objects, by URI.
    """

    def __init__(
        self, cause: Told, following: Sequence[ResourceChanged], types: ResourceTypes
    ) -> None:
        self.latest: dict[str, str] = {cause.change.uri: cause.event_id}
        for event in following:
            self.latest |= dict.fromkeys((change.uri for change in event.changes), event.id)
        found = ((event.id, effects_of(event, types)) for event in reversed(following))
        self._touching = [(name, effects) for name, effects in found if not effects.is_nothing]
        self._end = following[-1].id if len(following) >= MAX_EVENTS else None

    def last_doubt(self, sight: Sight, view: View) -> str | None:
        """The id of the last event before which something other than a view could be seen.

        ``None`` when the view has been true since the cause.
        """
        if self._end is not None:
            return self._end
        seen = Sight(sight.caller, sight.address, view)
        for name, effects in self._touching:
            if any(effects_touch(effects, one, creations=True) for one in (sight, seen)):
                return name
        return None
