"""From answers to JSON."""

from kinto_core import json
from kinto_core.http.presenting import (
    list_reply,
    object_reply,
    page_reply,
    partial_reply,
    permissions_text,
)
from kinto_core.objects import StoredObject

STORED = StoredObject("r", 1795448532653, '{"id":"r","last_modified":1795448532653,"v":1.0}')
VERSION = [("ETag", '"1795448532653"'), ("Last-Modified", "Mon, 23 Nov 2026 15:42:12 GMT")]


def test_permissions_without_principals_are_left_out() -> None:
    assert permissions_text({}) == "{}"
    assert json.parse(permissions_text({"read": set(), "write": {"a"}})) == {"write": ["a"]}


def test_stored_text_goes_out_as_it_is() -> None:
    reply = object_reply(201, STORED, {"write": {"a"}})
    assert (reply.status, reply.headers) == (201, VERSION)  # protocol R-18, T-7
    assert reply.body == (
        b'{"data":{"id":"r","last_modified":1795448532653,"v":1.0},"permissions":{"write":["a"]}}'
    )


def test_answers_without_permissions() -> None:
    assert object_reply(200, STORED, None).body == f'{{"data":{STORED.text}}}'.encode()  # M-15
    reply = partial_reply(200, '{"v":1}', 1795448532653)
    assert (reply.body, reply.headers) == (b'{"data":{"v":1}}', VERSION)


def test_lists() -> None:
    assert list_reply([], 1795448532653).body == b'{"data":[]}'
    reply = list_reply(['{"id":"é"}', "{}"], 1795448532653)
    assert reply.body == '{"data":[{"id":"é"},{}]}'.encode()
    assert page_reply('{"id":"é"},{}', 1795448532653) == reply
    assert reply.headers == VERSION
