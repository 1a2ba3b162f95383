"""Only the server says what a record's file is, on every way to write a record.

Source: attachment A-21 to A-23, A-88.
"""

from collections.abc import Callable
from typing import Any

import pytest

from kinto_core import json
from tests.plugins.attachment.driving import COLLECTION, RECORDS, Site, a_file

FORGED: dict[str, Any] = {
    "filename": "passwd",
    "location": "file:///etc/passwd",
    "hash": "0" * 64,
    "mimetype": "text/html",
    "size": 1,
}
VALUES = [
    FORGED,
    {"location": "http://evil.example/"},
    {"x": 1},
    "http://evil.example/",
    ["http://evil.example/"],
    1,
    True,
]
RECORD = f"{RECORDS}/r"
OTHER = "/v1/buckets/default/collections/notes/records"


def _patch(site: Site, value: Any, media_type: str, **headers: str) -> int:  # noqa: ANN401  JSON
    body = json.dumps(value)
    named = {"Content-Type": media_type, **headers}
    return int(site.http.patch(RECORD, body, named, status="*").status_code)


def _batch(site: Site, *requests: dict[str, Any]) -> int:
    return int(
        site.http.post_json("/v1/batch", {"requests": list(requests)}, status="*").status_code
    )


def _batched(site: Site, method: str, path: str, value: Any) -> int:  # noqa: ANN401  JSON
    return _batch(site, {"method": method, "path": path, "body": {"data": {"attachment": value}}})


def _escaped(site: Site, value: Any) -> int:  # noqa: ANN401  JSON
    """The field's name, written such that it is not there literally."""
    body = json.dumps({"data": {"attachment": value}}).replace("attachment", "\\u0061ttachment")
    headers = {"Content-Type": "application/json"}
    return int(site.http.put(f"{RECORDS}/new", body, headers, status="*").status_code)


def _twice(site: Site, value: Any) -> int:  # noqa: ANN401  JSON
    """The field twice, of which one counts."""
    body = f'{{"data": {{"attachment": null, "attachment": {json.dumps(value)}}}}}'
    headers = {"Content-Type": "application/json"}
    return int(site.http.put(f"{RECORDS}/new", body, headers, status="*").status_code)


def _by_operations(site: Site, *operations: dict[str, Any]) -> int:
    return _patch(site, list(operations), "application/json-patch+json")


def _batched_patch(site: Site, value: Any, media_type: str) -> int:  # noqa: ANN401  JSON
    body: Any = {"data": {"attachment": value}}
    if "json-patch" in media_type:
        body = [{"op": "replace", "path": "/data/attachment", "value": value}]
    headers = {"Content-Type": media_type}
    return _batch(site, {"method": "PATCH", "path": RECORD, "body": body, "headers": headers})


def _batched_by_default(site: Site, value: Any) -> int:  # noqa: ANN401  JSON
    defaults = {"method": "PUT", "body": {"data": {"attachment": value}}}
    asked = {"defaults": defaults, "requests": [{"path": f"{RECORDS}/new"}]}
    return int(site.http.post_json("/v1/batch", asked, status="*").status_code)


def _after_a_deletion(site: Site, value: Any) -> int:  # noqa: ANN401  JSON
    body = {"data": {"attachment": value}}
    return _batch(
        site,
        {"method": "DELETE", "path": f"{RECORD}/attachment"},
        {"method": "PATCH", "path": RECORD, "body": body},
    )


def _put(path: str) -> Callable[[Site, Any], int]:
    def write(site: Site, value: Any) -> int:  # noqa: ANN401  JSON
        body = {"data": {"attachment": value}}
        return int(site.http.put_json(path, body, status="*").status_code)

    return write


def _post(path: str) -> Callable[[Site, Any], int]:
    def write(site: Site, value: Any) -> int:  # noqa: ANN401  JSON
        body = {"data": {"attachment": value}}
        return int(site.http.post_json(path, body, status="*").status_code)

    return write


