"""What the commands have in common: which file they read, and how much they say."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from kinto_core import logs
from kinto_core.settings import Settings, load

F = TypeVar("F", bound=Callable[..., Any])

_PLACES = (Path("kinto.ini"), Path("config/kinto.ini"))


def common_options(function: F) -> F:
    """Add ``--ini``, ``--quiet`` and ``--verbose``; the command gets ``ini: Path | None``."""
    for option in (
        click.option(
            "-v",
            "--verbose",
            "--debug",
            is_flag=True,
            expose_value=False,
            callback=_say_more,
            help="Say more.",
        ),
        click.option(
            "-q",
            "--quiet",
            is_flag=True,
            expose_value=False,
            callback=_say_less,
            help="Say only what went wrong.",
        ),
        click.option(
            "--ini",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Settings file. [default: $KINTO_INI, else kinto.ini, else config/kinto.ini]",
        ),
    ):
        function = option(function)
    return function


def examples(*lines: str) -> str:
    """The end of a command's help: command lines, left as they are."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


def find_ini(ini: Path | None) -> Path | None:
    """The settings file: the one that is named, or the first that exists.

    Returns:
        ``None`` when none is named and none exists: settings may come from the environment.
    """
    named = ini or (Path(os.environ["KINTO_INI"]) if os.environ.get("KINTO_INI") else None)
    if named is not None:
        return named
    return next((place for place in _PLACES if place.exists()), None)


def load_settings(ini: Path | None) -> Settings:
    """The settings of the file and of the environment.

    Raises:
        ConfigurationError: they cannot work.
    """
    settings, _ = load(ini=find_ini(ini), environ=os.environ)
    return settings


def set_up_logs(settings: Settings) -> None:
    """Write this process's log records to standard error, as the settings say."""
    logs.set_up(
        level=settings.log_level,
        log_format=settings.log_format,
        project_name=settings.project_name,
        log_requests=settings.log_requests,
    )
    # Steps of migrations are told by ``kinto migrate``; what Alembic says besides is for debugging.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def tell(message: str) -> None:
    """Write a line for people on standard error, unless they want quiet."""
    if not _is_quiet():
        click.echo(message, err=True)


def tell_warnings(settings: Settings) -> None:
    """Write a line for each warning about the settings."""
    for warning in settings.warnings:
        tell(f"kinto: warning: {warning}")


def is_verbose() -> bool:
    """Whether the person wants to see more."""
    return _is_asked("kinto.verbose")


def _is_quiet() -> bool:
    return _is_asked("kinto.quiet")


def _is_asked(key: str) -> bool:
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(key))


def _say_more(context: click.Context, _parameter: click.Parameter, value: object) -> None:
    if value:
        context.meta["kinto.verbose"] = True
        logging.getLogger("kinto_core").setLevel(logging.DEBUG)


def _say_less(context: click.Context, _parameter: click.Parameter, value: object) -> None:
    if value:
        context.meta["kinto.quiet"] = True
        logging.getLogger("kinto_core").setLevel(logging.CRITICAL)
