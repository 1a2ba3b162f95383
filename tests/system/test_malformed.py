"""Malformed requests get the protocol's error document or a sensible answer, on both databases."""

import base64
import json
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from pyramid.router import Router
from webob import Request as WebobRequest

from kinto_core.server import Server
from kinto_core.testing import make_app, make_settings
from tests.system.conftest import StartServer
from tests.system.judging import judge
from tests.system.malformed import ARTICLES, BLOG, RECORDS, Request, requests
from tests.system.wire import Wire, make_blog

AUTHORIZATION = "Basic " + base64.b64encode(b"alice:wonderland").decode()
FIRST = {"title": "first", "tags": ["a"], "list": [1], "age": 5}


@pytest.fixture(params=["memory", "postgresql"])
def app(request: pytest.FixtureRequest) -> Iterator[Router]:
    """A server with a few objects."""
    values = {
        "includes": "default_bucket",
        "experimental_permissions_endpoint": "true",
        "experimental_collection_schema_validation": "true",
        "storage_busy_timeout_seconds": "2",
        "storage_statement_timeout_seconds": "5",
    }
    if request.param == "postgresql":
        values["storage_url"] = str(request.getfixturevalue("postgresql_url"))
        with Server(make_settings(values)) as server:
            server.migrate()
    made = make_app(values)
    for path in (BLOG, f"{BLOG}/groups/readers", ARTICLES, f"{RECORDS}/first"):
        data = {"members": []} if "groups" in path else FIRST if "records" in path else {}
        assert send(made, Request("PUT", path, json.dumps({"data": data}).encode()))[0] == 201
    yield made
    made.close()


def send(app: Router, request: Request) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of the answer; the path's bytes arrive as HTTP servers give them."""
    made = WebobRequest.blank("/", method=request.method)
    made.environ["PATH_INFO"] = urllib.parse.unquote_to_bytes(request.path).decode("latin-1")
    made.environ["QUERY_STRING"] = request.query
    if request.body or request.method not in {"GET", "HEAD", "OPTIONS"}:
        made.body = request.body
        made.headers["Content-Type"] = "application/json"
    made.headers["Authorization"] = AUTHORIZATION
    for name, value in request.headers.items():
        made.headers[name] = value
    response = made.get_response(app)
    return (
        response.status_int,
        response.body,
        {name.lower(): value for name, value in response.headers.items()},
    )


def test_no_malformed_request_fails_the_server(app: Router) -> None:
    failures = []
    statuses: Counter[int] = Counter()
    for request in requests():
        answer = send(app, request)
        statuses[answer[0]] += 1
        try:
            judge(*answer)
        except AssertionError as error:
            shown = (request.method, request.path[:80], request.query[:80], request.body[:80])
            failures.append((answer[0], *shown, request.headers, str(error)[:300]))
    assert not failures, "\n".join(map(str, failures[:50]))
    assert statuses[400] > 1000
    assert send(app, Request("GET", f"{RECORDS}/first"))[0] == 200  # and it still works


@pytest.mark.parametrize("change", ["truncated", "flipped", "of another list", "empty", "doubled"])
def test_a_forged_page_token_is_refused(change: str, app: Router) -> None:
    for number in range(3):
        body = json.dumps({"data": {"number": number}}).encode()
        assert send(app, Request("PUT", f"{RECORDS}/n{number}", body))[0] == 201
    _, _, headers = send(app, Request("GET", RECORDS, query="_limit=1"))
    query = urllib.parse.parse_qs(urlsplit(headers["next-page"]).query)
    token = query["_token"][0]
    forged = {
        "truncated": token[:-5],
        "flipped": token[:-5] + ("A" if token[-5] != "A" else "B") + token[-4:],
        "of another list": token,
        "empty": "",
        "doubled": token * 2,
    }[change]
    path = f"{BLOG}/groups" if change == "of another list" else RECORDS
    query_text = "_limit=1&" + urllib.parse.urlencode({"_token": forged})
    for sort in ("", "&_sort=title,-age"):
        answer = send(app, Request("GET", path, query=query_text + sort))
        judge(*answer)


def test_what_the_http_server_itself_refuses_is_no_server_error(start_server: StartServer) -> None:
    server = start_server()
    wire = Wire(server.port)
    make_blog(wire)
    for path, headers in (
        ("/buckets/" + "a" * 100_000, {}),
        ("/buckets?_token=" + "A" * 60_000, {}),
        ("/buckets", {"If_Match": "9" * 60_000}),
        ("/buckets", {f"X-{number}": "x" for number in range(90)}),
    ):
        answer = Wire(server.port)("GET", path, **headers)
        assert 200 <= answer.status < 500
    assert wire("GET", "/buckets/blog").status == 200
