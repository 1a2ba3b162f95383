"""The durable consumer: from the event log to deliveries, in one transaction for each batch.

Events are delivered to it at least once; a delivery is made once for each endpoint and event.
"""

from collections.abc import Callable, Sequence
from typing import Final

from kinto_core.eventlog.consumer import Consumer
from kinto_core.eventlog.interface import LoggedEvent
from kinto_webhook.deliveries import accept
from kinto_webhook.office import Office

NAME: Final = "webhook"
"""Of the cursor; the same for ever."""


def consumer(office: Office, ring: Callable[[str], None]) -> Consumer:
    """The consumer of a server.

    Args:
        office: knows the endpoints.
        ring: called with the URI of each endpoint that has something new, after the commit.
    """

    def deliver(batch: Sequence[LoggedEvent]) -> None:
        for uri in sorted(office.server.transact(lambda tx: accept(office, tx, batch))):
            ring(uri)

    return Consumer(name=NAME, deliver=deliver)
