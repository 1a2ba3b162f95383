"""What goes wrong on the way changes nothing, and nobody gets or leaves what they may not.

Source: attachment A-36, A-60, A-80 to A-95.
"""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from webtest import TestApp

from kinto_attachment.serving import INLINE
from kinto_core.testing import make_app
from tests.plugins.attachment.conftest import NewSite
from tests.plugins.attachment.driving import (
    BUCKET,
    COLLECTION,
    FORM,
    PNG,
    RECORDS,
    Site,
    a_field,
    a_file,
    form,
    new_site,
)

PATH = f"{RECORDS}/r/attachment"
LIMIT = 1000
TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": "6", "Upload-Metadata": "filename YS50eHQ="}
ALICE, BOB = ("Basic", ("alice", "secret")), ("Basic", ("bob", "secret"))


def _as_bob(site: Site) -> int:
    site.http.authorization = BOB
    status = _parts(a_file(b"x", "a.txt"))(site)
    site.http.authorization = ALICE
    return status


def _batched(site: Site) -> int:
    asked = {"requests": [{"method": "POST", "path": PATH, "body": {"data": {}}}]}
    return int(site.http.post_json("/v1/batch", asked).json["responses"][0]["status"])


def _raw(body: bytes, **headers: str) -> Callable[[Site], int]:
    def send(site: Site) -> int:
        named = {"Content-Type": FORM, **headers}
        return int(site.http.post(PATH, body, named, status="*").status_code)

    return send


def _parts(*parts: tuple[str, str | None, str | None, bytes]) -> Callable[[Site], int]:
    return _raw(form(*parts))


