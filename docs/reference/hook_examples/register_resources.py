"""Adds bookmarks to buckets: ``/buckets/{id}/bookmarks/{id}``."""

from collections.abc import Iterable

from kinto_core import hookimpl
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.definition import ResourceType

BOOKMARK = ResourceType(name="bookmark", parent=BUCKET)


@hookimpl
def register_resources() -> Iterable[ResourceType]:
    """One more type; its URLs, permissions and events follow."""
    return [BOOKMARK]
