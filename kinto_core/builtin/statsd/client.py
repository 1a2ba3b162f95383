"""Takes measurements and has them sent."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from kinto_core.builtin.prometheus.settings import PrometheusSettings, make_registry
from kinto_core.builtin.statsd.lines import Lines
from kinto_core.builtin.statsd.sending import Sender, Unresolved
from kinto_core.builtin.statsd.settings import StatsdSettings, endpoint_of, prefix_of, unusable
from kinto_core.metrics import Metrics, Registry
from kinto_core.settings import Settings


class Client:
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

    @contextmanager
    def timer(self, name: str, labels: Mapping[str, str] | None = None) -> Iterator[None]:
        """See ``Metrics.timer``."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.observe(name, time.perf_counter() - begin, labels)

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


def make_metrics(settings: Settings) -> Metrics:
    """What takes the measurements of a server: the client, with Prometheus' registry if enabled.

    Raises:
        ConfigurationError: there is nowhere to send to, or the registry cannot be made.
    """
    client = make_client(settings)
    if PrometheusSettings not in settings.tables:
        return client
    registry = make_registry(settings)
    registry.also = client
    return registry


def client_of(metrics: Metrics) -> Client | None:
    """The client among what takes measurements; the opposite of ``make_metrics``."""
    found = metrics.also if isinstance(metrics, Registry) else metrics
    return found if isinstance(found, Client) else None
