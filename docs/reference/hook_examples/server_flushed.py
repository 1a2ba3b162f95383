"""Says that everything was erased."""

import logging

from kinto_core import hookimpl

logger = logging.getLogger(__name__)


@hookimpl
def server_flushed() -> None:
    """Log it."""
    logger.warning("everything was erased")
