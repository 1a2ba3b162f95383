"""Counts how often records are read."""

from collections import Counter

from kinto_core import ResourceRead, hookimpl

READS: Counter[str] = Counter()


@hookimpl
def resource_read(event: ResourceRead) -> None:
    """Count one read."""
    READS[event.payload["uri"]] += 1
