"""The group of commands: which there are, what their exit statuses mean, how errors look."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from kinto_core.errors import BackendUnavailable, ConfigurationError, KintoError

FAILED = 1
USAGE = 2
CONFIGURATION = 3
UNAVAILABLE = 4

_COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("kinto_core.cli.init:init", "Write a commented settings file."),
    "start": ("kinto_core.cli.start:start", "Set up what is missing and run everything."),
    "serve": ("kinto_core.cli.serve:serve", "Run the HTTP server alone."),
    "migrate": ("kinto_core.cli.migrate:migrate", "Create or upgrade the database tables."),
    "check": ("kinto_core.cli.check:check", "Check the settings and what they name."),
    "config": ("kinto_core.cli.config:config", "Show the effective settings and their origins."),
    "flush-cache": ("kinto_core.cli.flush_cache:flush_cache", "Empty the cache."),
    "purge-deleted": (
        "kinto_core.cli.purge_deleted:purge_deleted",
        "Remove old traces of deleted objects.",
    ),
    "plugin": ("kinto_core.cli.plugin:plugin", "List plugins, or begin a new one."),
    "relay": ("kinto_core.cli.relay:relay", "Deliver events to durable consumers."),
    "valkey": ("kinto_core.cli.valkey:valkey", "Run the embedded Valkey server alone."),
    "events": ("kinto_core.cli.events:events", "See and steer the event log."),
    "version": ("kinto_core.cli.version:version", "Show the release."),
}
"""Where each command is, and its line of help: commands are imported when they are called."""

_EPILOG = """\b
Exit status:
  0  it worked
  1  it failed, or was refused
  2  wrong usage of the command
  3  the settings cannot work
  4  a database, cache or broker is not available

\b
Example:
  kinto start
"""


class KintoGroup(click.Group):
    """Commands that are imported when they are called, then those of the enabled plugins.

    Errors of ours end with one line each on standard error and the status of their kind.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, ours first."""
        self._add_commands_of_plugins(ctx, is_needed=False)
        return [*_COMMANDS, *sorted(set(super().list_commands(ctx)) - set(_COMMANDS))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; one of a plugin only when none of ours is meant."""
        if cmd_name in _COMMANDS:
            module, _, attribute = _COMMANDS[cmd_name][0].partition(":")
            found: click.Command = getattr(importlib.import_module(module), attribute)
            return found
        if cmd_name not in self.commands:
            self._add_commands_of_plugins(ctx, is_needed=True)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; which plugins have some depends on the file that ``--ini`` names."""
        ctx.meta["kinto.ini"] = _named_file(args)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        rows = []
        for name in self.list_commands(ctx):
            known = _COMMANDS.get(name)
            command = self.commands.get(name)
            short = command.get_short_help_str() if command else ""
            rows.append((name, known[1] if known else short))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  whatever a command returns
        """Run the command; our errors become lines and statuses."""
        try:
            return super().invoke(ctx)
        except KintoError as error:
            ctx.exit(report(error))

    def _add_commands_of_plugins(self, ctx: click.Context, *, is_needed: bool) -> None:
        """Add them once; settings that cannot be read matter only when a command is missing."""
        if ctx.meta.setdefault("kinto.plugins_asked", False):
            return
        ctx.meta["kinto.plugins_asked"] = True
        plugin_commands = importlib.import_module("kinto_core.cli.plugin_commands")
        try:
            plugin_commands.register(self, ctx.meta.get("kinto.ini"))
        except ConfigurationError as error:
            if is_needed:
                report(error)


def _named_file(words: list[str]) -> Path | None:
    """The file that the option ``--ini`` names."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        option, equals, value = word.partition("=")
        if option == "--ini":
            return Path(value if equals else following)
    return None


def report(error: KintoError) -> int:
    """Write the lines about an error, and give the exit status of its kind."""
    if isinstance(error, ConfigurationError):
        for problem in error.problems:
            complain(problem)
        return CONFIGURATION
    complain(str(error) or (type(error).__doc__ or "").partition("\n")[0])
    return UNAVAILABLE if isinstance(error, BackendUnavailable) else FAILED


def complain(message: str) -> None:
    """Write one line about an error."""
    click.echo(f"kinto: error: {message}", err=True)


@click.group(
    cls=KintoGroup,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
)
def main() -> None:
    """Kinto Core: a JSON storage server with synchronisation, sharing and events."""
