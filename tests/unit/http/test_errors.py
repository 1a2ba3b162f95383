"""From what an error means to what the protocol says."""

from typing import Any

import pytest

from kinto_core import errors, json
from kinto_core.http.errors import KINDS, METHOD_NOT_ALLOWED, HttpError, error_body, reply_to
from kinto_core.http.exchange import Reply


def reply(error: errors.KintoError) -> Reply:
    """The answer to an error."""
    return reply_to(error, challenges=('Basic realm="Realm"', "Bearer"), retry_after=3)


def body(error: errors.KintoError) -> dict[str, Any]:
    """The body of that answer."""
    found: dict[str, Any] = json.parse(reply(error).body or b"")
    return found


@pytest.mark.parametrize(
    ("error", "status", "errno"),
    [
        (errors.Unauthenticated(), 401, 104),  # protocol E-3
        (errors.Forbidden(), 403, 121),
        (errors.Refused("no"), 403, 121),
        (errors.InvalidInput(errors.Fault("body", "", "x")), 400, 107),
        (errors.ObjectNotFound("record", "r"), 404, 110),
        (errors.ParentNotFound("bucket", "b"), 404, 111),
        (errors.ModifiedMeanwhile(5), 412, 114),
        (errors.NotUnique("email"), 409, 122),
        (errors.ReadOnly("x"), 405, 115),
        (errors.ConstraintViolated("x"), 409, 122),
        (errors.WriteConflict("x"), 409, 122),
        (errors.BackendUnavailable("x"), 503, 201),
        (errors.TooManyRequests(5), 429, 117),
        (errors.Overloaded("x"), 503, 201),
        (HttpError(METHOD_NOT_ALLOWED), 405, 115),
        (errors.KintoError("x"), 500, 999),
    ],
)
def test_each_error_has_its_number(error: errors.KintoError, status: int, errno: int) -> None:
    answered = body(error)
    assert (reply(error).status, answered["code"], answered["errno"]) == (status, status, errno)


def test_every_error_of_ours_is_answered() -> None:
    def below(kind: type[errors.KintoError]) -> set[type[errors.KintoError]]:
        return {kind}.union(*(below(one) for one in kind.__subclasses__()))

    ours = {one for one in below(errors.KintoError) if one.__module__ == errors.__name__}
    general = {errors.KintoError, errors.NotAllowed, errors.BackendError, errors.NotModified}
    never_sent = {errors.ConfigurationError}
    unanswered = {
        one.__name__
        for one in ours - general - never_sent
        if not issubclass(one, tuple(known for known, _ in KINDS))
    }
    assert unanswered == set()


def test_headers_of_errors() -> None:
    challenges = reply(errors.Unauthenticated()).headers
    assert challenges == [
        ("WWW-Authenticate", 'Basic realm="Realm"'),
        ("WWW-Authenticate", "Bearer"),
    ]  # protocol A-6
    assert ("Retry-After", "3") in reply(errors.WriteConflict("x")).headers  # protocol E-24
    assert reply(errors.NotUnique("email")).headers == []  # trying again does not help
    assert ("Retry-After", "3") in reply(errors.BackendUnavailable("x")).headers  # protocol E-27
    assert ("Retry-After", "5") in reply(errors.TooManyRequests(5)).headers
    assert ("ETag", '"5"') in reply(errors.ModifiedMeanwhile(5)).headers  # protocol T-21
    kind = HttpError(METHOD_NOT_ALLOWED, headers=(("Allow", "GET"),))
    assert reply(kind).headers == [("Allow", "GET")]


def test_an_unchanged_object_has_no_body() -> None:
    answer = reply(errors.NotModified(5))
    assert (answer.status, answer.body) == (304, None)  # protocol T-22
    assert ("ETag", '"5"') in answer.headers


def test_faults_are_sorted_and_the_first_makes_the_message() -> None:
    error = errors.InvalidInput(
        errors.Fault("body", "z", "bad"),
        errors.Fault("path", None, "Invalid object id"),
        errors.Fault("body", "", "Required"),
        errors.Fault("body", 1, "wrong"),
    )
    answered = body(error)  # protocol E-7, E-8
    assert [one["name"] for one in answered["details"]] == ["", 1, None, "z"]
    assert answered["message"] == "Required"
    assert answered["error"] == "Invalid parameters"


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (errors.Fault("path", None, "Invalid object id"), "path: Invalid object id"),
        (errors.Fault("body", "a", "no b"), "a in body: no b"),
        (errors.Fault("body", "b", "no b"), "no b"),
        (errors.Fault("body", 1, "2 is odd"), "1 in body: 2 is odd"),
    ],
)
def test_messages(fault: errors.Fault, message: str) -> None:
    assert body(errors.InvalidInput(fault))["message"] == message  # protocol E-8


def test_details() -> None:
    missing = body(errors.ObjectNotFound("record", "r"))
    assert missing["details"] == {"id": "r", "resource_name": "record"}  # protocol E-20
    assert "message" not in missing
    shown = body(errors.ModifiedMeanwhile(5, '{"id":"a"}'))
    assert shown["details"] == {"existing": {"id": "a"}}
    assert "details" not in body(errors.ModifiedMeanwhile(5))
    assert body(errors.Refused("too large"))["message"] == "too large"
    twin = body(errors.NotUnique("email", '{"id":"a"}'))
    assert twin["error"] == "Constraint violated"
    assert twin["details"] == {"field": "email", "existing": {"id": "a"}}
    assert body(errors.NotUnique("a,b"))["details"] == {"field": "a,b"}


def test_backends_keep_their_secrets() -> None:
    secret = "password=hunter2"
    for error in (errors.BackendUnavailable(secret), errors.ConstraintViolated(secret)):
        assert b"hunter2" not in (reply(error).body or b"")


def test_what_is_absent_is_left_out() -> None:
    assert json.parse(error_body(METHOD_NOT_ALLOWED)) == {
        "code": 405,
        "errno": 115,
        "error": "Method Not Allowed",
    }  # protocol E-1, E-2
    full = error_body(METHOD_NOT_ALLOWED, message="m", error="e", details=[1], info="i")
    assert set(json.parse(full)) == {"code", "errno", "error", "message", "details", "info"}
