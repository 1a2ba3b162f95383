"""Finds plugins by the names that ``includes`` uses, and says which are installed.

Nothing is registered here, and nothing but the named plugins is imported: installed is not enabled.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from kinto_core.errors import ConfigurationError

ENTRY_POINTS = "kinto.plugins"
"""The entry-point group in which distributions name their plugins."""

BUILTIN = "kinto_core.builtin"
"""The package of the plugins that come with the server."""


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """An imported plugin.

    Attributes:
        name: as in ``includes``.
        module: what was imported: a module, for nearly all.
        distribution: what installed it; ``None`` for built-in ones and loose modules.
        version: of that distribution.
    """

    name: str
    module: Any
    distribution: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class InstalledPlugin:
    """A plugin that could be enabled.

    Attributes:
        name: what to write in ``includes``.
        distribution: what installed it; ``None`` for built-in ones.
        version: of that distribution.
    """

    name: str
    distribution: str | None = None
    version: str | None = None


def installed() -> list[InstalledPlugin]:
    """The built-in plugins, then those of entry points, each by name; nothing is imported."""
    package = importlib.import_module(BUILTIN)
    builtin = sorted(
        one.name for one in pkgutil.iter_modules(package.__path__) if not one.name.startswith("_")
    )
    named = sorted(metadata.entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name)
    return [
        *(InstalledPlugin(name) for name in builtin),
        *dict.fromkeys(InstalledPlugin(entry.name, *_origin(entry)) for entry in named),
    ]


def find_all(names: Sequence[str]) -> list[LoadedPlugin]:
    """Import plugins, each name once.

    Args:
        names: short names of built-in plugins and of entry points, or dotted names.

    Raises:
        ConfigurationError: a sentence for each that cannot be imported.
    """
    problems: list[str] = []
    found: list[LoadedPlugin] = []
    for name in dict.fromkeys(names):
        try:
            found.append(find(name))
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    return found


def find(name: str) -> LoadedPlugin:
    """Import one plugin: a built-in one, else one of an entry point, else a dotted name.

    Raises:
        ConfigurationError: there is none of that name, or importing it failed.
    """
    module = _import(f"{BUILTIN}.{name}", name)
    if module is not None:
        return LoadedPlugin(name, module)
    entries = {entry.value: entry for entry in metadata.entry_points(group=ENTRY_POINTS, name=name)}
    if len(entries) > 1:
        owners = " and ".join(sorted(_origin(entry)[0] or "?" for entry in entries.values()))
        message = f"plugin {name!r} is in {owners}: write the dotted name of the one you mean"
        raise ConfigurationError([message])
    for entry in entries.values():
        return LoadedPlugin(name, _load(entry, name), *_origin(entry))
    module = _import(name, name)
    if module is None:
        raise ConfigurationError([_unknown(name)])
    return LoadedPlugin(name, module)


def find_builtin(name: str) -> Any | None:  # noqa: ANN401  a module has what it has
    """Import a built-in plugin; ``None`` when there is none of that name.

    Raises:
        ConfigurationError: importing it failed.
    """
    return _import(f"{BUILTIN}.{name}", name) if name.isidentifier() else None


def _import(path: str, name: str) -> Any | None:  # noqa: ANN401  a module has what it has
    """The module of a dotted path; ``None`` if it, or a package on the way, does not exist."""
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name and f"{path}.".startswith(f"{error.name}.") and error.name != BUILTIN:
            return None
        raise _failed(name, error) from error
    except Exception as error:
        raise _failed(name, error) from error


def _load(entry: metadata.EntryPoint, name: str) -> Any:  # noqa: ANN401  a module has what it has
    """What an entry point names."""
    try:
        return entry.load()
    except Exception as error:
        raise _failed(name, error) from error


def _origin(entry: metadata.EntryPoint) -> tuple[str | None, str | None]:
    """The distribution of an entry point and its version."""
    return (entry.dist.name, entry.dist.version) if entry.dist else (None, None)


def _failed(name: str, error: Exception) -> ConfigurationError:
    text = " ".join(str(error).split())
    return ConfigurationError(
        [f"plugin {name!r} cannot be imported: {type(error).__name__}: {text}"]
    )


def _unknown(name: str) -> str:
    known = ", ".join(plugin.name for plugin in installed())
    return f"includes: there is no plugin {name!r}; installed are: {known}"
