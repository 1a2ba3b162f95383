"""The plugins of one server: registration, order, faults, dispatch."""

import logging
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from kinto_core.discovery import LoadedPlugin
from kinto_core.errors import ConfigurationError, Refused
from kinto_core.events.collector import Collector, EndlessCascade
from kinto_core.events.event import Change, ResourceChanged
from kinto_core.hooks import Plugins, dispatch_after, dispatch_before, dispatch_read, hook_names
from kinto_core.hookspecs import hookimpl
from kinto_core.testing.factories import make_change, make_event, make_read
from kinto_core.transactions import Transaction

Mark = Callable[[Callable[..., Any]], object]
TRANSACTION = cast("Transaction", object())


def plugin(name: str, *functions: Callable[..., Any], mark: Mark = hookimpl) -> LoadedPlugin:
    """A plugin whose module has these functions as hooks."""
    module = ModuleType(name)
    for function in functions:
        setattr(module, function.__name__, mark(function))
    return LoadedPlugin(name, module)


def writes(name: str, into: list[str], mark: Mark = hookimpl) -> LoadedPlugin:
    """A plugin that writes its name down at each event."""

    def resource_changed() -> None:
        into.append(name)

    def after_resource_changed() -> None:
        into.append(f"after {name}")

    return plugin(name, resource_changed, after_resource_changed, mark=mark)


def announced(*changes: Change) -> Collector:
    """A collector with changes, or with one."""
    collector = Collector()
    for change in changes or (make_change(),):
        collector.add(change)
    return collector


def test_plugins_are_called_in_the_order_of_includes_unless_they_ask() -> None:
    calls: list[str] = []
    plugins = Plugins(
        [
            writes("last", calls, hookimpl(trylast=True)),
            writes("a", calls),
            writes("b", calls),
            writes("first", calls, hookimpl(tryfirst=True)),
        ]
    )
    plugins.add(writes("listener", calls).module, "listener")
    events = dispatch_before(plugins, announced(), TRANSACTION)
    assert calls == ["first", "listener", "a", "b", "last"]  # events E-66
    calls.clear()
    dispatch_after(plugins, events)
    assert calls == ["after first", "after listener", "after a", "after b", "after last"]


def test_contributions_are_in_the_order_of_includes() -> None:
    def contributes(table: type) -> LoadedPlugin:
        def register_settings() -> list[type]:
            return [table]

        return plugin(table.__name__, register_settings)

    plugins = Plugins([contributes(int), contributes(str)])
    assert plugins.settings_tables() == [int, str]


def test_two_servers_have_plugins_of_their_own() -> None:
    calls: list[str] = []
    shared = writes("shared", calls)
    assert Plugins([shared]).implements("resource_changed")
    assert Plugins([shared]).implements("resource_changed")
    assert not Plugins().implements("resource_changed")


def test_a_module_named_twice_is_loaded_once_under_its_first_name() -> None:
    plugins = Plugins.load(["flush", "default_bucket", "kinto_core.builtin.flush", "flush"])
    assert [one.name for one in plugins.loaded] == ["flush", "default_bucket"]
    assert plugins.hooks_of(plugins.loaded[0]) == ["register_capabilities"]


def test_implementations_get_the_arguments_they_name() -> None:
    seen: list[object] = []

    def resource_changed(server: object, event: object) -> None:
        seen.extend((server, event))

    plugins = Plugins([plugin("p", resource_changed)])
    plugins.server = cast("Any", "the server")
    (event,) = dispatch_before(plugins, announced(), TRANSACTION)
    assert seen == ["the server", event]


def wrong_name() -> None: ...


def resource_change(event: object) -> None: ...


def resource_changed(evnt: object) -> None: ...


