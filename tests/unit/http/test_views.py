"""The steps that all resource endpoints share."""

import pytest
import webtest

from kinto_core.errors import BackendUnavailable
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.routing import Router
from kinto_core.http.site import Site
from kinto_core.http.views import failure, serve_path
from tests.unit.http.conftest import MakeApp


def ask(app: webtest.TestApp, method: str, path: str, **headers: str) -> Reply | None:
    """The reply of a path, without Pyramid."""
    site: Site = app.app.registry.site
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    exchange = Exchange(method=method, path=path, headers=named)
    return serve_path(site, Router(site.server.types), exchange)


def test_paths_of_resources_are_served(app: webtest.TestApp) -> None:
    reply = ask(app, "GET", "/buckets/b")
    assert reply is not None
    assert reply.status == 401
    assert ask(app, "GET", "/nope") is None


def test_faults_of_the_conversation_come_first(app: webtest.TestApp) -> None:
    for method, path, headers, status in (
        ("FOO", "/buckets", {}, 405),
        ("PUT", "/buckets/-b/groups/g", {"accept": "text/html"}, 404),
        ("GET", "/buckets/-b/groups/g", {"accept": "text/html"}, 406),
        ("PUT", "/buckets/b", {"content_type": "text/plain"}, 415),
        ("OPTIONS", "/buckets", {}, 400),
        ("GET", "/buckets/a\0b", {}, 400),
    ):
        reply = ask(app, method, path, **headers)
        assert reply is not None
        assert reply.status == status, (method, path)  # protocol 0-15 to 0-18


def test_what_browsers_may_read(app: webtest.TestApp) -> None:
    for method, path, count in (
        ("GET", "/buckets", 6),
        ("HEAD", "/buckets", 8),
        ("GET", "/buckets/b", 5),
    ):
        reply = ask(app, method, path)
        assert reply is not None
        assert reply.exposed is not None
        assert len(reply.exposed) == count  # protocol C-4
    refused = ask(app, "PUT", "/buckets")
    assert refused is not None
    assert refused.exposed is None


def test_failing_backends_are_logged(
    app: webtest.TestApp, caplog: pytest.LogCaptureFixture
) -> None:
    reply = failure(app.app.registry.site, BackendUnavailable("no disk"), exposed=())
    assert reply.status == 503
    assert "no disk" in caplog.text
    assert b"no disk" not in (reply.body or b"")


def test_aliases_are_resolved_first(app: webtest.TestApp) -> None:
    site: Site = app.app.registry.site

    def rewrite(_site: Site, exchange: Exchange) -> Exchange:
        exchange.path = exchange.path.replace("/alias", "/buckets")
        return exchange

    assert ask(app, "GET", "/alias") is None
    site.rewrites.append(rewrite)
    reply = ask(app, "GET", "/alias")
    assert reply is not None
    assert reply.status == 401


def test_a_list_whose_head_is_off_answers_it_like_get(app_with: MakeApp) -> None:
    app = app_with({"plural_bucket_head_enabled": "false"})
    answer = app.head("/v1/buckets")
    assert answer.status_int == 200  # protocol M-4
    assert "Total-Objects" not in answer.headers
