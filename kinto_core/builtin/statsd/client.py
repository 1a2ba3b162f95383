"""Takes measurements and has them sent."""

from collections.abc import Mapping

from kinto_core.builtin.statsd.lines import Lines
from kinto_core.builtin.statsd.sending import Sender, Unresolved
from kinto_core.builtin.statsd.settings import StatsdSettings, endpoint_of, prefix_of, unusable
from kinto_core.metrics import Timing
from kinto_core.settings import Settings


class Client(Timing):
    """Sends each measurement to a statsd server; see ``Metrics``.

    Args:
        lines: writes them.
        sender: sends them.
    """

    def __init__(self, lines: Lines, sender: Sender) -> None:
        self._lines = lines
        self._sender = sender

    def count(self, name: str, value: float = 1, labels: Mapping[str, str] | None = None) -> None:
        """See ``Metrics.count``."""
        for line in self._lines.counted(name, value, labels):
            self._sender.add(line)

    def observe(self, name: str, value: float, labels: Mapping[str, str] | None = None) -> None:
        """See ``Metrics.observe``."""
        for line in self._lines.observed(name, value, labels):
            self._sender.add(line)

    def close(self) -> None:
        """Send what is left."""
        self._sender.close()


def make_client(settings: Settings) -> Client:
    """The client that the settings describe.

    Raises:
        ConfigurationError: there is nowhere to send to.
    """
    own = settings.plugin(StatsdSettings)
    endpoint = endpoint_of(settings)
    lines = Lines(
        prefix_of(settings), has_counters=own.statsd_counters, has_users=own.statsd_user_ids
    )
    try:
        sender = Sender(endpoint)
    except Unresolved as error:
        words = f"a host that has an address, and {endpoint.host} has none: {error}"
        raise unusable(settings, words) from error
    return Client(lines, sender)
