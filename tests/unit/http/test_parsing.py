"""From headers and bodies to values."""

from typing import Any

import pytest

from kinto_core.errors import Fault
from kinto_core.http.errors import HttpError
from kinto_core.http.parsing import (
    JSON,
    PATCH_TYPES,
    json_body,
    media_type,
    preconditions,
    require_acceptable,
)
from kinto_core.resources.preconditions import Preconditions, Version

REQUIRED = Fault("body", "", "Required")


def read(body: bytes, content_type: str | None = None, *, required: bool = True) -> Any:  # noqa: ANN401  any JSON value
    """The value and the faults of a body."""
    headers = {} if content_type is None else {"content-type": content_type}
    return json_body(headers, body, max_depth=5, required=required)


@pytest.mark.parametrize(
    ("value", "version"),
    [("", None), ("*", "*"), ('"5"', 5), ('"0"', 0), ('"0012"', 12)],
)
def test_conditions_are_read(value: str, version: Version) -> None:
    found, faults = preconditions({"if-match": value, "if-none-match": value})
    assert found == Preconditions(version, version)  # protocol T-16, W-19
    assert faults == []
    assert preconditions({}) == (Preconditions(), [])


@pytest.mark.parametrize(
    "value", ["5", '"a"', 'W/"5"', '"1","2"', "*x", '"5" ', '"\u0665"', '"-5"']
)
def test_malformed_conditions_are_faults(value: str) -> None:
    found, faults = preconditions({"if-match": value, "if-none-match": '"5"'})
    text = "The value should be integer between double quotes."
    assert faults == [Fault("header", "If-Match", text)]  # protocol T-16
    assert found == Preconditions(None, 5)


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "*/*",
        "application/json",
        "application/*",
        "text/html, */*;q=0.1",
        "APPLICATION/JSON",
        "garbage",
        "application/json;q=0.5, text/html",
        "text/html;q=0, application/json ; q=1.0",
    ],
)
def test_these_clients_take_json(accept: str | None) -> None:
    require_acceptable({} if accept is None else {"accept": accept})  # protocol E-22


@pytest.mark.parametrize(
    "accept",
    [
        "",
        " ",
        "text/html",
        "application/json;q=0",
        "*/*, application/json;q=0",
        "application/xml, text/*",
        "application/json;version=2",
    ],
)
def test_these_clients_do_not(accept: str) -> None:
    with pytest.raises(HttpError) as caught:
        require_acceptable({"accept": accept})  # protocol E-22
    assert caught.value.kind.status == 406


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("application/json", JSON),
        ("", JSON),
        (" ; charset=utf-8", JSON),
        ("Application/Merge-Patch+JSON; charset=utf-8", "application/merge-patch+json"),
        ("application/json-patch+json", "application/json-patch+json"),
    ],
)
def test_media_types_lose_case_and_parameters(given: str, expected: str) -> None:
    assert media_type({"content-type": given}, PATCH_TYPES) == expected  # protocol W-16
    assert media_type({}, (JSON,)) == JSON  # protocol E-23


def test_other_media_types_are_refused() -> None:
    for given in ("text/plain", "application/merge-patch+json", "json"):
        with pytest.raises(HttpError) as caught:
            media_type({"content-type": given}, (JSON,))
        assert caught.value.kind.status == 415
        assert str(caught.value) == "Content-Type header should be one of ['application/json']"


def test_bodies_are_read() -> None:
    assert read(b"") == (None, [])
    assert read(b'{"a":1}') == ({"a": 1}, [])
    assert read(b"[]", "application/json-patch+json; charset=UTF-8") == ([], [])
    assert read('{"a":"é"}'.encode("latin-1"), "application/json; charset=latin-1") == (
        {"a": "é"},
        [],
    )  # protocol E-12
    assert read(b"{}", 'application/json; charset="utf8"') == ({}, [])


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", None),
        (b'{"a":"\xe9"}', None),
        (b"[[[[[[1]]]]]]", None),
        (b"{}", "application/json; charset=nope"),
        (b"\xff", "application/json; charset=ascii"),
    ],
)
def test_syntax_faults_count_twice_where_a_body_is_needed(
    body: bytes, content_type: str | None
) -> None:
    value, faults = read(body, content_type)  # protocol E-11
    assert value is None
    assert faults[0].description.startswith("Invalid JSON: ")
    assert faults[1:] == [REQUIRED]
    assert len(read(body, content_type, required=False)[1]) == 1


@pytest.mark.parametrize("body", [b"null", b"5", b'"x"', b"true"])
def test_scalars_are_faults(body: bytes) -> None:
    fault = Fault("body", "", "Should be a JSON object or an array")  # protocol E-10
    assert read(body) == (None, [fault, REQUIRED])
    assert read(body, required=False) == (None, [fault])


def test_bodies_of_other_types_are_not_read() -> None:
    assert read(b"{", "text/plain", required=False) == (None, [])  # protocol R-16
