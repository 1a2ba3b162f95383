"""Writes every measurement to the log, at level debug."""

import logging
from collections.abc import Mapping

from kinto_core import hookimpl
from kinto_core.metrics import Registry

logger = logging.getLogger(__name__)


class LoggedMetrics(Registry):
    """Keeps the measurements, too."""

    def observe(self, name: str, value: float, labels: Mapping[str, str] | None = None) -> None:
        """Log one, such as ``request_duration_seconds``."""
        super().observe(name, value, labels)
        logger.debug("%s %s %s", name, value, labels)


@hookimpl
def register_metrics() -> LoggedMetrics:
    """What takes the measurements of this server."""
    return LoggedMetrics()
