"""Which web pages may use the server."""

import pytest

from kinto_core.errors import InvalidInput
from kinto_core.http.cors import allowed_origin, preflight, require_allowed_origin
from kinto_core.http.exchange import Exchange, Reply

ORIGIN = "http://ex.org"
METHODS = ("GET", "HEAD", "OPTIONS")


def ask(**headers: str) -> Reply:
    """The answer to a preflight request."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    exchange = Exchange(method="OPTIONS", path="/", headers=named)
    return preflight(exchange, METHODS, ("ETag",), origins=("*",), max_age_seconds=60)


@pytest.mark.parametrize(
    ("origin", "origins", "expected"),
    [
        (None, ("*",), None),
        ("", ("*",), None),
        (ORIGIN, ("*",), "*"),
        (ORIGIN, ("http://ex.org", "*"), "*"),
        (ORIGIN, ("http://ex.org",), ORIGIN),
        (ORIGIN, ("http://*.org",), ORIGIN),
        (ORIGIN, ("https://ex.org",), None),
        (ORIGIN, (), None),
    ],
)
def test_allowed_origins(
    origin: str | None, origins: tuple[str, ...], expected: str | None
) -> None:
    assert allowed_origin(origin, origins) == expected  # protocol C-1


def test_strange_origins_are_refused() -> None:
    require_allowed_origin(None, (ORIGIN,))
    require_allowed_origin(ORIGIN, (ORIGIN,))
    with pytest.raises(InvalidInput, match="evil not allowed"):
        require_allowed_origin("evil", (ORIGIN,))  # protocol C-2


def test_preflights_are_answered() -> None:
    reply = ask(origin=ORIGIN, access_control_request_method="GET")
    headers = dict(reply.headers)
    assert (reply.status, reply.body) == (200, b"null")  # protocol C-5
    assert headers["Access-Control-Allow-Methods"] == "GET,HEAD,OPTIONS"
    assert headers["Access-Control-Max-Age"] == "60"
    assert "ETag" in headers["Access-Control-Allow-Headers"].split(",")


def test_asked_headers_are_allowed_once() -> None:
    asked = "Content-Type, X-Mine,, X-Mine"
    reply = ask(
        origin=ORIGIN,
        access_control_request_method="GET",
        access_control_request_headers=asked,
    )
    names = dict(reply.headers)["Access-Control-Allow-Headers"].split(",")
    assert names.count("X-Mine") == names.count("Content-Type") == 1
    assert "" not in names


def test_faulty_preflights_are_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        ask()
    assert len(caught.value.faults) == 2  # protocol C-6
    with pytest.raises(InvalidInput, match="Method not allowed"):
        ask(origin=ORIGIN, access_control_request_method="PUT")
