"""Protocol section 11: web pages of other sites, and headers for safety."""

import pytest

from tests.protocol.client import B, Client, R
from tests.protocol.conftest import MakeClient, with_blog

BASE = {"Backoff", "Retry-After", "Alert", "Content-Length", "Content-Type"}
OBJECT = {"Last-Modified", "ETag", "Cache-Control", "Expires", "Pragma"}
LIST = OBJECT | {"Next-Page"}
COUNT = LIST | {"Total-Objects", "Total-Records"}
ORIGIN = "http://ex.org"
LIMITED = {"cors_origins": "http://ex.org http://*.lan"}


def listed(value: str) -> set[str]:
    """The names in a header."""
    return {name.strip() for name in value.split(",")}


def test_any_origin_by_default(blog: Client) -> None:
    for path in (R, "/", "/nope", f"{R}/none", "/batch"):
        answer = blog.get(path, origin=ORIGIN)  # protocol C-1
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers  # protocol C-3
    assert "Access-Control-Allow-Origin" not in blog.get(R).headers


@pytest.mark.parametrize("origin", [ORIGIN, "http://a.lan"])
def test_known_origins(make_client: MakeClient, origin: str) -> None:
    answer = make_client(LIMITED).get("/buckets", origin=origin)  # protocol C-1
    assert answer.headers["Access-Control-Allow-Origin"] == origin


def test_strange_origins_are_refused(make_client: MakeClient) -> None:
    client = make_client(LIMITED)
    evil = "http://evil.com"
    for path in ("/buckets", "/"):
        answer = client.get(path, origin=evil)  # protocol C-2
        assert answer.faults == [("header", "Origin", f"{evil} not allowed")]
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert client.put(B, origin=evil).status == 400
    assert client.get(B).status == 403
    unknown = client.get("/nope", origin=evil)
    assert unknown.error == (404, 111)
    assert "Access-Control-Allow-Origin" not in unknown.headers


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("GET", R, LIST),
        ("HEAD", R, COUNT),
        ("GET", f"{R}/none", OBJECT),
        ("HEAD", f"{R}/none", OBJECT),
        ("GET", "/nope", set()),
        ("GET", "/", set()),
    ],
)
def test_exposed_headers(blog: Client, method: str, path: str, more: set[str]) -> None:
    answer = blog.request(method, path)  # protocol C-4
    assert listed(answer.headers["Access-Control-Expose-Headers"]) >= BASE | more


def test_writes_expose_the_base_set_at_least(blog: Client) -> None:
    for answer in (blog.put(f"{R}/a"), blog.post(R), blog.delete(f"{R}/a")):
        assert listed(answer.headers["Access-Control-Expose-Headers"]) >= BASE  # protocol C-4
    assert "Access-Control-Expose-Headers" not in blog.put(R).headers  # a 405


def preflight(client: Client, path: str, method: str = "GET", **more: str) -> dict[str, str]:
    """The headers of a preflight that succeeds."""
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": method, **more}
    answer = client.as_(None).request("OPTIONS", path, None, headers)
    assert (answer.status, answer.text) == (200, b"null")
    return dict(answer.headers)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        (R, "HEAD,GET,POST,DELETE,OPTIONS"),
        (f"{R}/none", "GET,HEAD,PUT,PATCH,DELETE,OPTIONS"),
        ("/", "GET,HEAD,OPTIONS"),
        ("/batch", "POST,OPTIONS"),
    ],
)
def test_preflights(alice: Client, path: str, methods: str) -> None:
    method = methods.split(",", maxsplit=1)[0]
    headers = preflight(alice, path, method)  # protocol C-5, C-7
    assert headers["Access-Control-Allow-Methods"] == methods
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Access-Control-Max-Age"] == "3600"
    assert listed(headers["Access-Control-Allow-Headers"]) >= BASE


def test_preflights_allow_what_is_asked_for(alice: Client) -> None:
    asked = {"Access-Control-Request-Headers": "Content-Type, Authorization, If-Match"}
    headers = preflight(alice, R, "POST", **asked)  # protocol C-5, AX-8
    allowed = listed(headers["Access-Control-Allow-Headers"])
    assert allowed >= {"Authorization", "If-Match", "Content-Type"} | COUNT | BASE


def test_the_time_of_preflights_can_be_changed(make_client: MakeClient) -> None:
    assert "Access-Control-Max-Age" not in preflight(make_client({"cors_max_age_seconds": "0"}), R)
    other = preflight(make_client({"cors_max_age_seconds": "60"}), R)
    assert other["Access-Control-Max-Age"] == "60"  # protocol C-5


def test_faulty_preflights(alice: Client) -> None:
    answer = alice.request("OPTIONS", R)  # protocol C-6, R-35
    assert [fault[2] for fault in answer.faults] == ["this header is mandatory"] * 2
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
    [fault] = alice.request("OPTIONS", R, None, headers).faults
    assert fault == ("header", "Access-Control-Request-Method", "Method not allowed")
    assert alice.request("OPTIONS", "/nope", None, headers).status == 404  # protocol C-7


def test_headers_for_safety_are_everywhere(make_client: MakeClient) -> None:
    client = with_blog(make_client())
    answers = [client.get(R), client.get("/nope"), client.get("/buckets/"), client.put(R)]
    answers += [
        client.request("OPTIONS", R),
        client.request("GET", "/", prefix=""),
        client.get("/"),
    ]
    for answer in answers:  # protocol C-9
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        policy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
        assert answer.headers["Content-Security-Policy"].strip() == policy.strip()