def server_flushed() -> None: ...


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (wrong_name, "plugin 'p': wrong_name is not a hook"),
        (
            resource_change,
            "plugin 'p': resource_change is not a hook; did you mean resource_changed?",
        ),
        (resource_changed, "evnt"),
    ],
)
def test_hooks_that_do_not_fit_are_refused_with_plugin_and_hook(
    function: Callable[..., Any], problem: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Plugins([plugin("p", function)])
    (text,) = caught.value.problems
    assert problem in text
    assert text.startswith("plugin 'p': ")


def test_wrappers_are_refused() -> None:
    def resource_changed() -> Iterator[None]:
        yield

    with pytest.raises(ConfigurationError, match="resource_changed is a wrapper"):
        Plugins([plugin("p", resource_changed, mark=hookimpl(wrapper=True))])


def test_hooks_of_later_releases_can_be_optional() -> None:
    assert Plugins([plugin("p", wrong_name, mark=hookimpl(optionalhook=True))]).loaded


def test_every_faulty_plugin_is_told_in_order() -> None:
    empty = [LoadedPlugin(name, ModuleType(name)) for name in ("a", "b")]
    with pytest.raises(ConfigurationError) as caught:
        Plugins(empty)
    assert caught.value.problems == (
        "plugin 'a' has neither hooks nor a function includeme(config)",
        "plugin 'b' has neither hooks nor a function includeme(config)",
    )


def test_a_forgotten_marker_is_named() -> None:
    module = ModuleType(__name__)
    vars(module)["server_flushed"] = server_flushed
    with pytest.raises(ConfigurationError, match=r"mark server_flushed with @kinto_core\.hookimpl"):
        Plugins([LoadedPlugin("p", module)])


def test_an_object_that_does_not_fit_cannot_be_added() -> None:
    with pytest.raises(ConfigurationError, match="'x' has neither hooks"):
        Plugins().add(SimpleNamespace(), "x")


def test_includeme_is_called_in_order_and_failures_are_named() -> None:
    calls: list[object] = []
    module = SimpleNamespace(includeme=calls.append)
    plugins = Plugins([LoadedPlugin("p", module), LoadedPlugin("q", _Failing())])
    with pytest.raises(ConfigurationError, match=r"'q' failed to start: RuntimeError: no ink"):
        plugins.include_all("config")
    assert calls == ["config"]


class _Failing:
    """A plugin that cannot start."""

    def includeme(self, _config: object) -> None:
        message = "no ink"
        raise RuntimeError(message)


def test_problems_with_the_configuration_keep_their_text() -> None:
    def includeme(_config: object) -> None:
        raise ConfigurationError(["paper is empty"])

    plugins = Plugins([LoadedPlugin("p", SimpleNamespace(includeme=includeme))])
    with pytest.raises(ConfigurationError, match=r"^paper is empty$"):
        plugins.include_all("config")


def test_a_refusal_stops_the_dispatch_at_once() -> None:
    calls: list[str] = []

    def resource_changed() -> None:
        raise Refused

    plugins = Plugins([plugin("p", resource_changed), writes("later", calls)])
    with pytest.raises(Refused):
        dispatch_before(plugins, announced(), TRANSACTION)
    assert calls == []  # events E-59 a


def test_what_hooks_change_is_dispatched_after_what_is_there() -> None:
    collector = announced(make_change(uri="/buckets/a"), make_change(uri="/buckets/a/groups/g"))
    seen: list[str] = []

    def resource_changed(event: ResourceChanged) -> None:
        seen.append(event.payload["uri"])
        if event.payload["uri"] == "/buckets/a":
            collector.add(make_change(uri="/buckets/b"))

    events = dispatch_before(Plugins([plugin("p", resource_changed)]), collector, TRANSACTION)
    assert seen == ["/buckets/a", "/buckets/a/groups/g", "/buckets/b"]  # events E-44
    assert [event.payload["uri"] for event in events] == seen


def test_hooks_that_answer_each_other_without_end_are_stopped() -> None:
    collector = announced()

    def resource_changed() -> None:
        collector.add(make_change())

    with pytest.raises(EndlessCascade):
        dispatch_before(Plugins([plugin("p", resource_changed)]), collector, TRANSACTION)


def test_nothing_is_made_when_nobody_listens() -> None:
    collector = announced()
    assert dispatch_before(Plugins(), collector, TRANSACTION) == []
    assert collector.events == []


def test_failures_after_commit_are_logged_and_silence_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls: list[str] = []

    def after_resource_changed() -> None:
        message = "no ink"
        raise RuntimeError(message)

    plugins = Plugins([plugin("printer", after_resource_changed), writes("b", calls)])
    with caplog.at_level(logging.ERROR):
        dispatch_after(plugins, [make_event(), make_event()])
    assert calls == ["after b", "after b"]
    assert len(caplog.records) == 2
    assert "Unable to notify printer of <ResourceChanged" in caplog.text  # events E-60
    assert "no ink" in caplog.text


def test_reads_go_to_those_who_ask() -> None:
    seen: list[object] = []

    def resource_read(event: object) -> None:
        seen.append(event)

    event = make_read()
    dispatch_read(Plugins([plugin("p", resource_read)]), event)
    assert seen == [event]


def test_names_of_hooks_are_those_of_the_specification() -> None:
    events = ["resource_changed", "before_commit", "after_resource_changed", "resource_read"]
    assert hook_names()[:4] == events
    assert "hookspec" not in hook_names()
