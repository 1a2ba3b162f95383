"""Tells clients that bookmarks are supported."""

from collections.abc import Mapping
from typing import Any

from kinto_core import hookimpl


@hookimpl
def register_capabilities() -> Mapping[str, Mapping[str, Any]]:
    """The entry in the root view."""
    return {
        "bookmarks": {
            "description": "Bookmarks in buckets.",
            "url": "https://bookmarks.example.org/",
        }
    }
