"""Prints what was changed, once it is stored."""

import sys

from kinto_core import ResourceChanged, hookimpl


@hookimpl
def after_resource_changed(event: ResourceChanged) -> None:
    """Write a line for each object."""
    for change in event.changes:
        sys.stderr.write(f"{change.action}: {change.uri}\n")
