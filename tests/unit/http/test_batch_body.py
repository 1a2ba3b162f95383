"""The body of a batch."""

from typing import Any

import pytest

from kinto_core.errors import InvalidInput
from kinto_core.http.batch_body import BatchEntry, parse_batch


def test_the_smallest_request_is_a_get() -> None:
    assert parse_batch({"requests": []}, limit=None) == []
    requests = [{"path": "/a"}, {"path": "/b", "method": None}]
    assert parse_batch({"requests": requests}, limit=2) == [
        BatchEntry("GET", "/a"),
        BatchEntry("GET", "/b"),
    ]  # protocol B-2


def test_headers_and_bodies() -> None:
    request = {"path": "/a", "method": "PUT", "headers": {"If-Match": "*"}, "body": {"data": {}}}
    [entry] = parse_batch({"requests": [request]}, limit=None)
    assert entry == BatchEntry("PUT", "/a", {"if-match": "*"}, b'{"data":{}}')
    [patch] = parse_batch({"requests": [{"path": "/a", "body": []}]}, limit=None)
    assert patch.body == b"[]"  # protocol W-14


def test_defaults_never_override() -> None:
    defaults = {
        "path": "/d",
        "method": "PUT",
        "headers": {"a": "1", "b": "2"},
        "body": {"data": {"d": 1, "o": {"x": 1}}},
    }
    own = {"path": "/e", "headers": {"b": "3"}, "body": {"data": {"d": 2, "o": {"y": 2}}}}
    one, two = parse_batch({"requests": [own, {}], "defaults": defaults}, limit=None)
    assert (one.method, one.path, one.headers) == ("PUT", "/e", {"a": "1", "b": "3"})
    assert one.body == b'{"data":{"d":2,"o":{"y":2,"x":1}}}'  # protocol B-3
    assert (two.path, two.headers) == ("/d", {"a": "1", "b": "2"})


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (None, ["requests"]),
        ([], [""]),
        ({}, ["requests"]),
        ({"requests": 5}, ["requests"]),
        ({"requests": [], "x": 1}, [""]),
        ({"requests": [], "defaults": []}, ["defaults"]),
        ({"requests": [], "defaults": {"method": "FOO"}}, ["defaults.method"]),
        ({"requests": [{}]}, ["requests.0.path"]),
        ({"requests": [5, {"path": "x"}]}, ["requests.0", "requests.1.path"]),
        (
            {"requests": [{"path": 5, "method": "get", "headers": [], "body": 1, "extra": 1}]},
            [
                "requests.0",
                "requests.0.path",
                "requests.0.method",
                "requests.0.headers",
                "requests.0.body",
            ],
        ),
        ({"requests": [{"path": "/", "headers": {"a": 1}}]}, ["requests.0.headers"]),
    ],
)
def test_every_fault_is_named(value: Any, names: list[str]) -> None:  # noqa: ANN401  any JSON value
    with pytest.raises(InvalidInput) as caught:
        parse_batch(value, limit=None)
    assert [fault.name for fault in caught.value.faults] == names  # protocol B-7


def test_the_number_is_limited() -> None:
    requests = [{"path": "/"}] * 3
    assert len(parse_batch({"requests": requests}, limit=3)) == 3
    assert len(parse_batch({"requests": requests}, limit=0)) == 3
    with pytest.raises(InvalidInput, match="limited to 2"):
        parse_batch({"requests": requests}, limit=2)  # protocol B-4
