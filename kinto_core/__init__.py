"""Kinto Core: a JSON storage server with synchronisation, sharing and events.

The names here are what a plugin author imports.
"""

from importlib import metadata

from kinto_core.events.event import Action, ResourceChanged, ResourceRead
from kinto_core.hookspecs import hookimpl
from kinto_core.settings.setting import setting

__version__ = metadata.version("kinto-core")

__all__ = ["Action", "ResourceChanged", "ResourceRead", "__version__", "hookimpl", "setting"]
