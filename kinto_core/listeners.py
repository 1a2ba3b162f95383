"""Listeners that the settings name (``event_listeners``), on top of the same hooks as plugins.

A listener is a callable that takes an event. It is called inside the transaction, so it may refuse
a change by raising; what leaves the process belongs into a durable consumer instead. For that, a
listener may be an object with hooks: it is registered as a plugin would be, and not called.

Source: events section 11.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from kinto_core import json
from kinto_core.errors import ConfigurationError
from kinto_core.events.event import Action, ResourceChanged, ResourceRead
from kinto_core.events.selector import WRITES, Selector
from kinto_core.hooks import Plugins, hook_names
from kinto_core.hookspecs import hookimpl
from kinto_core.metrics import NO_METRICS, Metrics
from kinto_core.settings import Settings
from kinto_core.settings.aliases import LISTENERS
from kinto_core.settings.setting import settings_of

Listener = Callable[[ResourceChanged | ResourceRead], object]
"""What ``load_from_config`` gives, unless it gives an object with hooks."""

_DEPTH = 100


class ListenerConfig:
    """What ``load_from_config(config, prefix)`` gets.

    Attributes:
        registry: has ``settings``, the same mapping as ``get_settings()``.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = _plain(settings)
        self.registry = SimpleNamespace(settings=self._settings)

    def get_settings(self) -> dict[str, Any]:
        """Every setting by its name without ``kinto.``; JSON texts are values. Source: E-63 a."""
        return self._settings


@dataclass(frozen=True, slots=True)
class ConfiguredListener:
    """A listener and what it wants.

    Attributes:
        alias: its name.
        listener: what is called; ``None`` for one that has hooks.
        selector: the wanted events, if it is called.
        metrics: gets the seconds of each call.
        hooks: an object with hooks, if it is one.
    """

    alias: str
    listener: Listener | None
    selector: Selector
    metrics: Metrics
    hooks: object = None

    def take(self, event: ResourceChanged | ResourceRead) -> None:
        """Call the listener if it wants this event. Source: events E-65."""
        if self.listener is not None and self.selector.matches(event):
            with self.metrics.timer(f"listeners_{self.alias}_seconds"):
                self.listener(event)


class _OnChange:
    """Gives changes to a listener."""

    def __init__(self, configured: ConfiguredListener) -> None:
        self._configured = configured

    @hookimpl
    def resource_changed(self, event: ResourceChanged) -> None:
        """See ``kinto_core.hookspecs``."""
        self._configured.take(event)


class _OnRead:
    """Gives reads to a listener."""

    def __init__(self, configured: ConfiguredListener) -> None:
        self._configured = configured

    @hookimpl
    def resource_read(self, event: ResourceRead) -> None:
        """See ``kinto_core.hookspecs``."""
        self._configured.take(event)


def load_listeners(
    plugins: Plugins, settings: Settings, metrics: Metrics = NO_METRICS
) -> tuple[ConfiguredListener, ...]:
    """Load the listeners of the settings and register them, before all plugins. Source: E-66.

    Args:
        plugins: gains the listeners.
        settings: ``event_listeners`` and their parameters.
        metrics: gets the seconds of each call as ``listeners_<name>_seconds``.

    Returns:
        The listeners, in the order of the setting.

    Raises:
        ConfigurationError: a sentence for each that cannot work. Source: events E-64.
    """
    problems: list[str] = []
    loaded: list[ConfiguredListener] = []
    config = ListenerConfig(settings) if settings.event_listeners else None
    for name in dict.fromkeys(settings.event_listeners):
        try:
            loaded.append(_load(name, settings, config, metrics))
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    for configured in reversed(loaded):  # what is added last is called first
        if configured.listener is None:
            plugins.add(configured.hooks, f"event_listeners.{configured.alias}")
            continue
        if configured.selector.actions & WRITES:
            plugins.add(_OnChange(configured), f"event_listeners.{configured.alias}")
        if Action.READ in configured.selector.actions:
            plugins.add(_OnRead(configured), f"event_listeners.{configured.alias} (reads)")
    return tuple(loaded)


def _load(
    name: str, settings: Settings, config: ListenerConfig | None, metrics: Metrics
) -> ConfiguredListener:
    """One listener; its name may be that of its module. Source: events E-63 c."""
    alias = name.rpartition(".")[2]
    parameters: Mapping[str, str] = settings.listeners.get(alias, {})
    prefix = f"event_listeners.{alias}."
    path = parameters.get("use") or (name if "." in name else "")
    if not path:
        message = f"{prefix}use is missing: it names the module of the listener"
        raise ConfigurationError([message])
    module = _import(path, prefix)
    selector = Selector.parse(parameters, prefix)
    try:
        listener = module.load_from_config(config, prefix)
    except ConfigurationError:
        raise
    except Exception as error:
        message = f"listener {alias!r} ({path}) failed to start: {type(error).__name__}: {error}"
        raise ConfigurationError([message]) from error
    if callable(listener):
        return ConfiguredListener(alias, listener, selector, metrics)
    if not any(hasattr(listener, hook) for hook in hook_names()):
        function = "load_from_config(config, prefix)"
        message = f"{prefix}use = {path}: {function} must give a callable or an object with hooks"
        raise ConfigurationError([message])
    return ConfiguredListener(alias, None, selector, metrics, hooks=listener)


def _import(path: str, prefix: str) -> Any:  # noqa: ANN401  a module has what it has
    """The module of a listener."""
    try:
        module = importlib.import_module(LISTENERS.get(path, path))
    except Exception as error:
        message = f"{prefix}use = {path} cannot be imported: {type(error).__name__}: {error}"
        raise ConfigurationError([message]) from error
    if not hasattr(module, "load_from_config"):
        message = f"{prefix}use = {path} has no function load_from_config(config, prefix)"
        raise ConfigurationError([message])
    return module


def _plain(settings: Settings) -> dict[str, Any]:
    """Every setting by name: those of the server, then what else is written."""
    values = {
        one.name: getattr(settings, one.attribute)
        for one in settings_of(Settings)
        if not one.pattern
    }
    values |= {name: _value(text) for name, text in settings.extra.items()}
    for alias, parameters in settings.listeners.items():
        values |= {
            f"event_listeners.{alias}.{name}": _value(text) for name, text in parameters.items()
        }
    return values


def _value(text: str) -> Any:  # noqa: ANN401  any JSON value
    """The value of a text that is JSON, else the text. Source: events E-78."""
    try:
        return json.loads(text, _DEPTH)
    except json.InvalidJSON:
        return text