WAYS: dict[str, Callable[[Site, Any], int]] = {
    "create with PUT": _put(f"{RECORDS}/new"),
    "create with POST": _post(RECORDS),
    "PUT over a file": _put(RECORD),
    "PUT over nothing": _put(f"{RECORDS}/plain"),
    "PATCH": lambda site, value: _patch(site, {"data": {"attachment": value}}, "application/json"),
    "PATCH, answered lightly": lambda site, value: _patch(
        site,
        {"data": {"attachment": value}},
        "application/json",
        **{"Response-Behavior": "diff"},
    ),
    "merge patch": lambda site, value: _patch(
        site, {"data": {"attachment": value}}, "application/merge-patch+json"
    ),
    "JSON patch": lambda site, value: _patch(
        site,
        [{"op": "add", "path": "/data/attachment", "value": value}],
        "application/json-patch+json",
    ),
    "JSON patch, copied": lambda site, value: _by_operations(
        site,
        {"op": "add", "path": "/data/x", "value": value},
        {"op": "copy", "from": "/data/x", "path": "/data/attachment"},
    ),
    "JSON patch, moved": lambda site, value: _by_operations(
        site,
        {"op": "add", "path": "/data/x", "value": value},
        {"op": "move", "from": "/data/x", "path": "/data/attachment"},
    ),
    "JSON patch, after a removal": lambda site, value: _by_operations(
        site,
        {"op": "remove", "path": "/data/attachment"},
        {"op": "add", "path": "/data/attachment", "value": value},
    ),
    "escaped": _escaped,
    "twice": _twice,
    "batched merge patch": lambda site, value: _batched_patch(
        site, value, "application/merge-patch+json"
    ),
    "batched JSON patch": lambda site, value: _batched_patch(
        site, value, "application/json-patch+json"
    ),
    "batched, by default": _batched_by_default,
    "batched PUT": lambda site, value: _batched(site, "PUT", f"{RECORDS}/new", value),
    "batched POST": lambda site, value: _batched(site, "POST", RECORDS, value),
    "batched PATCH": lambda site, value: _batched(site, "PATCH", RECORD, value),
    "batched, after a deletion": _after_a_deletion,
    "default bucket, PUT": _put(f"{OTHER}/n"),
    "default bucket, POST": _post(OTHER),
    "default bucket, batched": lambda site, value: _batched(site, "PUT", f"{OTHER}/n", value),
}


@pytest.mark.parametrize("way", sorted(WAYS))
def test_nobody_forges_a_description(site: Site, way: str) -> None:
    shown = site.send().json
    site.http.put_json(f"{RECORDS}/plain", {"data": {"n": 1}})
    for value in VALUES:
        assert WAYS[way](site, value) == 400, value
    assert site.record()["attachment"] == shown
    assert "attachment" not in site.record("plain")
    site.http.get(f"{RECORDS}/new", status=404)
    assert len(site.http.get(RECORDS).json["data"]) == 2


def test_the_refusal_is_that_of_the_protocol(site: Site) -> None:
    site.send()
    answer = site.http.patch_json(RECORD, {"data": {"attachment": FORGED}}, status=400)
    assert answer.json == {
        "code": 400,
        "errno": 999,
        "error": "Bad Request",
        "message": "Attachment metadata cannot be modified.",
    }


def test_one_field_of_a_description_cannot_be_changed(site: Site) -> None:
    site.send()
    body = json.dumps({"data": {"attachment": {"size": 1}}})
    merge = {"Content-Type": "application/merge-patch+json"}
    site.http.patch(RECORD, body, merge, status=400)  # attachment A-23
    operations = [{"op": "replace", "path": "/data/attachment/hash", "value": "0"}]
    change = {"Content-Type": "application/json-patch+json"}
    site.http.patch(RECORD, json.dumps(operations), change, status=400)


def test_the_description_of_another_record_is_a_forgery(site: Site) -> None:
    shown = site.send().json
    site.http.put_json(f"{RECORDS}/s", {"data": {"attachment": shown}}, status=400)


def test_the_description_of_a_former_file_is_a_forgery(site: Site) -> None:
    former = site.send(a_file(b"one", "a.txt")).json
    site.send(a_file(b"two", "a.txt"))
    site.http.patch_json(RECORD, {"data": {"attachment": former}}, status=400)
    site.http.delete(f"{RECORD}/attachment")
    site.http.patch_json(RECORD, {"data": {"attachment": former}}, status=400)


def test_a_description_that_stays_is_accepted(site: Site) -> None:
    shown = site.send().json
    site.http.put_json(RECORD, {"data": {"attachment": shown, "n": 1}}, status=200)
    site.http.patch_json(RECORD, {"data": {"attachment": shown}}, status=200)  # attachment A-21
    assert site.record() | {"last_modified": 0} == {
        "attachment": shown,
        "n": 1,
        "id": "r",
        "last_modified": 0,
    }


def test_what_was_taken_out_can_be_put_back(site: Site) -> None:
    """attachment A-22 a: the file stays until the record or another file replaces it"""
    shown = site.send().json
    site.http.put_json(RECORD, {"data": {"n": 1}}, status=200)
    assert site.get(shown["location"]).status_code == 200
    site.http.patch_json(RECORD, {"data": {"attachment": None}}, status=200)
    site.http.patch_json(RECORD, {"data": {"attachment": {}}}, status=200)
    site.http.patch_json(RECORD, {"data": {"attachment": shown}}, status=200)
    assert site.record()["attachment"] == shown


def test_a_file_overwrites_what_comes_with_it(site: Site) -> None:
    forged = ("data", None, None, json.dumpb({"attachment": FORGED, "n": 1}))
    shown = site.send(a_file(), forged, status=201).json  # attachment A-9
    assert site.record()["attachment"] == shown
    assert site.record()["n"] == 1


def test_a_schema_may_forbid_files(site: Site) -> None:
    schema = {"type": "object", "properties": {"n": {}}, "additionalProperties": False}
    site.http.patch_json(COLLECTION, {"data": {"schema": schema}})
    site.send(status=400)  # attachment A-24
    assert site.kept() == []
