"""Limits are kept while the body is read, and what is cut short leaves nothing.

Source: attachment A-14, A-33, A-51, A-53, A-85.
"""

from typing import Any

import pytest

from kinto_attachment.cleaning import sweep
from tests.plugins.attachment.conftest import NewSite
from tests.plugins.attachment.driving import BOUNDARY, FORM, RECORDS, Site, a_file, form

MEGABYTE = 1024 * 1024


class Body:
    """A body that counts what is read of it.

    Args:
        content: all of it.
        cut_after: the connection ends after so many bytes.
    """

    def __init__(self, content: bytes, cut_after: int | None = None) -> None:
        self._content = content if cut_after is None else content[:cut_after]
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        """Some of the bytes."""
        stop = len(self._content) if size < 0 else self.taken + size
        chunk = self._content[self.taken : stop]
        self.taken += len(chunk)
        return chunk


def _post(site: Site, body: Body, length: int | None, path: str = "") -> tuple[str, bytes]:
    """Send a body of which the application reads what it likes; the status and the answer."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path or f"{RECORDS}/r/attachment",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": body,
        "CONTENT_TYPE": FORM,
        "HTTP_AUTHORIZATION": "Basic YWxpY2U6c2VjcmV0",
    }
    if length is None:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    else:
        environ["CONTENT_LENGTH"] = str(length)
    seen: list[str] = []
    answer = site.http.app(environ, lambda status, *_: seen.append(status))
    return seen[0], b"".join(answer)


@pytest.fixture
def small(make_site: NewSite) -> Site:
    """A site for files of at most one megabyte."""
    return make_site({"attachment.max_size_bytes": str(MEGABYTE)})


@pytest.mark.parametrize("is_told", [True, False])
def test_a_body_far_too_large_is_not_read(small: Site, is_told: bool) -> None:
    content = form(a_file(b"x" * (20 * MEGABYTE), "a.txt", "text/plain"))
    body = Body(content)
    status, _ = _post(small, body, len(content) if is_told else None)
    assert status.startswith("413")
    assert body.taken <= (0 if is_told else 3 * MEGABYTE)
    assert small.kept() == []


def test_the_limit_holds_while_the_body_is_read(small: Site) -> None:
    content = form(a_file(b"x" * (2 * MEGABYTE + MEGABYTE // 2), "a.txt", "text/plain"))
    body = Body(content)
    status, _ = _post(small, body, len(content))
    assert status.startswith("413")
    assert body.taken < len(content)
    assert small.kept() == []


def test_a_file_a_little_too_large_is_counted(small: Site) -> None:
    size = MEGABYTE + 1
    answer = small.send(a_file(b"x" * size, "a.txt", "text/plain"), status=400)
    text = f"File size ({size} bytes) exceeds the limit ({MEGABYTE} bytes)."
    assert answer.json["message"] == f"body: {text}"  # attachment A-33
    assert small.kept() == []
    small.send(a_file(b"x" * MEGABYTE, "a.txt", "text/plain"), status=201)


def test_a_stranger_sends_nothing(site: Site) -> None:
    content = form(a_file(b"x" * MEGABYTE, "a.txt", "text/plain"))
    body = Body(content)
    path = "/v1/buckets/other/collections/c/records/r/attachment"
    status, _ = _post(site, body, len(content), path)
    assert status.startswith("403")
    assert body.taken == 0


@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize("place", [0, 20, 150, MEGABYTE, -3])
def test_a_connection_that_ends_early_leaves_nothing(site: Site, is_told: bool, place: int) -> None:
    """attachment A-14"""
    before = site.send(a_file(b"before", "a.txt")).json
    content = form(a_file(b"x" * (2 * MEGABYTE), "a.txt", "text/plain"))
    body = Body(content, place if place >= 0 else len(content) - len(BOUNDARY))
    status, _ = _post(site, body, len(content) if is_told else None)
    assert status.startswith("400")
    assert site.record()["attachment"] == before
    sweep(site.plugin, grace_seconds=0)
    assert len(site.kept()) == 1


def test_a_field_is_no_place_for_a_file(make_site: NewSite) -> None:
    site = make_site({"max_body_size_bytes": "1000"})
    big = ("data", None, None, b'{"x": "' + b"x" * 2000 + b'"}')
    site.send(a_file(), big, status=413)
    assert site.kept() == []


FIELDS = [b"[]", b"1", b"null", b'"text"', b"{", b"", b'{"a": NaN}', b"\xff"]


@pytest.mark.parametrize("name", ["data", "permissions"])
@pytest.mark.parametrize("content", FIELDS)
def test_a_field_must_be_an_object(site: Site, name: str, content: bytes) -> None:
    site.send(a_file(), (name, None, None, content), status=400)  # attachment A-34
    assert site.kept() == []


@pytest.mark.parametrize(
    "permissions", [b'{"read": "system.Everyone"}', b'{"foo": ["x"]}', b'{"read": [1]}']
)
def test_permissions_are_checked(site: Site, permissions: bytes) -> None:
    site.send(a_file(), ("permissions", None, None, permissions), status=400)  # attachment A-35
    assert site.kept() == []


def test_many_parts_are_no_burden(site: Site) -> None:
    parts = [("more", None, None, b"x")] * 1000
    site.send(*parts, status=400)
    assert site.kept() == []


def test_an_empty_file_is_a_file(site: Site) -> None:
    shown = site.send(a_file(b"", "a.txt", "text/plain")).json
    assert shown["size"] == 0
    answer = site.get(shown["location"])
    assert answer.body == b""
    site.get(shown["location"], status=416, Range="bytes=0-")
