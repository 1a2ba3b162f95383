"""Sending, replacing and deleting a file, on every database and store."""

import pytest

from tests.plugins.attachment.conftest import NewSite
from tests.plugins.attachment.driving import (
    BASE_URL,
    COLLECTION,
    PNG,
    RECORDS,
    Site,
    a_field,
    a_file,
    form,
    sha256,
)


def test_a_file_makes_a_record(any_site: Site) -> None:
    answer = any_site.send(status=201)  # attachment
    shown = answer.json
    assert shown["location"].startswith(BASE_URL)
    assert shown["location"].endswith(".png")
    assert {name: shown[name] for name in shown if name != "location"} == {
        "filename": "image.png",
        "hash": sha256(PNG),
        "mimetype": "image/png",
        "size": len(PNG),
    }
    assert answer.headers["Location"].endswith(f"{RECORDS}/r")
    record = any_site.http.get(f"{RECORDS}/r")
    assert record.json["data"]["attachment"] == shown
    assert record.headers["ETag"] == answer.headers["ETag"]
    assert any_site.get(shown["location"]).body == PNG


def test_a_second_file_replaces_the_first(any_site: Site) -> None:
    first = any_site.send(a_file(b"one", "a.txt", "text/plain"), status=201).json
    any_site.http.patch_json(f"{RECORDS}/r", {"data": {"title": "mine"}})
    any_site.http.patch_json(f"{RECORDS}/r", {"permissions": {"read": ["dan"]}})
    more = (a_field("data", {"family": "sans"}), a_field("permissions", {"read": ["carol"]}))
    answer = any_site.send(a_file(b"two", "b.txt", "text/plain"), *more, status=200)
    assert answer.headers["Cache-Control"] == "no-cache, no-store"
    whole = any_site.http.get(f"{RECORDS}/r").json
    assert whole["data"]["title"] == "mine"  # attachment A-8
    assert whole["data"]["family"] == "sans"
    assert sorted(whole["permissions"]["read"]) == ["carol", "dan"]
    any_site.get(first["location"], status=404)
    assert any_site.get(answer.json["location"]).body == b"two"
    any_site.deliver()
    assert len(any_site.kept()) == 1


def test_a_deleted_file_is_gone(any_site: Site) -> None:
    location = any_site.send().json["location"]
    answer = any_site.http.delete(f"{RECORDS}/r/attachment", status=204)  # attachment A-25
    assert answer.headers["ETag"] == any_site.http.get(f"{RECORDS}/r").headers["ETag"]
    assert any_site.record()["attachment"] is None  # attachment A-20
    any_site.get(location, status=404)
    any_site.deliver()
    assert any_site.kept() == []
    any_site.http.delete(f"{RECORDS}/r/attachment", status=204)  # attachment A-26


def test_equal_files_are_kept_once(any_site: Site) -> None:
    locations = {any_site.send(record=f"r{number}").json["location"] for number in range(3)}
    assert len(locations) == 3
    assert len(any_site.kept()) == 1
    any_site.http.delete(f"{RECORDS}/r0")
    any_site.http.delete(f"{RECORDS}/r1")
    any_site.deliver()
    assert len(any_site.kept()) == 1
    assert any_site.get(any_site.record("r2")["attachment"]["location"]).body == PNG
    any_site.http.delete(f"{RECORDS}/r2")
    any_site.deliver()
    assert any_site.kept() == []


def test_a_refused_upload_leaves_the_file_that_was_there(any_site: Site) -> None:
    """attachment A-80 to A-82"""
    schema = {"type": "object", "properties": {"author": {"type": "string"}}}
    any_site.http.patch_json(COLLECTION, {"data": {"schema": schema}})
    before = any_site.send(status=201).json
    any_site.send(a_file(b"x", "a.txt"), a_field("data", {"author": 12}), status=400)
    any_site.send(a_file(b"x", "a.exe"), status=400)
    any_site.send(a_file(b"x", "a.txt"), ("data", None, None, b"{"), status=400)
    any_site.send(a_file(b"x", "a.txt"), If_Match='"12"', status=412)
    any_site.http.post(f"{RECORDS}/r/attachment", b"x", status=400)
    assert any_site.record()["attachment"] == before
    assert any_site.get(before["location"]).body == PNG
    assert len(any_site.kept()) == 1


def test_a_file_can_be_unique(any_site: Site) -> None:
    any_site.http.patch_json(COLLECTION, {"data": {"unique": ["attachment.hash"]}})
    any_site.send(status=201)
    mine = any_site.send(a_file(b"x", "x.txt"), record="mine", status=201).json
    for record in ("mine", "other"):
        answer = any_site.send(a_file(PNG, "again.png"), record=record, status=409)
        assert answer.json["details"]["field"] == "attachment.hash"
        assert answer.json["details"]["existing"]["id"] == "r"
    assert any_site.record("mine")["attachment"] == mine
    assert any_site.get(mine["location"]).body == b"x"
    assert len(any_site.kept()) == 2
    any_site.http.delete(f"{RECORDS}/r/attachment", status=204)
    any_site.send(a_file(PNG, "again.png"), record="other", status=201)


