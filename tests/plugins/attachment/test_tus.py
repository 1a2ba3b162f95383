"""Uploads in pieces, on every database and store.

Source: tus 1.0.0.
"""

import base64
import hashlib
import io
from collections.abc import Mapping
from itertools import pairwise

import pytest
from webtest import TestResponse

from kinto_attachment.cleaning import sweep
from kinto_core import json
from tests.plugins.attachment.conftest import NewSite
from tests.plugins.attachment.driving import RECORDS, Site, sha256

UPLOADS = f"{RECORDS}/r/attachment/uploads"
CONTENT = b"0123456789" * 100
SPOKEN = {"Tus-Resumable": "1.0.0"}


def _metadata(**told: str) -> str:
    pairs = (f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
    return ",".join(pairs)


def _begin(
    site: Site,
    length: int = len(CONTENT),
    *,
    status: int = 201,
    path: str = UPLOADS,
    **told: str,
) -> str:
    """Begin an upload; its path."""
    named = {"filename": "a.txt", "filetype": "text/plain", **told}
    headers = {**SPOKEN, "Upload-Length": str(length), "Upload-Metadata": _metadata(**named)}
    answer = site.http.post(path, headers=headers, status=status)
    return str(answer.headers.get("Location", "")).partition("localhost:80")[2]


def _add(
    site: Site,
    path: str,
    content: bytes,
    place: int,
    *,
    status: int = 204,
    headers: Mapping[str, str] | None = None,
) -> TestResponse:
    named = {
        **SPOKEN,
        "Upload-Offset": str(place),
        "Content-Type": "application/offset+octet-stream",
        **(headers or {}),
    }
    return site.http.patch(path, content, named, status=status)


def _place(site: Site, path: str) -> int:
    answer = site.http.head(path, headers=SPOKEN, status=200)
    assert answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"])


@pytest.mark.parametrize("cuts", [[], [1], [300, 600], [1, 2, 3, 999]])
def test_pieces_become_a_file(any_site: Site, cuts: list[int]) -> None:
    path = _begin(any_site)
    places = [0, *cuts, len(CONTENT)]
    for start, stop in pairwise(places):
        assert _place(any_site, path) == start
        answer = _add(any_site, path, CONTENT[start:stop], start)
        assert answer.headers["Upload-Offset"] == str(stop)
        assert answer.headers["Tus-Resumable"] == "1.0.0"
    shown = any_site.record()["attachment"]
    assert shown["hash"] == sha256(CONTENT)
    assert shown["filename"] == "a.txt"
    assert shown["mimetype"] == "text/plain"
    assert any_site.get(shown["location"]).body == CONTENT
    assert _place(any_site, path) == len(CONTENT)
    assert len(any_site.kept()) == 1


def test_a_file_without_content(site: Site) -> None:
    path = _begin(site, 0)
    assert site.record()["attachment"]["size"] == 0
    assert _place(site, path) == 0


def test_fields_come_with_the_beginning(site: Site) -> None:
    path = _begin(site, 1, data=json.dumps({"n": 1}), permissions='{"read": ["carol"]}')
    _add(site, path, b"x", 0)
    whole = site.http.get(f"{RECORDS}/r").json
    assert whole["data"]["n"] == 1
    assert whole["permissions"]["read"] == ["carol"]


def test_a_piece_elsewhere_is_refused(site: Site) -> None:
    path = _begin(site)
    _add(site, path, CONTENT[:10], 0)
    for place in (0, 9, 11, len(CONTENT)):
        answer = _add(site, path, b"x", place, status=409)
        assert answer.headers["Upload-Offset"] == "10"
    _add(site, path, CONTENT[10:] + b"x", 10, status=413)
    _add(site, path, CONTENT[10:], 10)
    assert site.record()["attachment"]["hash"] == sha256(CONTENT)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_checksum_is_compared(any_site: Site, algorithm: str) -> None:
    path = _begin(any_site)
    digest = base64.b64encode(hashlib.new(algorithm, CONTENT).digest()).decode()
    checked = {"Upload-Checksum": f"{algorithm} {digest}"}
    _add(any_site, path, CONTENT[::-1], 0, status=460, headers=checked)
    assert _place(any_site, path) == 0
    assert any_site.kept() == []
    _add(any_site, path, CONTENT, 0, headers=checked)
    assert any_site.record()["attachment"]["hash"] == sha256(CONTENT)


@pytest.mark.parametrize("checksum", ["crc32 AAAA", "sha1", "sha1 ???", ""])
def test_a_checksum_that_cannot_be_compared_is_refused(site: Site, checksum: str) -> None:
    path = _begin(site)
    _add(site, path, CONTENT, 0, status=400, headers={"Upload-Checksum": checksum})


@pytest.mark.parametrize("checksum", [None, "sha1"])
def test_what_came_before_a_connection_broke_is_kept(site: Site, checksum: str | None) -> None:
    """Unless the piece has a checksum, which says nothing of a part of it."""
    path = _begin(site)
    environ = {
        "REQUEST_METHOD": "PATCH",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(CONTENT[:700]),
        "CONTENT_LENGTH": str(len(CONTENT)),
        "CONTENT_TYPE": "application/offset+octet-stream",
        "HTTP_AUTHORIZATION": "Basic YWxpY2U6c2VjcmV0",
        "HTTP_TUS_RESUMABLE": "1.0.0",
        "HTTP_UPLOAD_OFFSET": "0",
    }
    if checksum is not None:
        digest = base64.b64encode(hashlib.new(checksum, CONTENT).digest()).decode()
        environ["HTTP_UPLOAD_CHECKSUM"] = f"{checksum} {digest}"
    seen: list[str] = []
    list(site.http.app(environ, lambda status, *_: seen.append(status)))
    assert seen[0].startswith("400")
    place = _place(site, path)
    assert place == (700 if checksum is None else 0)
    assert len(site.kept()) == (1 if checksum is None else 0)
    _add(site, path, CONTENT[place:], place)
    assert site.record()["attachment"]["hash"] == sha256(CONTENT)


def test_an_upload_can_be_given_up(any_site: Site) -> None:
    path = _begin(any_site)
    _add(any_site, path, CONTENT[:10], 0)
    any_site.http.delete(path, headers=SPOKEN, status=204)
    any_site.http.head(path, headers=SPOKEN, status=404)
    _add(any_site, path, CONTENT[10:], 10, status=404)
    assert any_site.kept() == []


def test_an_upload_that_waits_too_long_goes(make_site: NewSite) -> None:
    site = make_site({"attachment.upload_expiration_seconds": "60"})
    path = _begin(site)
    answer = _add(site, path, CONTENT[:10], 0)
    assert answer.headers["Upload-Expires"].endswith("GMT")
    assert sweep(site.plugin, grace_seconds=0).uploads == 0
    assert len(site.kept()) == 1
    now = site.server.clock()
    site.server.clock = lambda: now + 61_000
    site.http.head(path, headers=SPOKEN, status=404)
    assert sweep(site.plugin).uploads == 1
    assert site.kept() == []


def test_uploads_belong_to_who_began_them(site: Site) -> None:
    path = _begin(site)
    site.http.patch_json("/v1/buckets/b", {"permissions": {"write": ["system.Everyone"]}})
    for authorization in (("Basic", ("bob", "secret")), None):
        site.http.authorization = authorization
        site.http.head(path, headers=SPOKEN, status=404)
        site.http.delete(path, headers=SPOKEN, status=404)
        _add(site, path, CONTENT, 0, status=404)


def test_uploads_belong_to_their_record(site: Site) -> None:
    path = _begin(site).replace("/records/r/", "/records/s/")
    site.http.head(path, headers=SPOKEN, status=404)
    _add(site, path, CONTENT, 0, status=404)
    site.http.delete(path, headers=SPOKEN, status=404)
    site.http.get(f"{RECORDS}/s", status=404)


def test_who_may_not_write_the_record_begins_nothing(site: Site) -> None:
    site.http.authorization = ("Basic", ("bob", "secret"))
    _begin(site, status=403)
    site.http.authorization = None
    _begin(site, status=401)


def test_who_may_no_longer_write_completes_nothing(site: Site) -> None:
    site.http.patch_json("/v1/buckets/b", {"permissions": {"write": ["system.Authenticated"]}})
    site.http.authorization = ("Basic", ("bob", "secret"))
    path = _begin(site)
    _add(site, path, CONTENT[:10], 0)
    site.http.authorization = ("Basic", ("alice", "secret"))
    site.http.patch_json("/v1/buckets/b", {"permissions": {"write": []}})
    site.http.authorization = ("Basic", ("bob", "secret"))
    _add(site, path, CONTENT[10:], 10, status=403)
    assert _place(site, path) == 10


def test_a_file_that_is_not_accepted_is_refused_at_once(make_site: NewSite) -> None:
    site = make_site({"attachment.max_size_bytes": "999"})
    _begin(site, 1000, status=413)
    _begin(site, 10, filename="a.exe", status=400)
    _begin(site, 10, filename="", status=400)
    _begin(site, 10, data="[]", status=400)
    path = _begin(site, 6, filename="a.png", filetype="image/png")
    _add(site, path, b"<html>", 0, status=400)
    path = _begin(site, 6, filename="a.png", filetype="image/png")
    _add(site, path, b"<htm", 0)
    _add(site, path, b"l>", 4, status=400)
    site.http.delete(path, headers=SPOKEN)
    assert site.kept() == []


@pytest.mark.parametrize("length", ["", "-1", "x", "1.5", "9" * 30])
def test_a_length_is_needed(site: Site, length: str) -> None:
    headers = {**SPOKEN, "Upload-Length": length, "Upload-Metadata": _metadata(filename="a.txt")}
    site.http.post(UPLOADS, headers=headers, status=400)


def test_another_version_is_refused(site: Site) -> None:
    answer = site.http.post(UPLOADS, headers={"Tus-Resumable": "0.2.2"}, status=412)
    assert answer.headers["Tus-Version"] == "1.0.0"


def test_another_type_is_refused(site: Site) -> None:
    path = _begin(site)
    _add(site, path, CONTENT, 0, status=415, headers={"Content-Type": "text/plain"})


def test_the_options_say_what_there_is(site: Site) -> None:
    site.http.authorization = None
    answer = site.http.options(UPLOADS, status=204)
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,checksum,expiration,termination"
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256,md5"
    assert int(answer.headers["Tus-Max-Size"]) > 0
    page = {"Origin": "http://a.example", "Access-Control-Request-Method": "PATCH"}
    path = f"{UPLOADS}/x"
    answer = site.http.options(path, headers=page, status=200)
    assert answer.headers["Access-Control-Allow-Methods"] == "HEAD,PATCH,DELETE,OPTIONS"


def test_pages_of_other_sites_may_read_where_an_upload_is(site: Site) -> None:
    path = _begin(site)
    origin = {"Origin": "http://a.example"}
    answer = _add(site, path, b"x", 0, headers=origin)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Upload-Offset" in answer.headers["Access-Control-Expose-Headers"]


def test_uploads_to_the_default_bucket(site: Site) -> None:
    path = "/v1/buckets/default/collections/notes/records/n"
    upload = _begin(site, path=f"{path}/attachment/uploads")
    _add(site, upload, CONTENT, 0)
    assert site.http.get(path).json["data"]["attachment"]["size"] == len(CONTENT)


def test_uploads_do_not_come_in_batches(site: Site) -> None:
    requests = [{"method": "POST", "path": UPLOADS, "headers": SPOKEN}]
    answers = site.http.post_json("/v1/batch", {"requests": requests}).json["responses"]
    assert answers[0]["status"] == 404


def test_a_file_can_replace_another_in_pieces(any_site: Site) -> None:
    before = any_site.send().json
    path = _begin(any_site)
    _add(any_site, path, CONTENT[:500], 0)
    assert any_site.get(before["location"]).status_code == 200
    _add(any_site, path, CONTENT[500:], 500)
    any_site.get(before["location"], status=404)
    any_site.deliver()
    assert len(any_site.kept()) == 1
