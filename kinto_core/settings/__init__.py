"""Settings: declared once, typed, checked at start; code reads attributes of a frozen value."""

from kinto_core.settings.core import Settings
from kinto_core.settings.loading import load
from kinto_core.settings.setting import setting
from kinto_core.settings.tables import load_plugin

__all__ = ["Settings", "load", "load_plugin", "setting"]
