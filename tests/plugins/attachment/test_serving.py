"""Downloads: ranges, conditions, and nothing that a browser would run.

Source: attachment A-86, A-87, A-92, A-93; RFC 9110.
"""

import gzip
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.plugins.attachment.conftest import NewSite
from tests.plugins.attachment.driving import (
    COLLECTION,
    PNG,
    RECORDS,
    Site,
    a_file,
    new_site,
    sha256,
)

CONTENT = bytes(range(256)) * 4
SIZE = len(CONTENT)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><script>alert(1)</script>"


@pytest.fixture
def location(site: Site) -> str:
    """Of a file with ``CONTENT``."""
    found: str = site.send(a_file(CONTENT, "a.txt", "text/plain")).json["location"]
    return found


RANGES = [
    ("bytes=0-0", 0, 1),
    ("bytes=0-", 0, SIZE),
    ("bytes=10-19", 10, 20),
    ("bytes=1000-", 1000, SIZE),
    ("bytes=1000-99999", 1000, SIZE),
    ("bytes=-1", SIZE - 1, SIZE),
    ("bytes=-99999", 0, SIZE),
    (f"bytes={SIZE - 1}-{SIZE - 1}", SIZE - 1, SIZE),
]


@pytest.mark.parametrize(("wanted", "start", "stop"), RANGES)
def test_a_part_of_a_file(site: Site, location: str, wanted: str, start: int, stop: int) -> None:
    answer = site.get(location, status=206, Range=wanted)
    assert answer.body == CONTENT[start:stop]
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert answer.headers["Content-Length"] == str(stop - start)


@pytest.mark.parametrize("wanted", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_a_part_that_is_not_there(site: Site, location: str, wanted: str) -> None:
    answer = site.get(location, status=416, Range=wanted)
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "wanted", ["bytes=0-1,5-6", "bytes=9-2", "bytes=-", "lines=1-2", "bytes=a-b", "", "bytes"]
)
def test_a_range_that_means_nothing_is_ignored(site: Site, location: str, wanted: str) -> None:
    assert site.get(location, status=200, Range=wanted).body == CONTENT


def test_a_range_of_another_content_is_ignored(site: Site, location: str) -> None:
    etag = site.get(location).headers["ETag"]
    modified = site.get(location).headers["Last-Modified"]
    for condition in (etag, modified):
        site.get(location, status=206, Range="bytes=0-1", If_Range=condition)
    for condition in ('"other"', f"W/{etag}", "Mon, 01 Jan 2024 00:00:00 GMT"):
        site.get(location, status=200, Range="bytes=0-1", If_Range=condition)


def test_the_tag_is_the_hash(site: Site, location: str) -> None:
    answer = site.get(location)
    assert answer.headers["ETag"] == f'"{sha256(CONTENT)}"'
    tag = answer.headers["ETag"]
    assert site.get(location, status=304, If_None_Match=tag).body == b""
    site.get(location, status=304, If_None_Match=f'"x", W/{tag}')
    site.get(location, status=304, If_None_Match="*")
    site.get(location, status=200, If_None_Match='"x"')
    site.get(location, status=412, If_Match='"x"')
    site.get(location, status=200, If_Match=tag)


def test_head_has_the_headers_alone(site: Site, location: str) -> None:
    path = location.removeprefix("http://localhost")
    answer = site.http.head(path, headers={"Range": "bytes=0-1"})
    assert answer.headers["Content-Length"] == str(SIZE)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.body == b""


def test_random_paths_never_change(site: Site, location: str) -> None:
    assert "immutable" in site.get(location).headers["Cache-Control"]