REFUSALS: dict[str, tuple[Callable[[Site], int], int]] = {
    "no part": (_parts(a_field("data", {})), 400),
    "no parts": (_parts(), 400),
    "a part of that name that is no file": (_parts(("attachment", None, None, b"x")), 400),
    "an empty name": (_parts(a_file(b"x", "")), 400),
    "an unknown part": (_parts(a_file(), ("more", None, None, b"x")), 400),
    "an extension": (_parts(a_file(b"x", "a.php")), 400),
    "a second extension": (_parts(a_file(PNG, "a.png.php")), 400),
    "another content": (_parts(a_file(b"<html>", "a.png")), 400),
    "a file a little too large": (_parts(a_file(b"x" * (LIMIT + 1), "a.txt")), 400),
    "a file far too large": (_parts(a_file(b"x" * 3_000_000, "a.txt")), 413),
    "fields that are no JSON": (_parts(a_file(), ("data", None, None, b"{")), 400),
    "text that is none": (_parts(a_file(), ("data", None, None, b'{"a": "\\ud800"}')), 400),
    "a field that is a file": (_parts(a_file(), ("data", "d.json", None, b"{}")), 400),
    "another id": (_parts(a_file(), a_field("data", {"id": "other"})), 400),
    "unknown permissions": (_parts(a_file(), a_field("permissions", {"x": []})), 400),
    "no form": (_raw(b"{}", **{"Content-Type": "application/json"}), 400),
    "no boundary": (_raw(form(a_file()), **{"Content-Type": "multipart/form-data"}), 400),
    "packed": (_raw(gzip.compress(form(a_file())), **{"Content-Encoding": "gzip"}), 400),
    "another version": (_raw(form(a_file()), **{"If-Match": '"1"'}), 412),
    "a record that is there": (_raw(form(a_file()), **{"If-None-Match": "*"}), 412),
    "in a batch": (_batched, 400),
    "somebody else": (_as_bob, 403),
}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site for small files."""
    folder = tmp_path_factory.mktemp("limited")
    with new_site(folder, {"attachment.max_size_bytes": str(LIMIT)}) as found:
        yield found


@pytest.mark.parametrize("refusal", sorted(REFUSALS))
def test_what_is_refused_leaves_the_file_and_the_record(limited: Site, refusal: str) -> None:
    """attachment A-16, A-33, A-81, A-82"""
    site = limited.emptied()
    before = site.send(a_file(b"before", "a.txt", "text/plain")).json
    record = site.record()
    send, status = REFUSALS[refusal]
    assert send(site) == status
    assert site.record() == record
    assert site.get(before["location"]).body == b"before"
    assert len(site.kept()) == 1


def test_a_collection_that_is_not_there_gets_no_file(site: Site) -> None:
    path = f"{BUCKET}/collections/nope/records/r/attachment"
    answer = site.send(record=path, status=404)  # attachment A-33
    assert answer.json["details"] == {"id": "nope", "resource_name": "collection"}
    site.http.post(f"{path}/uploads", headers=TUS, status=404)
    assert site.kept() == []


def test_a_refused_upload_makes_no_default_bucket(site: Site) -> None:
    path = "/v1/buckets/default/collections/notes/records/n/attachment"
    site.send(a_file(b"x", "a.exe"), record=path, status=400)
    assert site.kept() == []
    site.http.authorization = None
    site.send(record=path, status=401)  # attachment A-60


def test_files_go_with_the_data_of_their_user(make_site: NewSite) -> None:
    site = make_site({"user-data_delete_principals": "system.Authenticated"})
    principal = site.http.get("/v1/").json["user"]["id"]
    location = site.send().json["location"]
    site.http.delete(f"/v1/__user_data__/{principal}")
    site.get(location, status=404)
    site.deliver()
    assert site.kept() == []  # attachment A-27


def test_who_may_create_records_may_send_their_files_only(site: Site) -> None:
    """attachment A-26, A-36"""
    location = site.send(status=201).json["location"]
    grants = {
        "permissions": {"record:create": ["system.Authenticated"], "read": ["system.Everyone"]}
    }
    site.http.patch_json(COLLECTION, grants)
    site.http.authorization = BOB
    site.send(a_file(b"x", "a.txt"), status=403)
    site.http.post(f"{PATH}/uploads", headers=TUS, status=403)
    site.http.delete(PATH, status=403)
    site.send(a_file(b"x", "a.txt"), record="s", status=201)
    site.send(a_file(b"y", "a.txt"), record="s", status=200)
    site.http.delete(f"{RECORDS}/s/attachment", status=204)
    site.http.delete(f"{RECORDS}/t/attachment", status=204)
    assert site.record("t")["attachment"] is None
    assert site.get(location).body == PNG


FOLDERS = [
    "/v1/buckets/{0}/collections/c/records/x",
    "/v1/buckets/b/collections/{0}/records/x",
    "/v1/buckets/b/collections/c/records/{0}",
]


@pytest.mark.parametrize("path", FOLDERS)
@pytest.mark.parametrize(
    "name", ["..", "%2e%2e", "..%2f..%2fx", "a%00b", "%ff", "a%0ab", ".", "a/b"]
)
def test_no_identifier_leads_elsewhere(foldered: Site, path: str, name: str) -> None:
    """attachment A-86"""
    site = foldered.emptied()
    for suffix, headers in (("", {"Content-Type": FORM}), ("/uploads", TUS)):
        target = f"{path.format(name)}/attachment{suffix}"
        answer = site.http.post(target, form(a_file()), headers, status="*")
        assert answer.status_code in (400, 403, 404), answer
    assert site.kept() == []
    assert not list(site.folder.parent.glob("*.png"))


@pytest.fixture(scope="module")
def foldered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose paths have the names of what holds the record."""
    folder = tmp_path_factory.mktemp("foldered") / "files"
    with new_site(folder, {"attachment.folder": "{bucket_id}/{collection_id}/{id}"}) as found:
        yield found


DOUBLE = [
    ("x.php.jpg", "image/jpeg", b"\xff\xd8\xff<?php", "image/jpeg"),
    ("x.html.txt", "text/html", b"<html>", "application/octet-stream"),
    ("x.svg.json", "image/svg+xml", b"<svg>", "application/octet-stream"),
    ("x.exe.csv", "application/x-msdownload", b"MZ", "application/x-msdownload"),
    ("x.html.xml", "text/xml", b"<html>", "application/octet-stream"),
]


@pytest.mark.parametrize(("filename", "media_type", "content", "served"), DOUBLE)
def test_an_extension_before_the_last_means_nothing(
    site: Site, filename: str, media_type: str, content: bytes, served: str
) -> None:
    """attachment A-87"""
    location = site.send(a_file(content, filename, media_type)).json["location"]
    assert location.count(".") == 1
    answer = site.get(location)
    assert answer.headers["Content-Type"] == served
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("inline") == (served in INLINE)


