"""The plugin on a whole server."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from webtest import TestApp

from kinto_core import ResourceChanged, hookimpl
from kinto_core.errors import BackendUnavailable, ConfigurationError, Refused
from kinto_core.server import Server
from kinto_core.testing import make_app, make_server
from kinto_core.testing.consuming import deliver_pending
from tests.plugins.redis_listener.logged import (
    event_of,
    list_texts,
    list_uris,
    stream_entries,
    stream_uris,
)

BLOG = "/buckets/blog"
ARTICLES = "/buckets/blog/collections/articles"
PLUGIN = {"includes": "redis_listener"}


@contextmanager
def client_of(values: Mapping[str, str]) -> Iterator[TestApp]:
    """A client of a server with these settings."""
    app = make_app(values)
    client = TestApp(app)
    client.authorization = ("Basic", ("alice", "secret"))
    yield client
    app.close()


def server_of(client: TestApp) -> Server:
    server = client.app.registry.site.server
    assert isinstance(server, Server)
    return server


def write(client: TestApp) -> None:
    """Create a bucket, a collection and two records, and delete one."""
    client.put(f"/v1{BLOG}")
    client.put(f"/v1{ARTICLES}")
    for name in ("a", "b"):
        client.put_json(f"/v1{ARTICLES}/records/{name}", {"data": {"title": name}})
    client.delete(f"/v1{ARTICLES}/records/a")


EXPECTED = [BLOG, ARTICLES, *(f"{ARTICLES}/records/{name}" for name in ("a", "b", "a"))]


def test_every_change_arrives_in_the_stream(redis_url: str) -> None:
    with client_of({**PLUGIN, "redis_url": redis_url}) as client:
        write(client)
        assert deliver_pending(server_of(client)) == 5
    assert stream_uris(redis_url) == EXPECTED
    last = stream_entries(redis_url)[-1]
    assert last["action"] == "delete"
    assert event_of(last)["impacted_objects"][0]["old"]["title"] == "a"


class NoGroups:
    """A plugin that refuses groups after everybody else has seen them."""

    @hookimpl(trylast=True)
    def resource_changed(self, event: ResourceChanged) -> None:
        """See ``kinto_core.hookspecs``."""
        if event.resource_name == "group":
            message = "no groups"
            raise Refused(message)


def test_nothing_arrives_of_a_request_that_is_refused(redis_url: str) -> None:
    # notifications N-9: what is undone was never announced
    with client_of({**PLUGIN, "redis_url": redis_url}) as client:
        server_of(client).plugins.add(NoGroups(), "no_groups")
        client.put(f"/v1{BLOG}")
        client.put_json(f"/v1{BLOG}/groups/g", {"data": {"members": []}}, status=403)
        deliver_pending(server_of(client))
    assert stream_uris(redis_url) == [BLOG]


def test_listeners_choose_independently(redis_url: str) -> None:
    values = {
        **PLUGIN,
        "redis_url": redis_url,
        "redis_listener.listeners": "jobs audit",
        "redis_listener.jobs.mode": "list",
        "redis_listener.jobs.listname": "jobs",
        "redis_listener.jobs.resources": "record",
        "redis_listener.jobs.actions": "create update",
        "redis_listener.audit.stream": "audit",
        "redis_listener.audit.buckets": "b*",
        "redis_listener.audit.collections": "art*",
    }
    with client_of(values) as client:
        client.put("/v1/buckets/shop")
        write(client)
        deliver_pending(server_of(client))
    assert list_uris(redis_url, "jobs") == [f"{ARTICLES}/records/{name}" for name in ("a", "b")]
    assert stream_uris(redis_url, "audit") == EXPECTED[1:]


def test_a_listener_that_fails_holds_no_other_up_and_loses_nothing(redis_url: str) -> None:
    values = {
        **PLUGIN,
        "redis_listener.listeners": "away here",
        "redis_listener.away.url": "unix:///nowhere/at/all.sock",
        "redis_listener.here.url": redis_url,
    }
    with client_of(values) as client:
        write(client)
        server = server_of(client)
        with pytest.raises(BackendUnavailable):
            deliver_pending(server, name="redis_listener.away")
        assert deliver_pending(server, name="redis_listener.here") == 5
        assert client.get("/v1/__heartbeat__", status=503).json["redis_listener"] is False
    assert stream_uris(redis_url) == EXPECTED


@pytest.mark.parametrize("use", ["kinto_redis.listeners", "kinto_redis_listener"])
def test_settings_of_the_protocol_world_fill_the_list(use: str, redis_url: str) -> None:
    values = {  # notifications N-5
        "event_listeners": "redis",
        "event_listeners.redis.use": use,
        "event_listeners.redis.url": redis_url,
        "event_listeners.redis.pool_size": "5",
        "event_listeners.redis.pool_timeout": "3",
        "event_listeners.redis.listname": "events",
        "event_listeners.redis.actions": "create",
        "event_listeners.redis.resources": "record",
    }
    with client_of(values) as client:
        write(client)
        assert list_texts(redis_url, "events") == []
        deliver_pending(server_of(client))
        assert client.get("/v1/__heartbeat__").json["event_listeners.redis"] is True
    assert list_uris(redis_url, "events") == [f"{ARTICLES}/records/{name}" for name in ("a", "b")]


def test_the_module_may_be_named_as_the_listener(redis_url: str) -> None:  # events E-63 c
    values = {
        "event_listeners": "kinto_redis.listeners",
        "event_listeners.listeners.url": redis_url,
    }
    with client_of(values) as client:
        write(client)
        deliver_pending(server_of(client))
    assert list_uris(redis_url) == EXPECTED


def test_both_kinds_of_settings_work_side_by_side(redis_url: str) -> None:
    values = {
        **PLUGIN,
        "redis_url": redis_url,
        "event_listeners": "redis",
        "event_listeners.redis.use": "kinto_redis.listeners",
    }
    with client_of(values) as client:
        write(client)
        deliver_pending(server_of(client))
    assert list_uris(redis_url) == stream_uris(redis_url) == EXPECTED


def test_faulty_settings_of_the_protocol_world_stop_the_start() -> None:
    values = {
        "event_listeners": "redis",
        "event_listeners.redis.use": "kinto_redis.listeners",
        "event_listeners.redis.pool_size": "many",
    }
    with pytest.raises(ConfigurationError, match=r"event_listeners\.redis\.pool_size = many"):
        make_server(values)


def test_faulty_settings_stop_the_start() -> None:
    with pytest.raises(ConfigurationError, match=r"redis_listener\.redis\.mode"):
        make_server({**PLUGIN, "redis_listener.redis.mode": "both"})


def test_the_root_view_says_that_changes_are_pushed_but_not_where(redis_url: str) -> None:
    with client_of({**PLUGIN, "redis_url": redis_url}) as client:
        entry = client.get("/v1/").json["capabilities"]["redis_listener"]
    assert set(entry) == {"description", "url"}
    assert redis_url not in str(entry)


def test_the_embedded_server_is_run_when_no_other_is_named(redis_url: str) -> None:
    def services(values: Mapping[str, str]) -> list[str]:
        with make_server({**PLUGIN, **values}) as server:
            answers = server.plugins.gather("register_services", server=server)
            return [service.name for answer in answers for service in answer]

    assert services({}) == ["valkey"]
    assert services({"redis_url": redis_url}) == []
    assert services({"redis_listener.redis.url": redis_url}) == []
    assert services({"redis_listener.listeners": ""}) == []
