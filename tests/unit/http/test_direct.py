"""Resources and endpoints are answered without a Pyramid request, and alike with one."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import webtest
from pyramid.config import Configurator
from pyramid.events import ContextFound, NewRequest, NewResponse
from pyramid.httpexceptions import HTTPForbidden, HTTPFound
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from pyramid.router import default_execution_policy

from kinto_core.hookspecs import hookimpl
from kinto_core.http.direct import Direct
from tests.unit.http.conftest import MakeApp

Include = Callable[[Configurator], None]
AppOf = Callable[..., webtest.TestApp]


class Case(NamedTuple):
    """A request."""

    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: str = ""


JSON = {"Content-Type": "application/json"}
CASES = [
    Case("GET", "/v1/buckets"),
    Case("GET", "/v1/buckets/b"),
    Case("HEAD", "/v1/buckets/b"),
    Case("HEAD", "/v1/buckets"),
    Case("GET", "/v1/buckets/other"),
    Case("GET", "/v1/buckets/b?_fields=id"),
    Case("GET", "/v1/buckets?_limit=x"),
    Case("GET", "/v1/buckets?a=%ff"),
    Case("GET", "/v1/buckets/%ff"),
    Case("GET", "/v1/buckets/%C3%A9"),
    Case("GET", "/v1/buckets/default"),
    Case("GET", "/v1/buckets/"),
    Case("GET", "/v1/buckets/b/"),
    Case("GET", "/v1/buckets//collections"),
    Case("GET", "/buckets/b"),
    Case("GET", "/v1/nothing/b"),
    Case("PUT", "/v1/buckets/b", JSON, '{"data": {"a": 1}}'),
    Case("PUT", "/v1/buckets/b", {**JSON, "If-None-Match": "*"}, "{}"),
    Case("PUT", "/v1/buckets/b", JSON, "{"),
    Case("PUT", "/v1/buckets/b", {"Content-Type": "text/plain"}, "{}"),
    Case("PUT", "/v1/buckets/b", JSON, '"' + "x" * 3000 + '"'),
    Case("PATCH", "/v1/buckets/b", JSON, '{"data": {"b": 2}}'),
    Case("POST", "/v1/buckets/b/collections", JSON, '{"data": {"id": "c"}}'),
    Case("DELETE", "/v1/buckets/b/collections/c"),
    Case("OPTIONS", "/v1/buckets/b", {"Origin": "a", "Access-Control-Request-Method": "GET"}),
    Case("TRACE", "/v1/buckets/b"),
    Case("GET", "/v1/buckets/b", {"Authorization": "Basic !"}),
    Case("GET", "/v1/buckets/b", {"Authorization": "Basic !", "Accept": "application/json"}),
    Case("GET", "/v1/buckets/b", {"Accept": "image/png"}),
    Case("GET", "/v1/buckets/b", {"Origin": "http://a.org"}),
    Case("GET", "/v1/"),
    Case("HEAD", "/v1/"),
    Case("OPTIONS", "/v1/", {"Origin": "a", "Access-Control-Request-Method": "GET"}),
    Case("POST", "/v1/", JSON, "{}"),
    Case("TRACE", "/v1/"),
    Case("GET", "/v1/__heartbeat__"),
    Case("GET", "/v1/__lbheartbeat__"),
    Case("HEAD", "/v1/__lbheartbeat__"),
    Case("GET", "/v1/__version__"),
    Case("GET", "/v1/__api__"),
    Case("GET", "/v1/__api__", {"Origin": "http://a.org"}),
    Case("GET", "/v1/contribute.json"),
    Case("GET", "/v1/permissions"),
    Case("GET", "/v1/batch"),
    Case("GET", "/v1/batch/"),
    Case("POST", "/v1/batch", JSON, '{"requests": [{"path": "/buckets/b"}, {"path": "/"}]}'),
    Case("POST", "/v1/batch", JSON, '{"requests": 1}'),
    Case("POST", "/v1/batch", JSON, "{"),
    Case("POST", "/v1/batch", JSON, '"' + "x" * 3000 + '"'),
    Case("POST", "/v1/batch", {"Content-Type": "text/plain"}, "{}"),
    Case("POST", "/v1/batch"),
    Case("DELETE", "/v1/__user_data__/basicauth:x"),
    Case("OPTIONS", "/v1/__user_data__"),
]
LIMITS = {"max_body_size_bytes": "2000", "includes": "default_bucket"}


@pytest.fixture
def app_of(app_with: MakeApp, monkeypatch: pytest.MonkeyPatch) -> AppOf:
    """Makes servers with a plugin in Pyramid's manner."""

    def make(include: Include | None = None, **settings: str) -> webtest.TestApp:
        if include is not None:
            module = ModuleType("plugin_of_pyramid")
            vars(module)["includeme"] = include
            monkeypatch.setitem(sys.modules, module.__name__, module)
            names = f"{settings.get('includes', '')} {module.__name__}"
            settings = {**settings, "includes": names}
        return app_with(settings)

    return make


