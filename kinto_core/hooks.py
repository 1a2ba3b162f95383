"""The plugins of one server: registers what ``includes`` names and calls their hooks.

Each server has a plugin manager of its own, so two servers in one program do not meet. Finding and
importing plugins is the business of ``discovery.py``.
"""

import difflib
import inspect
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pluggy

from kinto_core import hookspecs
from kinto_core.authentication.policies import PolicyFactory
from kinto_core.discovery import LoadedPlugin, find_all, find_builtin
from kinto_core.errors import ConfigurationError
from kinto_core.events.collector import Collector
from kinto_core.events.event import ResourceChanged, ResourceRead

if TYPE_CHECKING:
    from kinto_core.server import Server
    from kinto_core.transactions import Transaction

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One plugin's implementation of a hook.

    Attributes:
        plugin: its name.
        function: the implementation.
        arguments: the names of those it takes.
    """

    plugin: str
    function: Callable[..., object]
    arguments: tuple[str, ...]

    def __call__(self, known: Mapping[str, object]) -> None:
        """Call it with those arguments that it takes."""
        self.function(*[known[name] for name in self.arguments])


class Plugins:
    """The enabled plugins and their hooks.

    Args:
        loaded: in the order of ``includes``.

    Attributes:
        loaded: the same, each module once.
        server: whose plugins these are; it says so itself. Hooks get it as ``server``.

    Raises:
        ConfigurationError: says of each plugin that cannot work what is wrong with it.
    """

    def __init__(self, loaded: Sequence[LoadedPlugin] = ()) -> None:
        self._manager = pluggy.PluginManager("kinto")
        self._manager.add_hookspecs(hookspecs)
        self._subscribers: dict[str, tuple[Subscriber, ...]] = {}
        self.server: Server | None = None
        self.loaded = _without_repeats(loaded)
        problems: list[str] = []
        for plugin in reversed(self.loaded):  # the last registered is called first
            problems[:0] = self._register(plugin.module, plugin.name)
        if problems:
            raise ConfigurationError(problems)

    @classmethod
    def load(cls, includes: Sequence[str]) -> "Plugins":
        """Import and register plugins.

        Args:
            includes: short names of built-in plugins and of entry points, or dotted names.

        Raises:
            ConfigurationError: naming each plugin that does not work, and why.
        """
        return cls(find_all(includes))

    @property
    def hook(self) -> Any:  # noqa: ANN401  pluggy's relay has the hooks as attributes
        """The hooks as callables: keyword arguments in, the list of results out."""
        return self._manager.hook

    def add(self, plugin: object, name: str) -> None:
        """Register an object with hook methods; it is called before those that are there already.

        Raises:
            ConfigurationError: it cannot work.
        """
        problems = self._register(plugin, name)
        if problems:
            raise ConfigurationError(problems)
        self._subscribers.clear()

    def implements(self, hook: str) -> bool:
        """Whether any enabled plugin implements a hook."""
        return bool(self.subscribers(hook))

    def subscribers(self, hook: str) -> tuple[Subscriber, ...]:
        """The implementations of a hook, in the order in which they are called."""
        known = self._subscribers.get(hook)
        if known is None:
            implementations = reversed(getattr(self._manager.hook, hook).get_hookimpls())
            known = tuple(
                Subscriber(one.plugin_name, one.function, tuple(one.argnames))
                for one in implementations
            )
            self._subscribers[hook] = known
        return known

    def hooks_of(self, plugin: LoadedPlugin) -> list[str]:
        """The names of the hooks that a plugin implements."""
        callers = self._manager.get_hookcallers(plugin.module) or []
        return sorted(caller.name for caller in callers)

    def gather(self, hook: str, **arguments: object) -> list[Any]:
        """What all plugins contribute to a ``register_*`` hook, in the order of ``includes``."""
        results: list[Any] = getattr(self._manager.hook, hook)(**arguments)
        return results

    def settings_tables(self) -> list[type]:
        """The settings tables of all plugins."""
        return [table for tables in self.gather("register_settings") for table in tables]

    def resource_types(self) -> list[Any]:
        """The resource types of all plugins."""
        return [kind for kinds in self.gather("register_resources") for kind in kinds]

    def policy_factories(self, server: "Server") -> Mapping[str, PolicyFactory]:
        """The factories of ``register_policies`` by name.

        Those that a built-in plugin offers as ``policies_alone(server)`` count when the settings
        use them, though the plugin is not included. Source: built-in plugins B-85.
        """
        settings = server.settings
        answers = self.gather("register_policies", server=server)
        found = {name: one for answer in answers for name, one in answer.items()}
        enabled = settings.multiauth_policies
        uses = {settings.policies.get(name, {}).get("use", name) for name in enabled}
        for name in sorted(uses - set(found)):
            offer = getattr(find_builtin(name), "policies_alone", None)
            found |= offer(server) if offer is not None else {}
        return found

    def include_all(self, config: Any) -> None:  # noqa: ANN401  a Pyramid configurator
        """Call ``includeme(config)`` of each plugin that has one, in order.

        Raises:
            ConfigurationError: one failed; names it and why.
        """
        for plugin in self.loaded:
            include = getattr(plugin.module, "includeme", None)
            if include is None:
                continue
            try:
                include(config)
            except ConfigurationError:
                raise
            except Exception as error:
                problem = f"plugin {plugin.name!r} failed to start: {_said(error)}"
                raise ConfigurationError([problem]) from error

    def _register(self, plugin: object, name: str) -> list[str]:
        """Register one plugin; gives what is wrong with it."""
        try:
            self._manager.register(plugin, name)
        except (pluggy.PluginValidationError, ValueError) as error:
            reason = str(error).partition("\n")[2].strip() or str(error)
            return [f"plugin {name!r}: {' '.join(reason.split())}"]
        callers = self._manager.get_hookcallers(plugin) or []
        if not callers and not hasattr(plugin, "includeme"):
            return [_without_purpose(plugin, name)]
        return [
            problem
            for caller in callers
            for one in caller.get_hookimpls()
            if one.plugin is plugin and (problem := _fault(one, name, caller))
        ]


def dispatch_before(
    plugins: Plugins, collector: Collector, transaction: "Transaction", *, is_logged: bool = False
) -> list[ResourceChanged]:
    """Call ``resource_changed`` for what a transaction changed, and for what that changes.

    Args:
        plugins: who is called.
        collector: has the changes.
        transaction: for the hooks.
        is_logged: whether the events are wanted for the event log, too.

    Returns:
        The events, for the event log and ``dispatch_after``; none when nobody wants any.

    Raises:
        Exception: whatever a hook raises: the transaction is to be undone.
        EndlessCascade: hooks answer each other's changes without end.
    """
    subscribers = plugins.subscribers("resource_changed")
    if not (subscribers or is_logged or plugins.implements("after_resource_changed")):
        return []
    while events := collector.take():
        for event in events:
            known = {"event": event, "transaction": transaction, "server": plugins.server}
            for subscriber in subscribers:
                subscriber(known)
    return collector.events


def dispatch_settling(plugins: Plugins, collector: Collector, transaction: "Transaction") -> None:
    """Call ``before_commit`` with everything that a transaction changed.

    Raises:
        Exception: whatever a hook raises: the transaction is to be undone.
    """
    subscribers = plugins.subscribers("before_commit")
    if subscribers and collector.has_changes:
        known = {
            "changes": collector.changes,
            "transaction": transaction,
            "server": plugins.server,
        }
        for subscriber in subscribers:
            subscriber(known)


def dispatch_after(plugins: Plugins, events: Iterable[ResourceChanged]) -> None:
    """Call ``after_resource_changed``; what a hook raises is logged and goes no further."""
    subscribers = plugins.subscribers("after_resource_changed")
    for event in events:
        known = {"event": event, "server": plugins.server}
        for subscriber in subscribers:
            try:
                subscriber(known)
            except Exception:  # the change is committed: one failing plugin silences nobody
                logger.exception("Unable to notify %s of %s", subscriber.plugin, event)


def dispatch_read(plugins: Plugins, event: ResourceRead) -> None:
    """Call ``resource_read``; make the event only if ``plugins.implements("resource_read")``.

    Raises:
        Exception: whatever a hook raises.
    """
    known = {"event": event, "server": plugins.server}
    for subscriber in plugins.subscribers("resource_read"):
        subscriber(known)


def hook_names() -> list[str]:
    """The names of all hooks, in the order of ``hookspecs.py``."""
    return [name for name, value in vars(hookspecs).items() if hasattr(value, "kinto_spec")]


def _without_repeats(loaded: Sequence[LoadedPlugin]) -> tuple[LoadedPlugin, ...]:
    """Each module once, under the first of its names."""
    first: dict[int, LoadedPlugin] = {}
    for plugin in loaded:
        first.setdefault(id(plugin.module), plugin)
    return tuple(first.values())


def _fault(implementation: pluggy.HookImpl, plugin: str, caller: pluggy.HookCaller) -> str | None:
    """What is wrong with one implementation."""
    where = f"plugin {plugin!r}: {caller.name}"
    if not caller.has_spec() and not implementation.optionalhook:
        near = difflib.get_close_matches(caller.name, hook_names(), 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return f"{where} is not a hook{hint}"
    if implementation.wrapper or implementation.hookwrapper:
        return f"{where} is a wrapper, which is not supported"
    return None


def _without_purpose(plugin: object, name: str) -> str:
    """The sentence about a plugin that does nothing."""
    module = getattr(plugin, "__name__", "")
    forgotten = [
        hook
        for hook in hook_names()
        if inspect.isfunction(value := getattr(plugin, hook, None)) and value.__module__ == module
    ]
    if forgotten:
        return f"plugin {name!r}: mark {', '.join(forgotten)} with @kinto_core.hookimpl"
    return f"plugin {name!r} has neither hooks nor a function includeme(config)"


def _said(error: Exception) -> str:
    """The kind and the text of an error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
