"""Adds the setting ``kinto.greeter_greeting``."""

from collections.abc import Iterable
from dataclasses import dataclass

from kinto_core import hookimpl, setting


@dataclass(frozen=True, kw_only=True)
class GreeterSettings:
    """How visitors are greeted."""

    greeter_greeting: str = setting("Hello", help="The first word of each greeting.")


@hookimpl
def register_settings() -> Iterable[type]:
    """The table above; its values are in ``server.settings.of(GreeterSettings)``."""
    return [GreeterSettings]