def is_direct(app: webtest.TestApp) -> bool:
    """Whether resources go the straight way."""
    return isinstance(app.app.execution_policy, Direct)


def passing(handler: Callable[[Request], Response], _registry: Registry) -> object:
    """A tween that does nothing."""
    return handler


def with_tween(config: Configurator) -> None:
    """Somebody watches."""
    config.add_tween(f"{__name__}.passing")


def answers(app: webtest.TestApp) -> list[tuple[Any, ...]]:
    """Status, headers and body of each, without what differs from time to time."""
    app.put_json("/v1/buckets/b", {"data": {"a": 1}}, expect_errors=True)
    found = []
    for case in CASES:
        answer = app.request(
            case.path,
            method=case.method,
            headers=dict(case.headers),
            body=case.body.encode(),
            expect_errors=True,
        )
        headers = sorted((name.lower(), _masked(value)) for name, value in answer.headerlist)
        found.append((case, answer.status, headers, _masked(answer.text)))
    return found


def _masked(text: str) -> str:
    return re.sub(r"[0-9a-f-]{36}|[0-9a-f]{12}-[0-9a-f]+|\d{10,}|\d\d:\d\d:\d\d GMT", "#", text)


@pytest.mark.parametrize(
    "settings",
    [{}, {"readonly": "true"}, {"eos": "2020-01-01"}, {"eos": "2090-01-01", "backoff": "3"}],
)
def test_both_ways_answer_alike(app_of: AppOf, settings: Mapping[str, str]) -> None:
    direct = app_of(**LIMITS, **settings)
    watched = app_of(with_tween, **LIMITS, **settings)
    assert (is_direct(direct), is_direct(watched)) == (True, False)
    for one, other in zip(answers(direct), answers(watched), strict=True):
        assert one == other


class Refuser:
    """A plugin that raises in the middle of a write."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    @hookimpl
    def resource_changed(self, event: object) -> None:
        """Raise."""
        del event
        raise self._error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (HTTPForbidden("not today"), 403),
        (HTTPFound("http://a.org/"), 302),
        (ZeroDivisionError("secret"), 500),
    ],
)
@pytest.mark.parametrize("include", [None, with_tween])
def test_what_plugins_raise(
    app_of: AppOf, include: Include | None, error: Exception, status: int
) -> None:
    app = app_of(include)
    app.app.registry.site.server.plugins.add(Refuser(error), "refuser")
    answer = app.put_json("/v1/buckets/b", {}, status=status)
    assert "secret" not in answer.text
    assert "X-Request-Id" in answer.headers
    assert is_direct(app) is (include is None)


@pytest.mark.parametrize("event", [NewRequest, ContextFound, NewResponse])
def test_plugins_that_watch_requests_see_them_all(app_of: AppOf, event: type) -> None:
    seen: list[object] = []
    app = app_of(lambda config: config.add_subscriber(seen.append, event))
    app.put_json("/v1/buckets/b", {})
    app.get("/v1/buckets/b")
    assert [type(one) for one in seen] == [event, event]


def test_plugins_may_answer_in_place_of_a_resource(app_of: AppOf) -> None:
    def include(config: Configurator) -> None:
        config.add_route("mine", "/v1/buckets/{id}", request_method="GET")
        config.add_view(lambda _request: Response("mine"), route_name="mine")

    app = app_of(include)
    app.put_json("/v1/buckets/b", {})
    assert app.get("/v1/buckets/b").text == "mine"
    assert app.get("/v1/buckets").json["data"][0]["id"] == "b"


def test_plugins_with_routes_of_their_own_disturb_nobody(app_of: AppOf) -> None:
    def include(config: Configurator) -> None:
        config.add_route("mine", "/v1/buckets/{id}/mine")
        config.add_view(lambda _request: Response("mine"), route_name="mine")

    app = app_of(include)
    assert is_direct(app)
    assert app.get("/v1/buckets/b/mine").text == "mine"


def test_plugins_surround_requests_over_the_network(app_of: AppOf) -> None:
    seen: list[str] = []

    @contextmanager
    def surrounding(environ: Mapping[str, Any]) -> Iterator[None]:
        seen.append(environ["PATH_INFO"])
        yield
        seen.append("left")

    app = app_of(lambda config: config.registry.site.around.append(surrounding))
    assert is_direct(app)
    app.get("/v1/buckets")
    app.get("/v1/")
    app.get("/v1/buckets?a=%ff", status=400)  # it is refused before
    assert seen == ["/v1/buckets", "left", "/v1/", "left"]


def test_nothing_of_pyramid_runs_for_resources_and_endpoints(
    app: webtest.TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[str] = []

    def policy(environ: dict[str, Any], router: object) -> object:
        passed.append(environ["PATH_INFO"])
        return default_execution_policy(environ, router)

    monkeypatch.setattr("kinto_core.http.direct.default_execution_policy", policy)
    app.put_json("/v1/buckets/b", {})
    app.get("/v1/buckets/b")
    app.get("/v1/")
    app.get("/v1/nothing", status=404)
    assert passed == ["/v1/nothing"]
