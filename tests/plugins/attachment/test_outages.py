"""A store that is away, a server that only reads, pieces that stay in the store.

Source: attachment A-57, A-59; RFC 9110, section 15.6.4.
"""

import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from webtest import TestApp

from kinto_attachment.store.interface import BLOBS, StoreUnavailable, new_key
from kinto_core.testing import make_app
from tests.plugins.attachment.conftest import NewSite, new_bucket
from tests.plugins.attachment.driving import (
    BUCKET,
    COLLECTION,
    FORM,
    PNG,
    RECORDS,
    Site,
    a_file,
    form,
)
from tests.system.processes import free_port

MEGABYTE = 1024 * 1024


@pytest.fixture
def cut_off() -> Iterator[TestApp]:
    """A server whose object storage does not answer."""
    settings = new_bucket_elsewhere()
    application = make_app({"includes": "attachment", **settings})
    http = TestApp(application)
    http.authorization = ("Basic", ("alice", "secret"))
    http.put_json(BUCKET, {})
    http.put_json(COLLECTION, {})
    yield http
    application.close()


def new_bucket_elsewhere() -> dict[str, str]:
    """The settings for a bucket on a port where nobody listens."""
    return {
        "attachment.aws.bucket_name": "files",
        "attachment.aws.access_key": "key",
        "attachment.aws.secret_key": "of tests, worth nothing",
        "attachment.aws.host": "127.0.0.1",
        "attachment.aws.port": str(free_port()),
        "attachment.aws.is_secure": "false",
        "attachment.aws.use_path_style": "true",
        "attachment.aws.num_retries": "0",
    }


def test_a_store_that_is_away_changes_nothing(cut_off: TestApp) -> None:
    path = f"{RECORDS}/r/attachment"
    answer = cut_off.post(path, form(a_file()), {"Content-Type": FORM}, status=503)
    assert answer.headers["Retry-After"]
    assert "secret" not in answer.text
    cut_off.get(f"{RECORDS}/r", status=404)
    heartbeat = cut_off.get("/v1/__heartbeat__", status=503).json
    assert heartbeat["attachments"] is False


def test_a_read_only_server_serves_what_there_is(make_site: NewSite, tmp_path: Path) -> None:
    values = {"storage_url": f"sqlite:///{tmp_path}/kinto.db"}
    site = make_site(values)
    location = site.send().json["location"].removeprefix("http://localhost")
    settings = {
        **values,
        "includes": "attachment",
        "readonly": "true",
        "attachment.base_path": str(site.folder),
    }
    application = make_app(settings)
    http = TestApp(application)
    http.authorization = ("Basic", ("alice", "secret"))
    http.post(f"{RECORDS}/r/attachment", form(a_file()), {"Content-Type": FORM}, status=405)
    http.delete(f"{RECORDS}/r/attachment", status=405)  # attachment A-59
    assert http.get(location, status=200).body == PNG
    assert http.get("/v1/__heartbeat__").json["attachments"] is True
    application.close()


def test_a_failed_upload_leaves_no_parts_in_the_store(s3_port: int, make_site: NewSite) -> None:
    settings = new_bucket(s3_port)
    site = make_site({**settings, "attachment.max_size_bytes": str(20 * MEGABYTE)})
    site.send(a_file(os.urandom(20 * MEGABYTE + 1), "a.txt", "text/plain"), status=400)
    name = settings["attachment.aws.bucket_name"]
    with urllib.request.urlopen(f"http://127.0.0.1:{s3_port}/{name}?uploads") as answer:
        assert b"<UploadId>" not in answer.read()
    assert site.kept() == []


def test_big_files_travel_in_parts(s3_port: int, make_site: NewSite) -> None:
    site = make_site(new_bucket(s3_port))
    content = os.urandom(20 * MEGABYTE)
    location = site.send(a_file(content, "a.txt", "text/plain")).json["location"]
    assert site.get(location).body == content
    part = site.get(location, status=206, Range=f"bytes={9 * MEGABYTE}-{9 * MEGABYTE + 9}")
    assert part.body == content[9 * MEGABYTE : 9 * MEGABYTE + 10]


def test_the_storage_itself_has_no_pages_either(s3_port: int, make_site: NewSite) -> None:
    """attachment A-87"""
    settings = new_bucket(s3_port)
    site = make_site(settings)
    site.send(a_file(b"<html>", "a.txt", "text/html"))
    site.send(record="s")
    types = []
    for key in site.kept():
        url = f"http://127.0.0.1:{s3_port}/{settings['attachment.aws.bucket_name']}/{key}"
        request = urllib.request.Request(url, headers={"Authorization": "that of the owner"})
        with urllib.request.urlopen(request) as answer:
            types.append(answer.headers["Content-Type"])
    assert sorted(types) == ["application/octet-stream", "image/png"]


def test_a_folder_that_cannot_be_used_is_told(make_site: NewSite) -> None:
    site = make_site({})
    site.folder.write_bytes(b"not a folder")  # nothing was sent, so there is none
    site.send(status=503)
    with pytest.raises(StoreUnavailable):
        site.plugin.store.save(new_key(BLOBS), [b"x"], "text/plain")


def test_deleting_what_is_not_there_is_no_matter(any_site: Site) -> None:
    any_site.plugin.store.delete([new_key(BLOBS)])
    assert any_site.plugin.store.size(new_key(BLOBS)) is None


def test_the_store_is_measured(make_site: NewSite) -> None:
    site = make_site({"includes": "default_bucket flush prometheus attachment"})
    site.send()
    told = site.http.get("/v1/__metrics__").text  # attachment A-58
    assert 'attachments_seconds_count{method="save"}' in told.replace("kinto_backend_", "")
