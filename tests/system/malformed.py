"""Requests that no well-meaning client sends: bodies, query strings, headers and paths."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

BLOG = "/v1/buckets/blog"
ARTICLES = f"{BLOG}/collections/articles"
RECORDS = f"{ARTICLES}/records"
JSON_PATCH = {"Content-Type": "application/json-patch+json"}
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}

NUMBERS = [
    "9223372036854775807", "9223372036854775808", "18446744073709551616", "-9223372036854775809",
    "1" + "0" * 400, "1e400", "-1e400", "1e-400", "0.1", "-0", "-1", "NaN", "Infinity", "-Infinity",
    "0x10", "1_000", "+5", "٣", " 7", "",
]  # fmt: skip
TEXTS = [
    "\x00", "a\x00b", "\ud800", "\udfff", "\uffff", "\U0010ffff", "'", '"', "\\", "%", "%%", "%s",
    "*", "_", "$", "${x}", "\n", "\x7f", "é" * 2000, "..", "null", "true", "[]", "{}", "[", "{",
    "(?i)", "((((a*)*)*)*)*$", "-- ", "; DROP TABLE objects", ":name", "?", "\u202e",
]  # fmt: skip
REGEX_BOMB = {"type": "string", "pattern": "^(a+)+$"}
SUBJECT = {"text": "a" * 3000 + "!"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `body` is sent as it is."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""


def requests() -> Iterator[Request]:
    """All of them, in an order that leaves the objects of the start in place."""
    yield from _bodies()
    yield from _batches()
    yield from _patches()
    yield from _queries()
    yield from _headers()
    yield from _paths()
    yield from _schemas()


def _bodies() -> Iterator[Request]:
    for raw in _raw_bodies():
        for method, path in [
            ("POST", RECORDS), ("PUT", f"{RECORDS}/odd"), ("PATCH", f"{RECORDS}/first"),
            ("PUT", f"{BLOG}/groups/odd"), ("POST", "/v1/buckets"), ("POST", "/v1/batch"),
            ("GET", RECORDS), ("DELETE", f"{RECORDS}/odd"), ("POST", "/v1/permissions"),
        ]:  # fmt: skip
            yield Request(method, path, raw)


def _raw_bodies() -> Iterator[bytes]:
    yield from (b"{", b"[", b"nul", b'{"data": {}', b"{'data': 1}", b"null", b"12", b'"text"')
    yield from (b"\xff\xfe", b'{"data": {"a": "\xe9"}}', b"\xef\xbb\xbf{}", b'{"data": {}} x')
    yield from (b'{"data": {"a": "\\ud800"}}', b'{"data": {"\\udc00": 1}}', b'{"data": "\\u0000"}')
    yield from (b'{"data": {"a": "\\u0000"}}', b'{"data": {"\\u0000": 1}}', b"\x00", b"{}\x00")
    yield from (b'{"data": {"a": 1, "a": 2}}', b'{"data": {}, "data": {"b": 1}}', b'{"": {}}')
    for number in NUMBERS:
        value = number.encode()
        yield b'{"data": {"value": %s}}' % value
        yield b'{"data": {"last_modified": %s}}' % value
        yield b'{"data": {"members": %s}, "permissions": %s}' % (value, value)
    for depth in (90, 100, 101, 5000, 200_000):
        yield b'{"data": {"deep": ' + b"[" * depth + b"]" * depth + b"}}"
        yield b'{"data": ' * depth + b"1" + b"}" * depth
        yield b"[" * depth
    for value in (b"[]", b'"x"', b"5", b"null", b"true", b'{"a": []}', b"[[]]", b'[{"id": 1}]'):
        yield b'{"data": %s}' % value
        yield b'{"data": {"id": %s}}' % value
        yield b'{"data": {"schema": %s, "last_modified": %s}}' % (value, value)
        yield b'{"permissions": %s}' % value
        yield b'{"permissions": {"read": %s, "nonsense": %s}}' % (value, value)
        yield b'{"permissions": {"write": [%s]}}' % value
    for text in TEXTS:
        yield json.dumps({"data": {"text": text, text: 1}}).encode()
        yield json.dumps({"data": {"id": text}, "permissions": {"read": [text]}}).encode()
    yield json.dumps({"data": {str(n): n for n in range(20_000)}}).encode()
    yield b'{"data": {"big": "' + b"x" * 2_000_000 + b'"}}'


def _batches() -> Iterator[Request]:
    inner = {"path": "/buckets/blog", "method": "GET"}
    values: tuple[Any, ...] = (
        None, [], [1], {}, {"requests": None}, {"requests": {}}, {"requests": [None]},
        {"requests": [[]]}, {"requests": [{}]}, {"requests": [inner] * 1000}, {"x": 1},
        {"requests": [{"path": "/batch", "method": "POST"}]},
        {"requests": [{"path": "/v1/batch/?x", "method": "POST", "body": {"requests": [inner]}}]},
        {"requests": [{**inner, "method": "BREW"}]}, {"requests": [{**inner, "method": 5}]},
        {"requests": [{**inner, "headers": 5}]}, {"requests": [{**inner, "headers": {"a": 5}}]},
        {"requests": [{**inner, "headers": {"If-Match": "\x00"}}]},
        {"requests": [{**inner, "headers": {"é\n": "é\r\n", "Authorization": "Basic \ud800"}}]},
        {"requests": [{**inner, "body": "text"}]}, {"requests": [{**inner, "nonsense": 1}]},
        {"requests": [inner], "defaults": 5}, {"requests": [inner], "defaults": {"path": 5}},
        {"requests": [inner], "defaults": {"body": {"data": [1]}, "method": "PUT"}},
        {"defaults": inner}, {"requests": [{"path": "/"}, {"path": "/__heartbeat__"}]},
        {"requests": [{"path": "/v1/v1/v1"}, {"path": "//evil.example/v1"}, {"path": "/../.."}]},
    )  # fmt: skip
    for value in values:
        yield Request("POST", "/v1/batch", json.dumps(value).encode())
    for text in TEXTS:
        path = f"/buckets/blog/collections/articles/records?_sort={text}&title={text}#{text}"
        entries = [{"path": path}, {"path": f"/buckets/{text}", "method": "PUT"}]
        yield Request("POST", "/v1/batch", json.dumps({"requests": entries}).encode())


def _patches() -> Iterator[Request]:
    path = f"{RECORDS}/first"
    values: tuple[Any, ...] = (
        {}, [], None, 5, [5], [None], [{}], [{"op": "add"}], [{"op": "nonsense", "path": "/data"}],
        [{"op": "add", "path": "data/x", "value": 1}], [{"op": "remove", "path": "/data/missing"}],
        [{"op": "replace", "path": "", "value": 5}], [{"op": "remove", "path": ""}],
        [{"op": "move", "from": "/data", "path": "/data/inside"}], [{"op": "copy", "path": "/x"}],
        [{"op": "add", "path": "/data/list/99999999999999999999", "value": 1}],
        [{"op": "add", "path": "/data/~2", "value": 1}], [{"op": "add", "path": 5, "value": 1}],
        [{"op": "test", "path": "/data/last_modified", "value": "x"}],
        [{"op": "add", "path": "/permissions/nonsense/x"}], [{"op": "add", "path": "/permissions"}],
        [{"op": "add", "path": "/data/id", "value": "other"}],
        [{"op": "replace", "path": "/data", "value": None}],
        [{"op": "add", "path": "/data/\u0000", "value": "\u0000"}],
        [{"op": "copy", "from": "/data", "path": "/data/x"}] * 30,
    )  # fmt: skip
    for value in values:
        for headers in (JSON_PATCH, MERGE_PATCH):
            yield Request("PATCH", path, json.dumps(value).encode(), headers)


def _queries() -> Iterator[Request]:
    names = [
        "_limit", "_since", "_before", "_to", "_token", "_sort", "_fields", "title", "min_age",
        "in_title", "like_title", "contains_tags", "contains_any_tags", "has_title", "id",
        "in_id", "last_modified", "gt_last_modified", "not_id", "exclude_last_modified",
        "a.b.c", "_expected", "deleted", "eq_",
    ]  # fmt: skip
    for name in names:
        for value in (*NUMBERS, *TEXTS):
            yield Request("GET", RECORDS, query=f"{name}={_quoted(value)}")
    for value in ("[1", "[]", '["a\x00"]', "[[1]]", '{"a": 1}', "9" * 5000, '"\\ud800"', "1,2,,3"):
        for name in ("in_title", "contains_tags", "contains_any_tags", "gt_title", "like_title"):
            yield Request("GET", RECORDS, query=f"{name}={_quoted(value)}")
    sort = ",".join(f"-field{number}" for number in range(1000))
    many = ",".join(str(number) for number in range(5000))
    for query in (
        f"_sort={sort}", f"in_title={many}", f"exclude_id={many}", f"_fields={sort}",
        "&".join(f"field{number}=1" for number in range(1000)), "&" * 1000, "=" * 1000, "%", "%zz",
        "%ff%fe=1", "_since=%ff", "_sort=a,,b", "_sort=--a", "_sort=" + "a." * 2000,
        "_limit=1&_limit=x",
        "_token=" + "A" * 20_000, "like_title=" + "*" * 5000, "like_title=" + "%25_" * 2000,
    ):  # fmt: skip
        for path in (RECORDS, "/v1/buckets", f"{BLOG}/groups", "/v1/permissions"):
            yield Request("GET", path, query=query)
            yield Request("HEAD", path, query=query)
    for value in (*NUMBERS, *TEXTS):
        yield Request("DELETE", f"{RECORDS}/gone", query=f"last_modified={_quoted(value)}")


def _headers() -> Iterator[Request]:
    odd = ['"x"', "x", '"-1"', "**", "*x", 'W/"5"', '"1", "2"', '"', "\xe9", "a" * 60_000]
    values = [*odd, *(f'"{number}"' for number in NUMBERS if number.isascii())]
    for name in ("If-Match", "If-None-Match"):
        for value in values:
            for method in ("GET", "PUT", "PATCH"):
                yield Request(method, f"{RECORDS}/first", b'{"data": {}}', {name: value})
            yield Request("GET", RECORDS, headers={name: value})
    types = [
        "text/plain", "application/xml", "", "/", ";", "application/json; charset=klingon",
        "application/json; charset=utf-16", "multipart/form-data", "\xe9", "application/JSON",
    ]  # fmt: skip
    for kind in types:
        content_type = {"Content-Type": kind}
        yield Request("POST", RECORDS, b'{"data": {}}', content_type)
        yield Request("PATCH", f"{RECORDS}/first", b'{"data": {}}', content_type)
        yield Request("POST", "/v1/batch", b'{"data": {}}', content_type)
        yield Request("GET", RECORDS, headers={"Accept": kind})
    for value in (
        "Basic", "Basic !", "Basic =", "Basic /w==", "Basic Og==", "Basic " + "A" * 60_000,
        "Bearer x", "undefined", "", "\xe9 \xe9", "Basic AAAA AAAA",
    ):  # fmt: skip
        yield Request("GET", RECORDS, headers={"Authorization": value})
    for name in ("Origin", "Content-Encoding", "X-Forwarded-For", "Host", "Accept-Language"):
        for value in ("\xe9", "a" * 60_000, "null", "%00", "http://[", "gzip", ":::"):
            yield Request("GET", "/v1/", headers={name: value})


def _paths() -> Iterator[Request]:
    ids = [
        "%00", "%ff", "%2e%2e", "%2F", ".", "..", "-", "_", "a" * 5000, "é", "%ED%A0%80", " ", "+",
        "*", "~", "a%20b", "a;b", "a:b", "A", "%25", "%", "%zz", "default", "0", "__proto__",
    ]  # fmt: skip
    for id_ in ids:
        for path in (
            f"/v1/buckets/{id_}", f"{BLOG}/collections/{id_}", f"{RECORDS}/{id_}", f"/{id_}",
            f"{BLOG}/groups/{id_}", f"/v1/{id_}", f"{RECORDS}/{id_}/{id_}",
        ):  # fmt: skip
            for method in ("GET", "PUT", "DELETE"):
                if path != BLOG:
                    yield Request(method, path, b"{}")
    for path in (
        "/v1//", "//", "/v1/buckets//", "/v2/", "/v99999999999999999999/buckets", "/v1.5/",
        "/v1/buckets/" + "a/" * 5000, "/v1/__nonsense__", "/v1/batch/",
    ):  # fmt: skip
        for method in ("GET", "POST", "OPTIONS", "HEAD", "DELETE", "TRACE", "BREW", "CONNECT"):
            yield Request(method, path)


def _schemas() -> Iterator[Request]:
    """Schemas of a collection and records that try them; the last one accepts everything."""
    deep: dict[str, object] = {}
    for _ in range(40):
        deep = {"properties": {"a": deep}, "allOf": [{"type": "object"}]}
    schemas: tuple[Any, ...] = (
        {"type": "nonsense"}, {"type": 5}, {"properties": 5}, {"$ref": "#"}, {"$ref": "#/missing"},
        {"$ref": "http://127.0.0.1:1/schema"}, {"$ref": "file:///etc/passwd"}, {"pattern": "("},
        {"properties": {"text": REGEX_BOMB}}, {"patternProperties": {"^(a|a)*$": {}}},
        {"properties": {"text": {"pattern": "(a*)*(a*)*(a*)*b"}}},
        {"properties": {"text": {"pattern": "(?=a)b"}}},
        {"allOf": [{"$ref": "#"}]}, {"properties": {"text": {"format": "email"}}}, deep, True, [],
        {"definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/a"}},
         "$ref": "#/definitions/a"},
        {"properties": {"text": {"multipleOf": 0}}}, {"properties": {"n": {"multipleOf": 1e-300}}},
        {"$schema": "http://example.com/unknown"}, {"$id": "::::", "minimum": 10**400},
        {"enum": []}, {"required": "text"}, {},
    )  # fmt: skip
    for schema in schemas:
        yield Request("PUT", ARTICLES, json.dumps({"data": {"schema": schema}}).encode())
        for data in (SUBJECT, {"text": 10**300, "n": 1e308}, {"a" * 200 + "!": 1}):
            yield Request("PUT", f"{RECORDS}/tried", json.dumps({"data": data}).encode())


def _quoted(value: str) -> str:
    """A value as it stands in a query string; lone surrogates as their three bytes."""
    return "".join(f"%{byte:02X}" for byte in value.encode("utf-8", "surrogatepass"))