def test_named_paths_are_asked_for_again(make_site: NewSite) -> None:
    site = make_site({"attachment.randomize": "false"})
    first = site.send(a_file(b"one", "a.txt")).json["location"]
    assert site.send(a_file(b"two", "a.txt")).json["location"] == first  # attachment A-41
    answer = site.get(first)
    assert answer.body == b"two"
    assert answer.headers["Cache-Control"] == "public, no-cache"  # attachment A-92
    modified = answer.headers["Last-Modified"]  # within one second for both
    site.get(first, status=200, Range="bytes=0-1", If_Range=modified)
    site.get(first, status=206, Range="bytes=0-1", If_Range=answer.headers["ETag"])
    second = site.send(a_file(b"other", "a.txt"), record="s").json["location"]
    assert second.endswith("/a-1.txt")
    assert site.get(first).body == b"two"


ACTIVE = [
    ("page.txt", "text/html", HTML),
    ("page.json", "text/html; charset=utf-8", HTML),
    ("picture.svg", "image/svg+xml", SVG),
    ("feed.xml", "application/xml", b"<?xml version='1.0'?><x/>"),
    ("page.xml", "application/xhtml+xml", b"<html xmlns='http://www.w3.org/1999/xhtml'/>"),
    ("code.txt", "text/javascript", b"alert(1)"),
    ("code.json", "application/javascript", b"alert(1)"),
    ("paper.pdf", "application/pdf", b"%PDF-1.7"),
    ("page.PNG.txt", "TEXT/HTML", HTML),
    ("x.txt", "nonsense", HTML),
    ("x.txt", "text/html\t", HTML),
]


@pytest.mark.parametrize(("filename", "media_type", "content"), ACTIVE)
def test_what_browsers_run_is_only_saved(
    site: Site, filename: str, media_type: str, content: bytes
) -> None:
    """attachment A-87"""
    answer = site.get(site.send(a_file(content, filename, media_type)).json["location"])
    assert answer.body == content
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_picture_is_shown_in_place(site: Site) -> None:
    answer = site.get(site.send().json["location"])
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == 'inline; filename="image.png"'
    assert "sandbox" in answer.headers["Content-Security-Policy"]


LIARS = [
    ("a.png", "image/png", HTML),
    ("a.png", "image/png", b"\n\n  <HTML>"),
    ("a.jpg", "image/jpeg", SVG),
    ("a.gif", "image/gif", b"MZ\x90"),
    ("a.png", "image/png", b"%PDF-1.4"),
    ("a.png", "image/png", b"\x7fELF"),
    ("a.svg", "image/svg+xml", HTML),
    ("a.png", "image/png", gzip.compress(b"0" * 1_000_000)),
]


@pytest.mark.parametrize(("filename", "media_type", "content"), LIARS)
def test_a_picture_must_not_be_something_else(
    site: Site, filename: str, media_type: str, content: bytes
) -> None:
    site.send(a_file(content, filename, media_type), status=400)
    assert site.kept() == []


def test_nothing_is_unpacked(make_site: NewSite) -> None:
    """attachment A-91: an archive is bytes like others, on the way in and on the way out"""
    site = make_site({"attachment.extensions": "archives"})
    bomb = gzip.compress(b"\0" * 10_000_000)
    shown = site.send(a_file(bomb, "bomb.gz", "application/gzip")).json
    assert shown["size"] == len(bomb)
    answer = site.get(shown["location"], Accept_Encoding="gzip")
    assert "Content-Encoding" not in answer.headers
    assert answer.body == bomb


NAMES = [
    "../../etc/evil.txt",
    "..\\..\\evil.txt",
    "/etc/passwd.txt",
    "a\r\nX-Evil: 1.txt",
    'a"b.txt',
    "été déjà.txt",
    "日本.txt",
    "x" * 3000 + ".txt",
    "..a.txt",
]


