"""Protocol sections 0.1 and 10: what is answered when something is wrong."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.protocol.client import B, C, Client, Json, R
from tests.protocol.conftest import MakeClient, with_blog

A = f"{R}/a"


def test_the_earlier_fault_wins(blog: Client) -> None:
    blog.put(A)
    anyone = blog.as_(None)  # protocol 0-10 to 0-27
    assert anyone.put(A, b"x", content_type="text/plain").status == 415  # 0-18 before 0-19
    assert anyone.put(A, b"x", accept="text/html", content_type="text/plain").status == 406
    assert anyone.post(R, {"data": {"id": "-bad"}}).status == 400  # 0-16 before 0-19
    assert anyone.request("PUT", R, b"x", {"Accept": "text/html"}).status == 405  # 0-17
    assert anyone.put("/buckets/-b/collections/c/records/r").error == (404, 111)  # 0-15
    assert anyone.put(A, b"{", if_match="bad").status == 401  # 0-19 before 0-21
    assert blog.put(f"{R}/-bad", b"{").faults[0][0] == "body"  # 0-21 before 0-22
    assert blog.patch(f"{R}/none", {}).error == (404, 110)  # 0-23 before 0-27
    assert blog.patch(A, {}, if_match='"5"').status == 412  # 0-25 before 0-27


def test_all_faults_are_collected(blog: Client) -> None:
    answer = blog.put(f"{R}/x", {"data": 5, "foo": 1}, if_match="bad")  # protocol 0-21, E-7
    places = [fault[:2] for fault in answer.faults if fault[1] != "data"]
    assert places == [("body", ""), ("header", "If-Match")]
    assert answer.json["message"] == answer.faults[0][2]  # protocol E-8


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/buckets/-a", None, "path: Invalid object id"),
        (
            A,
            {"permissions": {"read": [1]}},
            "permissions.read.0 in body: 1 is not a string: {'': ''}",
        ),
        (
            f"{B}/groups/g",
            {"data": {"members": ["basicauth:x", "/buckets/z"]}},
            "data.members.1 in body: '/buckets/z' is not a valid user ID.",
        ),
        (f"{R}/r", {"data": {"id": "q"}}, "Object id does not match existing object"),
    ],
)
def test_messages(blog: Client, path: str, body: Json, message: str) -> None:
    answer = blog.put(path, body).json  # protocol E-6, E-8
    assert answer["message"] == message
    assert answer["error"] == "Invalid parameters"


def test_a_fault_in_the_query(blog: Client) -> None:
    assert blog.get(f"{R}?_limit=abc").json == {
        "code": 400,
        "errno": 107,
        "error": "Invalid parameters",
        "message": '_limit in querystring: "abc" is not a number',
        "details": [
            {"location": "querystring", "name": "_limit", "description": '"abc" is not a number'}
        ],
    }  # protocol E-6, E-7


@pytest.mark.parametrize(
    "body", [b'{"data": {"a": 1}', b"{'a': 1}", b'{"data":{"a":"\xe9"}}', b"x"]
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_invalid_json(blog: Client, body: bytes, method: str) -> None:
    blog.put(A)
    first, second = blog.request(method, A, body).faults  # protocol E-11
    assert first[:2] == ("body", "")
    assert first[2].startswith("Invalid JSON: ")
    assert second == ("body", "", "Required")
    [only] = blog.request("DELETE", A, body).faults
    assert only[:2] == ("body", "")


@pytest.mark.parametrize("body", [b"null", b"12", b'"s"', b"true"])
def test_a_scalar_is_no_body(blog: Client, body: bytes) -> None:
    text = "Should be a JSON object or an array"
    assert blog.put(A, body).faults[0] == ("body", "", text)  # protocol E-10


def test_the_charset_of_a_body(blog: Client) -> None:
    latin = '{"data":{"v":"é"}}'.encode("latin-1")  # protocol E-12
    answer = blog.put(A, latin, content_type="application/json; charset=latin-1")
    assert answer.data["v"] == "é"
    assert blog.put(A, b"\xef\xbb\xbf{}").status == 400
    unknown = blog.put(A, b"{}", content_type="application/json; charset=nope")
    assert unknown.status == 400


def test_paths_and_queries_are_utf8(make_client: MakeClient) -> None:
    client = make_client(lint=False)
    path = client.get("/buckets/%E9%FF")
    assert path.json == {
        "code": 400,
        "errno": 107,
        "error": "Bad Request",
        "message": "Invalid URL path.",
    }  # protocol 0-12, E-13
    query = client.get("/buckets?x=%E9")
    assert query.error == (400, 107)  # protocol 0-13, E-14
    assert query.json["error"] == "Bad Request"
    assert "incorrect encoding in the querystring" in query.json["message"]
    assert "details" not in query.json


def test_unknown_urls(alice: Client) -> None:
    answer = alice.as_(None).get("/nope")  # protocol E-20
    assert answer.error == (404, 111)
    assert answer.json["message"] == "The resource you are looking for could not be found."
    assert "details" not in answer.json


@pytest.mark.parametrize("method", ["FOO", "TRACE", "PROPFIND"])
def test_unknown_methods(make_client: MakeClient, method: str) -> None:
    client = make_client(lint=False)
    for path in ("/buckets", "/buckets/b"):
        answer = client.request(method, path)  # protocol E-21
        assert answer.error == (405, 115)
        assert answer.json["message"] == "Method not allowed on this endpoint."
        assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", " "])
def test_what_is_not_acceptable(blog: Client, accept: str) -> None:
    answer = blog.get(R, accept=accept)  # protocol E-22
    assert answer.error == (406, 107)
    assert answer.json["error"] == "Invalid parameters"
    assert answer.json["message"] == "Accept header should be one of ['application/json']"
    [detail] = answer.json["details"]
    assert (detail["location"], detail["name"]) == ("header", "Accept")


@pytest.mark.parametrize(
    "accept", ["*/*", "application/*", "application/json", "garbage", "text/html, */*;q=0.1"]
)
def test_what_is_acceptable(blog: Client, accept: str) -> None:
    assert blog.get(R, accept=accept).status == 200  # protocol E-22


def test_the_type_of_a_body(blog: Client) -> None:
    for method, path in (("PUT", A), ("POST", R)):
        answer = blog.request(method, path, b"{}", {"Content-Type": "text/plain"})
        assert answer.error == (415, 107)  # protocol E-23
        assert answer.json["message"] == "Content-Type header should be one of ['application/json']"
        assert blog.request(method, path, b"{}", {"Content-Type": ""}).status in (200, 201)
    assert blog.request("GET", R, b"", {"Content-Type": "text/plain"}).status == 200


def test_answers_have_one_type(blog: Client) -> None:
    for answer in (blog.get(R), blog.get("/nope"), blog.put(A), blog.get("/")):
        assert answer.headers["Content-Type"] == "application/json"  # protocol M-27, E-1


def test_head_errors_have_no_body(blog: Client) -> None:
    answer = blog.head(f"{R}/none")  # protocol E-31
    assert (answer.status, answer.text) == (404, b"")


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", B), ("POST", "/buckets"), ("DELETE", C), ("POST", "/batch"), ("POST", "/nope")],
)
def test_a_read_only_server_refuses_writes(make_client: MakeClient, method: str, path: str) -> None:
    client = make_client({"readonly": "true"})
    answer = client.request(method, path)  # protocol 0-11, E-28
    assert answer.error == (405, 115)
    assert "Allow" not in answer.headers  # protocol E-21
    assert client.get("/buckets").status == 200
    hello = client.get("/")
    assert hello.json["settings"]["readonly"] is True
    assert hello.headers["Cache-Control"] == "max-age=86400"  # protocol V-14


def test_backoff_is_on_every_answer(make_client: MakeClient) -> None:
    client = with_blog(make_client({"backoff": "10"}))  # protocol E-29
    for answer in (client.get(R), client.get("/nope"), client.put(A), client.get("/buckets/")):
        assert answer.headers["Backoff"] == "10"
    [one] = client.batch({"path": "/"})
    assert one["headers"]["Backoff"] == "10"
    never = make_client({"backoff": "10", "backoff_percentage": "0"})
    assert "Backoff" not in never.get("/").headers


def test_the_end_of_service_is_announced(make_client: MakeClient) -> None:
    date = (datetime.now(UTC) + timedelta(days=9)).strftime("%Y-%m-%d")
    settings = {"eos": date, "eos_message": "bye", "eos_url": "http://x.org"}
    client = make_client(settings)  # protocol E-30
    for answer in (client.get("/"), client.get("/nope"), client.get("/buckets/")):
        for part in ('"soft-eol"', '"bye"', '"http://x.org"'):
            assert part in answer.headers["Alert"]
    assert client.get("/").json["eos"] == date
    [one] = client.batch({"path": "/"})
    assert "Alert" not in one["headers"]


def test_after_the_end_everything_is_gone(make_client: MakeClient) -> None:
    client = make_client({"eos": "2020-01-01"})
    for path in ("/", "/nope", "/buckets", "/__heartbeat__"):
        answer = client.get(path)  # protocol 0-10, E-30
        assert answer.error == (410, 202)
        assert '"hard-eol"' in answer.headers["Alert"]
        assert answer.json["error"] == "Gone"
    assert client.put(B).status == 410
