"""Decides what is kept, from values alone."""

from collections.abc import Sequence

from kinto_core.events import Action, Change, ResourceChanged, Selector
from kinto_trash.settings import TrashSettings


def worth_keeping(event: ResourceChanged, settings: TrashSettings) -> Sequence[Change]:
    """The deletions of an event that leave a copy; those in the trash itself do not."""
    selector = Selector(frozenset({Action.DELETE}), frozenset({"record"}), settings.buckets)
    return [
        change
        for change in event.changes
        if selector.accepts(change) and change.collection_id != settings.collection
    ]
