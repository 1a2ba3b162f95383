"""From WSGI to our values."""

import pytest
from pyramid.request import Request

from kinto_core.http.errors import HttpError
from kinto_core.http.incoming import (
    EnvironHeaders,
    origin_url,
    path_of,
    raw_path,
    request_id,
    to_exchange,
)
from kinto_core.http.site import Site
from kinto_core.testing import make_server
from tests.unit.http.conftest import MakeApp


def test_headers_by_name() -> None:
    environ = {"HTTP_IF_MATCH": '"5"', "CONTENT_TYPE": "a/b", "PATH_INFO": "/", "HTTP_X_Y": "z"}
    headers = EnvironHeaders(environ)
    assert headers["if-match"] == '"5"'
    assert headers.get("content-type") == "a/b"
    assert headers.get("none") is None
    assert headers.get("none", "x") == "x"
    assert sorted(headers) == ["content-type", "if-match", "x-y"]
    assert len(headers) == 3
    with pytest.raises(KeyError):
        headers["path-info"]


def test_requests_have_names() -> None:
    assert request_id({"HTTP_X_REQUEST_ID": "mine"}) == "mine"
    assert request_id({}) != request_id({})
    assert len(request_id({"HTTP_X_REQUEST_ID": "x" * 5000})) == 128


def test_an_exchange() -> None:
    request = Request.blank("/v1/buckets/%C3%A9?a=%20", method="PUT", POST=b'{"x":1}')
    request.headers["Authorization"] = "Basic YWxpY2U6cHc="
    with make_server() as server:
        exchange = to_exchange(Site.of(server), request.environ)
    assert (exchange.method, exchange.path, exchange.query) == ("PUT", "/buckets/é", "a=%20")
    assert exchange.body == b'{"x":1}'
    assert exchange.origin_url == "http://localhost:80"
    assert exchange.user_id is not None
    assert exchange.user_id.startswith("basicauth:")


def test_large_bodies_are_refused(app_with: MakeApp) -> None:
    app = app_with({"max_body_size_bytes": "1000"})
    app.put_json("/v1/buckets/b", {"data": {"v": "x" * 900}})
    answer = app.put_json("/v1/buckets/b", {"data": {"v": "x" * 1000}}, status=413)
    assert answer.json["errno"] == 113


@pytest.mark.parametrize("length", ["abc", "-5", "99999999999999"])
def test_impossible_lengths_are_refused(length: str) -> None:
    request = Request.blank("/v1/", method="PUT")
    request.environ["CONTENT_LENGTH"] = length
    with make_server() as server, pytest.raises(HttpError):
        to_exchange(Site.of(server), request.environ)


def test_urls_follow_the_request_or_the_settings() -> None:
    environ = {"wsgi.url_scheme": "http", "SERVER_NAME": "h", "SERVER_PORT": "8888"}
    with make_server() as server:
        site = Site.of(server)
        assert origin_url(site, environ) == "http://h:8888"
        assert origin_url(site, {**environ, "HTTP_HOST": "x.org"}) == "http://x.org"
    with make_server({"http_scheme": "https", "http_host": "y.org"}) as server:
        assert origin_url(Site.of(server), environ) == "https://y.org"  # protocol V-13


def test_paths_are_encoded_again() -> None:
    assert raw_path({"PATH_INFO": "/a b/\xc3\xa9~"}) == "/a%20b/%C3%A9~"


def test_paths_are_utf_8() -> None:
    assert path_of({"PATH_INFO": "/b/\xc3\xa9"}) == "/b/é"
    with pytest.raises(UnicodeDecodeError):
        path_of({"PATH_INFO": "/b/\xff"})