def test_a_private_file_is_for_those_who_may_read_the_record(site: Site) -> None:
    """attachment A-37, A-89"""
    site.http.patch_json(COLLECTION, {"data": {"private_attachments": True}})
    location = site.send().json["location"]
    path = location.removeprefix("http://localhost")
    etag = site.get(location).headers["ETag"]
    site.http.authorization = BOB
    conditions: tuple[dict[str, str], ...] = (
        {},
        {"Range": "bytes=0-1"},
        {"If-None-Match": etag},
        {"If-Match": '"x"'},
    )
    for headers in conditions:
        refused = site.http.get(path, headers=headers, status=403)
        assert "ETag" not in refused.headers
        site.http.head(path, headers=headers, status=403)
    site.http.authorization = ALICE
    group = {"data": {"members": [_id_of(site, BOB)]}}
    site.http.put_json(f"{BUCKET}/groups/readers", group)
    readers = {"permissions": {"read": ["/buckets/b/groups/readers"]}}
    for holder in (f"{RECORDS}/r", COLLECTION, BUCKET):
        site.http.patch_json(holder, readers)
        site.http.authorization = BOB
        assert site.get(location, status=206, Range="bytes=0-1").body == PNG[:2]
        site.http.authorization = ALICE
        site.http.patch_json(holder, {"permissions": {"read": []}})
        site.http.authorization = BOB
        site.get(location, status=403)
        site.http.authorization = ALICE
    site.http.delete(f"{RECORDS}/r")
    site.get(location, status=404)


def _id_of(site: Site, authorization: tuple[str, tuple[str, str]]) -> str:
    site.http.authorization = authorization
    user_id: str = site.http.get("/v1/").json["user"]["id"]
    site.http.authorization = ALICE
    return user_id


@pytest.mark.parametrize("text", ["no", "False", "FALSE", "0"])
def test_every_way_to_say_no_is_understood(make_site: NewSite, text: str) -> None:
    site = make_site({"attachment.randomize": text})  # attachment
    assert site.send().json["location"].endswith("/attachments/image.png")


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_size_bytes", "1"), ("base_url", "http://localhost/v1/attachments"), ("extensions", "x")],
)
def test_no_setting_breaks_the_heartbeat(make_site: NewSite, name: str, value: str) -> None:
    site = make_site({f"attachment.{name}": value})  # attachment
    assert site.http.get("/v1/__heartbeat__").json["attachments"] is True
    assert site.kept() == []


def test_the_base_url_may_change(make_site: NewSite, tmp_path: Path) -> None:
    """attachment A-90"""
    values = {"storage_url": f"sqlite:///{tmp_path}/kinto.db"}
    site = make_site(values)
    shown = site.send().json
    path = shown["location"].rpartition("/")[2]
    changed = {
        "attachment.base_url": "https://cdn.example/",
        "attachment.base_path": f"{site.folder}",
    }
    application = make_app({"includes": "attachment", **values, **changed})
    later = Site(TestApp(application), application.registry.site.server, site.folder)
    later.http.authorization = ALICE
    assert later.get(f"/v1/attachments/{path}").body == PNG
    later.http.put_json(f"{RECORDS}/r", {"data": {"attachment": shown, "n": 1}}, status=200)
    assert later.send().json["location"].startswith("https://cdn.example/")
    application.close()


def test_a_read_only_server_takes_no_pieces(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.write_bytes(b"nothing can be written here")
    settings = {"includes": "attachment", "readonly": "true", "attachment.base_path": f"{folder}"}
    application = make_app(settings)
    http = TestApp(application)
    http.authorization = ALICE
    http.post(f"{PATH}/uploads", headers=TUS, status=405)  # attachment A-59
    headers = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    for method in ("PATCH", "DELETE"):
        http.request(f"{PATH}/uploads/x", method=method, headers=headers, status=405)
    assert http.get("/v1/__heartbeat__").json["attachments"] is True  # attachment A-57
    application.close()


def test_pages_of_other_sites_may_be_kept_away(make_site: NewSite) -> None:
    site = make_site({"cors_origins": "http://a.example"})
    location = site.send(Origin="http://a.example", status=201).json["location"]
    site.get(location, Origin="http://a.example")
    site.get(location, status=400, Origin="http://b.example")
    site.send(a_file(b"x", "a.txt"), status=400, Origin="http://b.example")
    assert site.record()["attachment"]["size"] == len(PNG)
