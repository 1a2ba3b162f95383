"""Each hook, as a plugin meets it on a server; ``test_hook_<name>`` is demanded of every hook."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from webtest import TestApp

from kinto_core import hookspecs
from kinto_core.authentication.interface import Identity
from kinto_core.database.plugin_tables import pending_tables
from kinto_core.errors import Refused
from kinto_core.events.event import ResourceChanged, ResourceRead
from kinto_core.events.wire import decode
from kinto_core.hooks import dispatch_read, hook_names
from kinto_core.hookspecs import hookimpl
from kinto_core.metrics import Registry
from kinto_core.objects import ObjectKey
from kinto_core.resources.access import ANONYMOUS
from kinto_core.resources.definition import ResourceType
from kinto_core.resources.erasing import erase_principal
from kinto_core.server import Server
from kinto_core.supervisor import Service
from kinto_core.testing import make_app, make_server
from kinto_core.testing.consuming import deliver_pending
from kinto_core.testing.factories import make_read
from kinto_core.testing.recorder import HookRecorder
from kinto_core.transactions import Transaction

PARTS = ("When:", "Transaction:", "Returns:", "Raising:")
BUCKET = "/v1/buckets/blog"


class Site:
    """A served application, and what its plugins may look at."""

    def __init__(self) -> None:
        application = make_app()
        self.server: Server = application.registry.site.server
        self.recorder = HookRecorder()
        self.server.plugins.add(self.recorder, "recorder")
        self.http = TestApp(application)
        self.http.authorization = ("Basic", ("alice", "secret"))

    def add(self, **functions: Callable[..., Any]) -> None:
        """Register a plugin with these hooks."""
        module = SimpleNamespace(**{name: hookimpl(one) for name, one in functions.items()})
        self.server.plugins.add(module, "plugin")


@pytest.fixture
def site() -> Iterator[Site]:
    """A served application with a recorder."""
    found = Site()
    yield found
    found.server.close()


@pytest.mark.parametrize("name", hook_names())
def test_each_hook_says_when_where_and_what_raising_does(name: str) -> None:
    text = getattr(hookspecs, name).__doc__
    places = [text.index(part) for part in PARTS]
    assert places == sorted(places)


def test_a_request_calls_its_hooks_in_order(site: Site) -> None:
    site.http.put(BUCKET, status=201)
    site.http.put_json(f"{BUCKET}/collections/c", {"data": {"n": 1}}, status=201)
    site.http.delete(BUCKET, status=200)
    assert site.recorder.texts == [
        "resource_changed create bucket",
        "after_resource_changed create bucket",
        "resource_changed create collection",
        "after_resource_changed create collection",
        "resource_changed delete bucket",
        "after_resource_changed delete bucket",
    ]


def test_a_batch_is_one_unit(site: Site) -> None:
    paths = ["/buckets/a", "/buckets/a/collections/c", "/buckets/b"]
    requests = [{"method": "PUT", "path": path} for path in paths]
    site.http.post_json("/v1/batch", {"requests": requests}, status=200)
    assert site.recorder.texts == [  # events E-29, E-33
        "resource_changed create bucket",
        "resource_changed create collection",
        "after_resource_changed create bucket",
        "after_resource_changed create collection",
    ]


def test_requests_that_fail_call_no_hook(site: Site) -> None:
    site.http.get(BUCKET, status=403)
    site.http.put_json(BUCKET, {"data": 1}, status=400)
    assert site.recorder.texts == []  # events E-14


def test_a_hook_before_the_commit_may_refuse(site: Site) -> None:
    def resource_changed(event: ResourceChanged) -> None:
        message = f"no {event.changes[0].object_id} here"
        raise Refused(message)

    site.add(resource_changed=resource_changed)
    answer = site.http.put(BUCKET, status=403)
    assert answer.json["errno"] == 121  # events E-59 d
    assert site.recorder.events() == []  # events E-59 c
    site.http.get(BUCKET, status=403)


def test_hook_resource_changed(site: Site) -> None:
    """It sees the writing transaction and the server."""
    seen: list[Any] = []

    def resource_changed(event: ResourceChanged, transaction: Transaction, server: Server) -> None:
        seen.extend((event, transaction.storage, server))

    site.add(resource_changed=resource_changed)
    site.http.put(BUCKET, status=201)
    (event, storage, server) = seen
    assert event.payload["uri"] == "/buckets/blog"
    assert storage is site.server.storage
    assert server is site.server


def test_hook_after_resource_changed(site: Site) -> None:
    """It finds the change committed, and raising changes nothing."""
    found: list[str] = []

    def after_resource_changed(event: ResourceChanged, server: Server) -> None:
        key = ObjectKey("", "bucket", event.changes[0].object_id)
        with server.transaction() as tx:
            (stored,) = tx.look_up([key], user_id=None).objects
        found.append(stored.id if stored else "nothing")
        message = "too late to refuse"
        raise RuntimeError(message)

    site.add(after_resource_changed=after_resource_changed)
    site.http.put(BUCKET, status=201)  # events E-60
    assert found == ["blog"]
    assert site.http.get(BUCKET, status=200).json["data"]["id"] == "blog"


def test_hook_resource_read(site: Site) -> None:
    """It gets the objects and the server."""
    seen: list[Any] = []

    def resource_read(event: ResourceRead, server: Server) -> None:
        seen.extend((event.read_objects, server))

    site.add(resource_read=resource_read)
    dispatch_read(site.server.plugins, make_read({"id": "first"}))
    assert seen == [({"id": "first"},), site.server]


def loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str) -> None:
    """Make a module ``plugin_under_test`` that can be named in ``includes``."""
    (tmp_path / "plugin_under_test.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "plugin_under_test", raising=False)


SETTINGS_PLUGIN = """
from dataclasses import dataclass
from kinto_core.hookspecs import hookimpl
from kinto_core.settings import setting

