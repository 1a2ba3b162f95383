"""The enabled plugins as far as commands need them: their settings and their commands.

Apart from ``options.py``, because loading plugins takes long.
"""

from pathlib import Path

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


def register(group: click.Group, ini: Path | None) -> None:
    """Let the enabled plugins add their commands.

    Args:
        group: gets the commands.
        ini: the settings file that the command line names.

    Raises:
        ConfigurationError: the settings cannot work, or a plugin cannot be loaded.
    """
    plugins = Plugins.load(load_settings(ini).includes)
    plugins.hook.register_commands(cli=group)
