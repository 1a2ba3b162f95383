"""Listeners that the settings name."""

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any, cast

import pytest

from kinto_core.errors import ConfigurationError, Refused
from kinto_core.events.collector import Collector
from kinto_core.events.event import Action
from kinto_core.hooks import Plugins, dispatch_before, dispatch_read
from kinto_core.hookspecs import hookimpl
from kinto_core.listeners import Listener, ListenerConfig, load_listeners
from kinto_core.metrics import Registry
from kinto_core.testing import make_settings
from kinto_core.testing.factories import make_change, make_read
from kinto_core.transactions import Transaction


class Module(ModuleType):
    """A listener's module that writes down what happens to it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.events: list[Any] = []
        self.configs: list[Any] = []

    def load_from_config(self, config: ListenerConfig, prefix: str) -> Listener:
        """What a listener's module must have."""
        self.configs.append((config, prefix))
        return self.events.append


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Module:
    """A listener that can be imported as ``a_listener.inner``."""
    found = Module("a_listener.inner")
    monkeypatch.setitem(sys.modules, "a_listener", ModuleType("a_listener"))
    monkeypatch.setitem(sys.modules, "a_listener.inner", found)
    return found


def loaded(values: Mapping[str, str], metrics: Registry | None = None) -> Plugins:
    """Plugins with the listeners of some settings."""
    plugins = Plugins()
    load_listeners(plugins, make_settings(values), metrics or Registry())
    return plugins


def announce(
    plugins: Plugins,
    action: str = "create",
    uri: str = "/buckets/blog/collections/articles/records/first",
) -> None:
    """Dispatch one change."""
    collector = Collector()
    collector.add(make_change(action=action, uri=uri))
    dispatch_before(plugins, collector, cast("Transaction", None))  # no listener gets it


BASE = {"event_listeners": "a", "event_listeners.a.use": "a_listener.inner"}


def test_a_listener_gets_every_write_and_no_read(module: Module) -> None:
    plugins = loaded(BASE)
    for action in ("create", "update", "delete"):
        announce(plugins, action=action)
    assert [str(event.action) for event in module.events] == ["create", "update", "delete"]
    assert not plugins.implements("resource_read")  # events E-65


def test_actions_resources_and_buckets_choose(module: Module) -> None:
    plugins = loaded(
        {
            **BASE,
            "event_listeners.a.actions": "update",
            "event_listeners.a.resources": "record",
            "event_listeners.a.buckets": "blog",
        }
    )
    announce(plugins, action="create")
    announce(plugins, action="update", uri="/buckets/blog")
    announce(plugins, action="update", uri="/buckets/other/collections/c/records/r")
    announce(plugins, action="update")
    assert [event.payload["uri"] for event in module.events] == [
        "/buckets/blog/collections/articles/records/first"
    ]


def test_reads_only_when_asked_for(module: Module) -> None:
    plugins = loaded({**BASE, "event_listeners.a.actions": "read"})
    assert not plugins.implements("resource_changed")
    dispatch_read(plugins, make_read())
    assert [event.action for event in module.events] == [Action.READ]  # events E-65


def test_parameters_are_read_with_the_prefix_and_json_is_converted(module: Module) -> None:
    loaded(
        {
            **BASE,
            "event_listeners.a.size": "42",
            "event_listeners.a.url": "redis://host/1",
            "event_listeners.a.deep.flag": "true",
            "my.own": "[1]",
        }
    )
    ((config, prefix),) = module.configs
    settings = config.get_settings()
    assert prefix == "event_listeners.a."  # events E-63 a
    assert settings[prefix + "size"] == 42
    assert settings[prefix + "url"] == "redis://host/1"
    assert settings[prefix + "deep.flag"] is True
    assert settings["my.own"] == [1]
    assert settings["storage_max_fetch_size"] == 10000
    assert config.registry.settings == settings


def test_a_name_can_be_the_module_itself(module: Module) -> None:
    plugins = loaded(
        {"event_listeners": "a_listener.inner", "event_listeners.inner.actions": "delete"}
    )
    assert module.configs[0][1] == "event_listeners.inner."  # events E-63 c
    announce(plugins, action="create")
    assert module.events == []


def test_listeners_are_called_in_the_order_of_the_setting(
    module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def load_from_config(_config: ListenerConfig, prefix: str) -> Listener:
        return lambda _event: order.append(prefix)

    monkeypatch.setattr(module, "load_from_config", load_from_config)
    plugins = loaded({**BASE, "event_listeners": "b a", "event_listeners.b.use": module.__name__})
    announce(plugins)
    assert order == ["event_listeners.b.", "event_listeners.a."]  # events E-66


def test_a_listener_that_raises_refuses_the_change(
    module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load_from_config(_config: ListenerConfig, _prefix: str) -> Listener:
        def refuse(_event: object) -> None:
            raise Refused

        return refuse

    monkeypatch.setattr(module, "load_from_config", load_from_config)
    with pytest.raises(Refused):
        announce(loaded(BASE))  # events E-59


@pytest.mark.usefixtures("module")
def test_calls_are_timed() -> None:
    metrics = Registry()
    announce(loaded(BASE, metrics))
    assert list(metrics.measured().histograms) == ["listeners_a_seconds"]  # settings S-228


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"event_listeners.a.use": ""}, "event_listeners.a.use is missing"),
        ({"event_listeners.a.use": "no.such"}, "use = no.such cannot be imported"),
        ({"event_listeners.a.use": "json"}, "use = json has no function load_from_config"),
        ({"event_listeners.a.actions": "Create"}, "event_listeners.a.actions: 'Create'"),
        ({"event_listeners.a.actions": "create,update"}, "separated by spaces"),
    ],
)
@pytest.mark.usefixtures("module")
def test_what_cannot_work_stops_the_start(changes: dict[str, str], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        loaded({**BASE, **changes})  # events E-64


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded({"event_listeners": "a b"})
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("answer", "problem"),
    [(None, "must give a callable"), (ValueError("no url"), "failed to start: ValueError: no url")],
)
def test_a_listener_that_does_not_load_is_named(
    module: Module, monkeypatch: pytest.MonkeyPatch, answer: object, problem: str
) -> None:
    def load_from_config(_config: ListenerConfig, _prefix: str) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(module, "load_from_config", load_from_config)
    with pytest.raises(ConfigurationError, match=problem):
        loaded(BASE)


def test_unknown_resources_are_accepted(module: Module) -> None:
    plugins = loaded({**BASE, "event_listeners.a.resources": "nothing"})
    announce(plugins)
    assert module.events == []  # events E-64


class WithHooks:
    """A listener that works through hooks, as one that must not lose anything does."""

    @hookimpl
    def register_capabilities(self) -> Mapping[str, Mapping[str, Any]]:
        """See ``kinto_core.hookspecs``."""
        return {"listening": {"description": "", "url": ""}}


def test_a_listener_with_hooks_is_registered_and_not_called(
    module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "load_from_config", lambda _config, _prefix: WithHooks())
    plugins = loaded(BASE)
    announce(plugins)
    assert not plugins.implements("resource_changed")
    assert plugins.gather("register_capabilities", server=None) == [
        {"listening": {"description": "", "url": ""}}
    ]
