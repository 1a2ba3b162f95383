"""Frames as values and back."""

import json

import pytest

from kinto_core.eventlog.interface import Position
from kinto_websocket import protocol
from kinto_websocket.protocol import BadFrame, Connect, Refusal, Resync, Subscribe, parse


def frame(**values: object) -> str:
    return json.dumps({"id": 7, **values})


def test_connect_has_a_token_or_none() -> None:
    assert parse(frame(connect={"token": "Basic x", "proto": 1})) == Connect(7, "Basic x")
    assert parse(frame(connect={})) == Connect(7, None)


@pytest.mark.parametrize(
    ("since", "meant"),
    [
        (None, None),
        ("abc:12", Position("abc", 12)),
        (1700000000000, 1700000000000),
        ("1700000000000", 1700000000000),
        ('"1700000000000"', 1700000000000),
        (0, 0),
    ],
)
def test_since_is_a_position_or_a_time(since: object, meant: object) -> None:
    request = parse(frame(subscribe={"uri": "/buckets/b", "since": since}))
    assert isinstance(request, Subscribe)
    assert request.since == meant
    assert request.id == 7


@pytest.mark.parametrize("since", ["", "x", "a:b", ":1", "a:", -1, 1.5, True, [], 2**60])
def test_other_since_is_refused(since: object) -> None:
    with pytest.raises(Refusal) as refused:
        parse(frame(subscribe={"uri": "/buckets/b", "since": since}))
    assert refused.value.code == 400


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 100_000,
        b"\xff",
        "null",
        '{"id": 1.0, "ping": {}}',
        '{"id": -1, "ping": {}}',
        '{"id": true, "ping": {}}',
        '{"ping": {}}',
        '{"id": 1, "ping": []}',
        '{"id": 1, "unsubscribe": {"sub": "1"}}',
        '{"id": 1, "refresh": {}}',
        '{"id": 1, "subscribe": {"uri": 5}}',
    ],
)
def test_everything_else_is_a_bad_frame(text: str | bytes) -> None:
    with pytest.raises(BadFrame):
        parse(text)


def test_unknown_fields_are_ignored() -> None:
    assert parse(frame(ping={"more": 1}, more=2)) == protocol.Ping(7)


def test_answers_repeat_the_id() -> None:
    assert json.loads(protocol.reply(7, "pong", {})) == {"id": 7, "pong": {}}
    assert json.loads(protocol.resync(7, Resync.LIMIT)) == {"id": 7, "resync": "limit"}
    assert json.loads(protocol.error(7, Refusal(404, "gone"))) == {
        "id": 7,
        "error": {"code": 404, "message": "gone"},
    }


def test_codes_say_whether_to_come_back() -> None:
    for code in protocol.CloseCode:
        assert 4000 <= code < 4100 or 4400 <= code < 4500
