"""JSON texts, read strictly."""

from typing import Any

import pytest

from kinto_core import json

DEPTH = 10


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{}", {}),
        (b'{"a":[1,2.5,null,true,"\xc3\xa9"]}', {"a": [1, 2.5, None, True, "é"]}),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('{"v":1,"v":2}', {"v": 2}),
        ('"\\\\u0000"', "\\u0000"),
    ],
)
def test_values_are_read(text: str | bytes, value: Any) -> None:  # noqa: ANN401  any JSON value
    found = json.loads(text, DEPTH)  # protocol M-26
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{'a':1}",
        "NaN",
        "Infinity",
        "1e400",
        "[1,]",
        "01",
        '"\\u0000"',
        '{"\\u0000":1}',
        '"\\ud800"',
        '["x","\\udfff"]',
        b'"\xe9"',
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_no_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(json.InvalidJSON):
        json.loads(text, DEPTH)  # protocol M-26, W-20


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_limited(opening: str, closing: str) -> None:
    def nested(depth: int) -> str:
        return opening * depth + "1" + closing * depth

    json.loads(nested(DEPTH), DEPTH)  # protocol W-17
    for depth in (DEPTH + 1, 5000):
        with pytest.raises(json.InvalidJSON):
            json.loads(nested(depth), DEPTH)


def test_wide_values_are_not_deep() -> None:
    assert json.loads("[" + ",".join(["[]"] * 50) + "]", 2) == [[]] * 50


def test_texts_are_compact_and_can_be_read_again() -> None:
    value = {"a": [1, 1.5, None, "é☃", {"b": 2**80}]}
    assert json.dumps(value) == '{"a":[1,1.5,null,"é☃",{"b":1208925819614629174706176}]}'
    assert json.dumpb(value) == json.dumps(value).encode()
    assert json.parse(json.dumps(value)) == json.parse(json.dumpb(value)) == value


def test_a_text_goes_into_another_as_it_is() -> None:
    assert json.dumps({"a": json.raw(b'{"x": 1.0}')}) == '{"a":{"x": 1.0}}'