@pytest.fixture(scope="module")
def naming(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose paths have the names that were sent."""
    folder = tmp_path_factory.mktemp("naming")
    with new_site(folder, {"attachment.randomize": "false"}) as found:
        yield found


@pytest.mark.parametrize("filename", NAMES)
def test_no_name_leads_elsewhere(naming: Site, filename: str) -> None:
    """attachment A-38, A-39, A-86, A-88"""
    site = naming.emptied()
    escaped = filename.replace('"', '\\"').replace("\r\n", "%0D%0A")
    shown = site.send(a_file(b"x", escaped, "text/plain"), status=201).json
    path = shown["location"].removeprefix("http://localhost/v1/attachments/")
    assert "/" not in path
    assert not path.startswith(".")
    assert path.isascii()
    answer = site.get(shown["location"])
    assert answer.body == b"x"
    assert "\n" not in answer.headers["Content-Disposition"]
    assert "X-Evil" not in answer.headers
    inside = [key for key in site.kept() if key.startswith("blobs/")]
    assert len(inside) == 1


@pytest.mark.parametrize(
    "path",
    [
        "../kinto.db",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "/etc/passwd",
        "blobs/",
        "nothing.png",
        "%00",
    ],
)
def test_no_path_leads_elsewhere(site: Site, path: str) -> None:
    site.send()
    site.get(f"/v1/attachments/{path}", status=404)


def test_keys_are_no_paths(site: Site) -> None:
    site.send()
    (key,) = site.kept()
    site.get(f"/v1/attachments/{key}", status=404)


@pytest.mark.parametrize("collection", ["..", ".", "%2e%2e"])
def test_ids_make_no_folders_elsewhere(make_site: NewSite, collection: str) -> None:
    """attachment A-86"""
    site = make_site({"attachment.folder": "{bucket_id}/{collection_id}"})
    path = f"/v1/buckets/b/collections/{collection}/records/x/attachment"
    site.send(record=path, status=404)
    assert site.kept() == []


def test_folders_have_the_names_of_what_holds_the_record(make_site: NewSite) -> None:
    site = make_site({"attachment.folder": "{bucket_id}/{collection_id}/{id}"})
    location = site.send().json["location"]
    assert "/v1/attachments/b/c/r/" in location
    assert site.get(location).body == PNG


def test_downloads_are_for_everybody_unless_somebody_says_otherwise(site: Site) -> None:
    location = site.send().json["location"]
    site.http.authorization = None
    assert "public" in site.get(location, status=200).headers["Cache-Control"]


def test_a_collection_may_ask_for_the_permission_to_read(site: Site) -> None:
    """attachment A-37, A-89"""
    site.http.patch_json(COLLECTION, {"data": {"private_attachments": True}})
    location = site.send().json["location"]
    answer = site.get(location, status=200)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    site.http.authorization = None
    site.get(location, status=401)
    site.get(location, status=401, If_None_Match="*")
    site.http.authorization = ("Basic", ("bob", "secret"))
    site.get(location, status=403)
    site.http.authorization = ("Basic", ("alice", "secret"))
    everyone = {"permissions": {"read": ["system.Everyone"]}}
    site.http.patch_json(f"{RECORDS}/r", everyone)
    site.http.authorization = None
    site.get(location, status=200)


def test_settings_may_ask_for_it_too(make_site: NewSite) -> None:
    site = make_site({"attachment.resources.b.private": "true"})
    location = site.send().json["location"]
    site.http.authorization = None
    site.get(location, status=401)


def test_a_name_survives_a_download(site: Site) -> None:
    name = "été «1».txt"
    location = site.send(a_file(b"x", name, "text/plain")).json["location"]
    shown = site.get(location).headers["Content-Disposition"]
    assert shown == f"inline; filename=\"ete_1.txt\"; filename*=UTF-8''{quote(name)}"


def test_pages_of_other_sites_may_read_files(site: Site, location: str) -> None:
    answer = site.get(location, Origin="http://a.example")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Content-Range" in answer.headers["Access-Control-Expose-Headers"]


def test_files_do_not_come_in_batches(site: Site, location: str) -> None:
    path = location.removeprefix("http://localhost")
    requests = [{"method": "GET", "path": path}]
    answers = site.http.post_json("/v1/batch", {"requests": requests}).json["responses"]
    assert answers[0]["status"] == 404
