"""Refuses articles without a title."""

from kinto_core import Action, ResourceChanged, hookimpl
from kinto_core.errors import Refused


@hookimpl
def resource_changed(event: ResourceChanged) -> None:
    """Look at each new or changed article."""
    if event.collection_id != "articles" or event.action is Action.DELETE:
        return
    for change in event.changes:
        if not change.impacted()["new"].get("title"):
            message = f"article {change.object_id} needs a title"
            raise Refused(message)