@dataclass(frozen=True, kw_only=True)
class Paper:
    prefix = "paper."
    weight_grams: int = setting(80, help="How heavy the paper is.")

@hookimpl
def register_settings():
    return [Paper]
"""


def test_hook_register_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It adds a table."""
    loaded(monkeypatch, tmp_path, SETTINGS_PLUGIN)
    with make_server({"includes": "plugin_under_test", "paper.weight_grams": "120"}) as server:
        (table,) = server.plugins.settings_tables()
        assert server.settings.plugin(table).weight_grams == 120


RESOURCE_PLUGIN = """
from kinto_core.hookspecs import hookimpl
from kinto_core.resources.definition import ResourceType

@hookimpl
def register_resources():
    return [ResourceType(name="toy")]
"""


def test_hook_register_resources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It adds a type."""
    loaded(monkeypatch, tmp_path, RESOURCE_PLUGIN)
    with make_server({"includes": "plugin_under_test"}) as server:
        kind = server.types.by_name["toy"]
        assert isinstance(kind, ResourceType)
        assert kind.object_path == "/toys/{id}"


def test_hook_register_services(site: Site) -> None:
    """It names processes."""

    def register_services(server: Server) -> list[Service]:
        return [Service("relay", [server.settings.project_name])]

    site.add(register_services=register_services)
    ((service,),) = site.server.plugins.gather("register_services", server=site.server)
    assert service.name == "relay"


def test_hook_register_commands(site: Site) -> None:
    """It adds commands."""

    def register_commands(cli: click.Group) -> None:
        cli.add_command(click.Command("print"))

    site.add(register_commands=register_commands)
    group = click.Group()
    site.server.plugins.gather("register_commands", cli=group)
    assert list(group.commands) == ["print"]


CHECKS_PLUGIN = """
from kinto_core.hookspecs import hookimpl

@hookimpl
def register_heartbeats(server):
    return {"printer": lambda: False}

@hookimpl
def register_capabilities(server):
    return {"print": {"description": "Prints.", "url": "", "pages": 2}}
"""


def test_hook_register_heartbeats(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It adds a check."""
    loaded(monkeypatch, tmp_path, CHECKS_PLUGIN)
    application = make_app({"includes": "plugin_under_test"})
    answer = TestApp(application).get("/v1/__heartbeat__", status=503)
    assert answer.json["printer"] is False  # events E-77
    application.close()