PARENTS = [
    f"{RECORDS}/r",
    RECORDS,
    COLLECTION,
    "/v1/buckets/b/collections",
    "/v1/buckets/b",
    "/v1/buckets",
]


@pytest.mark.parametrize("path", PARENTS)
def test_files_go_with_whatever_holds_them(site: Site, path: str) -> None:
    location = site.send().json["location"]
    site.http.delete(path, status=200)  # attachment A-27
    site.get(location, status=404)
    site.deliver()
    assert site.kept() == []


def test_files_go_with_records_deleted_in_a_batch(site: Site) -> None:
    for number in range(3):
        site.send(a_file(b"%d" % number, "a.txt"), record=f"r{number}")
    requests = [{"method": "DELETE", "path": f"{RECORDS}/r{number}"} for number in range(3)]
    site.http.post_json("/v1/batch", {"requests": requests})
    site.deliver()
    assert site.kept() == []  # attachment A-27


def test_a_flush_takes_all_files(site: Site) -> None:
    site.send()
    site.http.post("/v1/__flush__", status=202)
    assert site.kept() == []


def test_a_batch_deletes_a_file_but_takes_none(site: Site) -> None:
    location = site.send().json["location"]
    path = f"{RECORDS}/r/attachment"
    requests = [{"method": method, "path": path} for method in ("POST", "DELETE")]
    answers = site.http.post_json("/v1/batch", {"requests": requests}).json["responses"]
    assert [answer["status"] for answer in answers] == [400, 204]  # attachment A-16
    site.get(location, status=404)


def test_a_file_for_the_default_bucket(site: Site) -> None:
    answer = site.send(record="/v1/buckets/default/collections/notes/records/n/attachment")
    assert answer.status_code == 201
    assert "default" not in answer.headers["Location"]  # attachment A-60
    shown = site.http.get("/v1/buckets/default/collections/notes/records/n").json["data"]
    assert shown["attachment"] == answer.json
    site.http.delete("/v1/buckets/default/collections/notes/records/n/attachment", status=204)


def test_the_last_of_several_files_counts(site: Site) -> None:
    shown = site.send(a_file(b"one", "a.txt"), a_file(b"two", "b.txt")).json  # attachment A-15
    assert shown["filename"] == "b.txt"
    assert len(site.kept()) == 1


def test_an_event_tells_of_the_request(site: Site) -> None:
    site.send()
    log = site.server.event_log
    assert log is not None
    with log.database.reading() as connection:
        latest = log.read(connection, log.extent(connection).last - 1, limit=1)[-1]
    assert str(latest.event) == (
        "<ResourceChanged action=create uri=/buckets/b/collections/c/records/r/attachment>"
    )  # attachment A-62


@pytest.mark.parametrize(
    ("method", "status"), [("GET", 405), ("HEAD", 405), ("PUT", 405), ("PATCH", 405)]
)
def test_other_methods_are_refused(site: Site, method: str, status: int) -> None:
    answer = site.http.request(f"{RECORDS}/r/attachment", method=method, status=status)
    assert answer.headers["Allow"] == "POST, DELETE, OPTIONS"  # attachment A-4


def test_a_trailing_slash_redirects(site: Site) -> None:
    answer = site.http.post(f"{RECORDS}/r/attachment/", form(a_file()), status=307)
    assert answer.headers["Location"].endswith("/records/r/attachment")  # attachment A-5


def test_a_preflight_says_nothing_of_the_record(site: Site) -> None:
    site.send()
    site.http.authorization = None
    headers = {"Origin": "http://a.example", "Access-Control-Request-Method": "POST"}
    answer = site.http.options(f"{RECORDS}/r/attachment", headers=headers, status=200)
    assert "ETag" not in answer.headers  # attachment A-63
    assert answer.headers["Access-Control-Allow-Methods"] == "POST,DELETE,OPTIONS"


def test_the_root_view_tells_where_files_are(site: Site) -> None:
    told = site.http.get("/v1/").json["capabilities"]["attachments"]
    assert told["base_url"] == BASE_URL  # attachment A-56
    assert set(told) == {"description", "url", "version", "base_url"}


def test_files_are_at_the_server_unless_the_settings_say_otherwise(make_site: NewSite) -> None:
    site = make_site({"attachment.base_url": ""})
    root = site.http.get("/v1/").json
    base = root["capabilities"]["attachments"]["base_url"]
    assert base == root["url"] + "attachments/"  # clients C-95, C-131
    assert site.http.get(base + site.send().json["location"]).body == PNG


def test_the_heartbeat_leaves_nothing(site: Site) -> None:
    # Nobody delivers the events of this site, so those may be late by now.
    answer = site.http.get("/v1/__heartbeat__", expect_errors=True)
    assert answer.json["attachments"] is True
    assert site.kept() == []  # attachment A-57
