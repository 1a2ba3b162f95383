"""Protocol 5.3: If-Match and If-None-Match."""

import pytest

from tests.protocol.client import BOB, EVERYONE, C, Client, R, quoted

A = f"{R}/a"
MODIFIED = (412, 114)
MISSING = (404, 110)
CHANGE = {"data": {"v": 1}}
FAULT = "The value should be integer between double quotes."


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize("value", ["12", '"a"', 'W/"1"', '"1", "2"', "*abc", '"1.5"', '"-1"'])
def test_malformed_conditions(blog: Client, header: str, value: str) -> None:
    blog.put(A)
    for path in (A, R):
        answer = blog.request("GET", path, headers={header: value})  # protocol T-16, W-19
        assert answer.faults == [("header", header, FAULT)]


def test_an_empty_condition_is_none(blog: Client) -> None:
    blog.put(A)
    assert blog.put(A, if_match="").status == 200  # protocol T-16


def test_conditions_on_an_object(blog: Client) -> None:
    etag = blog.put(A).etag  # protocol T-17
    other = quoted(etag - 1)
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        body = CHANGE if method in ("PUT", "PATCH") else None
        for headers in ({"If-Match": other}, {"If-None-Match": "*"}):
            answer = blog.request(method, A, body, headers)
            assert answer.error == MODIFIED
            assert answer.etag == etag  # protocol T-21
            assert "Last-Modified" in answer.headers
            assert answer.json["message"] == "Resource was modified meanwhile"
            assert answer.json["details"] == {"existing": {"id": "a", "last_modified": etag}}
    assert blog.get(A, if_match="*").status == 200
    assert blog.get(A, if_none_match=other).status == 200
    etag = blog.put(A, if_match=quoted(etag)).etag
    etag = blog.put(A, if_none_match=quoted(etag)).etag  # no effect on writes
    etag = blog.patch(A, {"data": {}}, if_match="*").etag
    assert blog.delete(A, if_match=quoted(etag)).status == 200


def test_conditions_on_what_is_missing(blog: Client) -> None:
    listed = blog.get(R).etag
    for condition in ("*", quoted(listed), quoted(5)):
        for method in ("GET", "PATCH", "DELETE"):  # protocol T-17
            body = CHANGE if method == "PATCH" else None
            assert blog.request(method, A, body, {"If-Match": condition}).error == MISSING
        answer = blog.put(A, if_match=condition)
        assert answer.error == MODIFIED
        assert answer.etag == listed  # protocol T-21
        assert "existing" not in answer.json.get("details", {})
        assert blog.post(R, {"data": {}}, if_match=condition).error == MODIFIED  # protocol T-18
    for method in ("GET", "PATCH", "DELETE"):
        body = CHANGE if method == "PATCH" else None
        assert blog.request(method, A, body, {"If-None-Match": "*"}).error == MISSING
    assert blog.put(A, if_none_match="*").status == 201


def test_conditions_on_a_post(blog: Client) -> None:
    etag = blog.put(A).etag
    body = {"data": {"id": "a"}}  # protocol T-18
    assert blog.post(R, body, if_match=quoted(etag)).status == 200
    assert blog.post(R, body, if_match="*").status == 200
    assert blog.post(R, body, if_match=quoted(5)).error == MODIFIED
    assert blog.post(R, body, if_none_match="*").error == MODIFIED
    assert blog.post(R, {"data": {"id": "z"}}, if_none_match="*").status == 201


def test_conditions_on_a_list(blog: Client) -> None:
    blog.put(A)
    listed = blog.get(R).etag
    for method in ("GET", "HEAD", "DELETE"):  # protocol T-19
        for headers in ({"If-Match": quoted(5)}, {"If-None-Match": "*"}):
            answer = blog.request(method, R, headers=headers)
            assert answer.status == 412
            assert answer.etag == listed
    assert blog.get(R, if_match="*").status == 200
    assert blog.get(R, if_match=quoted(listed)).status == 200
    assert blog.delete(R, if_match=quoted(listed)).ids == ["a"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_known_is_not_sent_again(blog: Client, method: str) -> None:
    etag = blog.put(A).etag
    for path in (A, R):
        answer = blog.request(method, path, headers={"If-None-Match": quoted(etag)})
        assert (answer.status, answer.text) == (304, b"")  # protocol T-17, T-19, T-22
        assert answer.etag == etag
        assert "Last-Modified" in answer.headers
        assert "Content-Type" not in answer.headers


def test_existing_objects_are_shown_to_readers_only(blog: Client) -> None:
    blog.patch(C, {"permissions": {"record:create": [BOB]}})
    blog.put(A, {"data": {"pin": 1234}})
    bob = blog.as_("bob")
    answer = bob.put(A, {"data": {}}, if_none_match="*")  # protocol W-8, P-38, T-20
    assert answer.error == MODIFIED
    assert b"pin" not in answer.text
    blog.put(A, {"permissions": {"read": [BOB]}})
    shown = bob.put(A, {"data": {}}, if_none_match="*")
    assert shown.json["details"]["existing"]["pin"] == 1234


def test_if_none_match_asks_for_the_right_to_create(blog: Client) -> None:
    blog.put(A, {"permissions": {"write": [BOB]}})
    assert blog.as_("bob").put(A).status == 200
    assert blog.as_("bob").put(A, if_none_match="*").error == (403, 121)  # protocol P-38


def test_conditions_come_after_access_and_before_filters(blog: Client) -> None:
    blog.put(A, {"permissions": {"read": [EVERYONE]}})
    listed = blog.get(R).etag
    assert blog.as_(None).put(A, if_match="bad").error == (401, 104)  # protocol 0-19
    assert blog.get(f"{R}?like_x=5", if_none_match=quoted(listed)).status == 304  # protocol 0-24
    assert blog.get(f"{R}?_limit=abc", if_none_match=quoted(listed)).status == 400
    assert blog.delete(f"{R}/none", if_match=quoted(5)).error == MISSING
    assert blog.delete(f"{R}/none", if_match="bad").status == 400