def test_hook_register_capabilities(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It adds an entry to the root view."""
    loaded(monkeypatch, tmp_path, CHECKS_PLUGIN)
    application = make_app({"includes": "plugin_under_test"})
    answer = TestApp(application).get("/v1/")
    assert answer.json["capabilities"]["print"]["pages"] == 2  # events E-75
    application.close()


TABLES_PLUGIN = """
from sqlalchemy import Column, MetaData, Table, Text
from kinto_core import hookimpl
from kinto_core.database.plugin_tables import PluginTables
metadata = MetaData()
Table("notes", metadata, Column("uri", Text, primary_key=True))
@hookimpl
def register_tables():
    return [PluginTables(name="notes", metadata=metadata, version=1)]
"""


def test_hook_register_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """They are there once the server is prepared."""
    loaded(monkeypatch, tmp_path, TABLES_PLUGIN)
    with make_server({"includes": "plugin_under_test"}) as server:
        with server.transaction() as tx:
            tx.connection.command("INSERT INTO notes VALUES ('/buckets/b')")
        assert pending_tables(server.storage.database, server.tables) == []


CONSUMER_PLUGIN = """
from kinto_core import hookimpl
from kinto_core.eventlog import Consumer
GOT = []
@hookimpl
def register_consumers():
    return [Consumer(name="printer", deliver=lambda events: GOT.extend(one.text for one in events))]
"""


def test_hook_register_consumers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It gets what was committed, from the event log, which is written for it."""
    loaded(monkeypatch, tmp_path, CONSUMER_PLUGIN)
    application = make_app({"includes": "plugin_under_test"})
    http = TestApp(application)
    http.authorization = ("Basic", ("alice", "secret"))
    http.put(BUCKET)
    server: Server = application.registry.site.server
    assert deliver_pending(server) == 1
    (text,) = sys.modules["plugin_under_test"].GOT
    assert decode(text).changes[0].uri == "/buckets/blog"
    assert http.get("/v1/__heartbeat__").json["events"] is True
    application.close()


def test_hook_principals(site: Site) -> None:
    """It adds principals."""

    def principals(identity: Identity) -> list[str]:
        return [f"printer:{identity.policy}"]

    site.add(principals=principals)
    answer = site.http.get("/v1/")
    assert "printer:basicauth" in answer.json["user"]["principals"]


def test_principals_of_plugins_are_inherited_like_others(site: Site) -> None:
    """Who counts as something through a plugin reads what is granted to it further up."""

    def principals(identity: Identity) -> list[str]:
        return [f"printer:{identity.policy}"]

    site.add(principals=principals)
    shared = {"permissions": {"read": ["printer:basicauth"], "write": ["printer:basicauth"]}}
    site.http.put_json("/v1/buckets/shared", shared)
    records = "/v1/buckets/shared/collections/c/records"
    site.http.put_json("/v1/buckets/shared/collections/c", {})
    site.http.put_json(f"{records}/r", {"data": {"n": 1}})
    site.http.authorization = ("Basic", ("somebody", "else"))
    assert site.http.get(f"{records}/r").json["data"]["n"] == 1  # protocol P-15
    assert len(site.http.get(records).json["data"]) == 1
    inside = [{"path": f"{records}/r"}, {"path": records}]
    batch = site.http.post_json("/v1/batch", {"requests": inside}).json["responses"]
    assert [entry["status"] for entry in batch] == [200, 200]
    site.http.patch_json(f"{records}/r", {"data": {"n": 2}})
    site.http.delete(records)


METRICS_PLUGIN = """
from kinto_core.hookspecs import hookimpl
from kinto_core.metrics import Registry

@hookimpl
def register_metrics(settings):
    return Registry(disabled={f"backend_{settings.project_name}_seconds"})
"""


def test_hook_register_metrics(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It gets every measurement."""
    loaded(monkeypatch, tmp_path, METRICS_PLUGIN)
    with make_server({"includes": "plugin_under_test", "project_name": "storage"}) as server:
        assert isinstance(server.metrics, Registry)
        server.cache.get("unknown")
        measured = server.metrics.measured()
        assert list(measured.histograms) == ["backend_cache_seconds"]
        assert measured.counters == {"cache_misses": {(): 1}}  # settings S-229


def test_hook_principal_erased(site: Site) -> None:
    told: list[tuple[str, list[str]]] = []

    def principal_erased(principal: str, objects: list[ObjectKey]) -> None:
        told.append((principal, [key.uri for key in objects]))

    site.add(principal_erased=principal_erased)
    site.http.put(BUCKET)
    alice = site.http.get("/v1/").json["user"]["id"]
    with site.server.transaction() as tx:
        erase_principal(tx, site.server.rules, alice, ANONYMOUS, "/")
    assert told == [(alice, ["/buckets/blog"])]


def test_hook_server_closing(site: Site) -> None:
    answered: list[bool] = []

    def server_closing(server: Server) -> None:
        if not answered:  # a server may be closed twice
            answered.append(server.is_alive(server.storage.database))

    site.add(server_closing=server_closing)
    site.server.close()
    assert answered == [True]


def test_hook_server_flushed(site: Site) -> None:
    """It follows a flush."""
    site.server.flush()
    assert site.recorder.texts == ["server_flushed"]  # events E-72
