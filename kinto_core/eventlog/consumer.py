"""What a durable consumer declares.

A plugin returns consumers from its hook ``register_consumers``. The relay calls ``deliver`` with
events in the order of their offsets and moves the consumer's cursor once it returned: each event is
delivered at least once, whatever process dies, and never skipped.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kinto_core.eventlog.interface import LoggedEvent
from kinto_core.events.selector import Selector

Deliver = Callable[[Sequence[LoggedEvent]], None]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """Somebody who gets every event that it wants, at least once and in order.

    Attributes:
        name: of its cursor; unique on the server and the same for ever: letters, digits, ``.``,
            ``_``, ``-``, 63 at most.
        deliver: takes a batch of events and returns once they are safe, on the far side or in a
            table. Called in the relay process, by one thread at a time, outside of any transaction.
            Whatever it raises makes the relay come back later with the same events, at first one by
            one; events that follow wait.
        selector: the wanted events; others are passed over.
        batch_size: at most so many events at once.
        from_start: a new consumer begins with the oldest event that is kept, not with the next one.
    """

    name: str
    deliver: Deliver
    selector: Selector = field(default_factory=Selector)
    batch_size: int = 500
    from_start: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            ValueError: the name has other characters, or the batch no room.
        """
        if not _NAME.match(self.name):
            message = f"{self.name!r} is no name for a consumer: letters, digits, dots and dashes"
            raise ValueError(message)
        if self.batch_size < 1:
            message = f"consumer {self.name!r}: batch_size must be at least 1"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class LogReader:
    """Somebody who reads the log without a cursor here, such as a server of live streams.

    It makes the log be written; how long events are kept for it is a matter of the settings.

    Attributes:
        name: for people.
    """

    name: str
