"""The enabled plugins as far as commands need them: their settings and their commands.

Apart from ``options.py``, because loading plugins takes long.
"""

import click

from kinto_core.cli.options import load_settings
from kinto_core.hooks import Plugins
from kinto_core.settings import Settings


def with_plugins(settings: Settings) -> Settings:
    """The settings with the tables of the enabled plugins.

    Raises:
        ConfigurationError: a plugin cannot be loaded, or its settings cannot work.
    """
    plugins = Plugins.load(settings.includes)
    return settings.with_plugins(plugins.settings_tables())


def register(group: click.Group) -> None:
    """Let the enabled plugins add their commands.

    Raises:
        ConfigurationError: the settings cannot work, or a plugin cannot be loaded.
    """
    plugins = Plugins.load(load_settings(None).includes)
    plugins.hook.register_commands(cli=group)
