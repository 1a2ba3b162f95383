"""Uploads in parts that a dead process left in object storage are found and given up.

Source: attachment A-82; Amazon S3 API, ``ListMultipartUploads`` and Signature Version 4.
"""

import logging
import os
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from kinto_attachment.checking import check
from kinto_attachment.cleaning import sweep
from kinto_attachment.plugin import attachments_of
from kinto_attachment.settings import AttachmentSettings
from kinto_attachment.store.interface import BLOBS, PIECES, StoreUnavailable, Unfinished, new_key
from kinto_attachment.store.objects import PART
from kinto_attachment.store.s3_unfinished import S3Bucket
from kinto_core.server import Server
from kinto_core.settings import load, load_plugin
from tests.plugins.attachment.conftest import NewSite, new_bucket
from tests.plugins.attachment.driving import Site, a_file
from tests.plugins.attachment.serving_process import LOST, Client, run, settings_for
from tests.system.processes import RunningServer

MEGABYTE = 1024 * 1024
NOW = 2**53
EXAMPLE = S3Bucket(  # of the documentation of Signature Version 4
    host="examplebucket.s3.amazonaws.com",
    path="/",
    is_secure=True,
    region="us-east-1",
    access_key="AKIAIOSFODNN7EXAMPLE",
    secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    timeout_seconds=5,
)
SIGNATURES = [
    ("lifecycle=", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    ("max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
]


class Bucket:
    """A bucket, spoken to without the product.

    Args:
        s3_port: of the server.
    """

    def __init__(self, s3_port: int) -> None:
        self.settings = new_bucket(s3_port)
        name = self.settings["attachment.aws.bucket_name"]
        self._url = f"http://127.0.0.1:{s3_port}/{name}"

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """The body of the answer."""
        headers = {"Content-Type": "application/octet-stream"}
        request = urllib.request.Request(f"{self._url}{path}", body, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return bytes(answer.read())

    def begin(self, key: str) -> str:
        """Begin an upload in parts; its id."""
        told = self.ask("POST", f"/{key}?uploads")
        return told.partition(b"<UploadId>")[2].partition(b"<")[0].decode()

    def begun(self) -> int:
        """How many uploads are not complete."""
        return self.ask("GET", "?uploads").count(b"<UploadId>")


@pytest.fixture
def bucket(s3_port: int) -> Bucket:
    """An empty bucket."""
    return Bucket(s3_port)


@pytest.fixture
def site(make_site: NewSite, bucket: Bucket) -> Site:
    """A site with its files in the bucket."""
    return make_site(bucket.settings)


@pytest.mark.parametrize(("query", "signature"), SIGNATURES)
def test_requests_are_signed(query: str, signature: str) -> None:
    headers = EXAMPLE.signed("GET", "/", query, datetime(2013, 5, 24, tzinfo=UTC))
    assert headers["Authorization"].endswith(f"Signature={signature}")
    assert EXAMPLE.secret_key not in repr(EXAMPLE)


@pytest.mark.parametrize("folder", [BLOBS, PIECES])
def test_what_was_begun_long_ago_is_given_up(site: Site, bucket: Bucket, folder: str) -> None:
    key = new_key(folder)
    upload_id = bucket.begin(key)
    bucket.ask("PUT", f"/{key}?partNumber=1&uploadId={upload_id}", b"x" * 100)
    assert check(site.plugin).unknown == 1
    assert sweep(site.plugin).files == 0  # a part came just now
    assert bucket.begun() == 1
    assert sweep(site.plugin, grace_seconds=-60).files == 1
    assert bucket.begun() == 0
    site.plugin.store.abort(Unfinished(key, upload_id))


def test_what_others_began_in_the_bucket_stays(site: Site, bucket: Bucket) -> None:
    bucket.begin("backups/blobs/1")
    assert sweep(site.plugin, grace_seconds=-60).files == 0
    assert bucket.begun() == 1


def test_small_files_are_never_unfinished(site: Site, bucket: Bucket) -> None:
    for size, is_whole in ((PART, True), (PART + 1, False)):
        key = new_key(BLOBS)
        half = size // 2
        chunks = [b"a" * half, b"b" * (size - half)]
        site.plugin.store.save(key, iter(chunks), "text/plain")
        tag = bucket.ask("GET", f"?prefix={key}").partition(b"<ETag>")[2].partition(b"<")[0]
        assert tag
        assert (b"-" in tag) != is_whole  # the protocol marks what came in parts
        assert b"".join(site.plugin.store.read(key, 0, size)) == b"".join(chunks)


def test_a_server_killed_amid_a_big_file_leaves_nothing_for_long(
    bucket: Bucket, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, store=bucket.settings)
    run(tmp_path, settings, "migrate")
    server = RunningServer(tmp_path, "serve", settings).start()
    client = Client(server.port)
    client.make_collection()
    size = 8 * PART

    def chunks() -> Iterator[bytes]:
        for _ in range(size // MEGABYTE):
            if bucket.begun():
                server.kill()
            yield os.urandom(MEGABYTE)

    with pytest.raises(LOST):
        client.send("r", chunks(), size)
    server.kill()
    assert bucket.begun() == 1
    environ = {f"KINTO_{name}": value for name, value in settings.items()}
    with Server(load(environ=environ)[0]) as later:
        plugin = attachments_of(later)
        swept = sweep(plugin, grace_seconds=-60)
        assert (swept.files, swept.contents) == (1, 0)
        assert list(plugin.store.files()) == []
    assert bucket.begun() == 0


UPLOAD = (
    "<Upload><Key>blobs/{0}</Key><UploadId>id {0}</UploadId><Initiated>{1}</Initiated></Upload>"
)
LIST = (
    "<ListMultipartUploadsResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>{0}"
    "<IsTruncated>{1}</IsTruncated><NextKeyMarker>k&amp;</NextKeyMarker>"
    "<NextUploadIdMarker>u/</NextUploadIdMarker></ListMultipartUploadsResult>"
)
OLD, NEW = "2020-01-01T00:00:00.000Z", "2026-01-01T00:00:00Z"
BETWEEN = 1_700_000_000_000


class Pages(BaseHTTPRequestHandler):
    """Answers like a bucket with two pages of uploads, with the moment of their last part."""

    answers: tuple[int, str] = (200, "")

    def do_GET(self) -> None:
        """A page of uploads, or of parts."""
        asked = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        status, text = self.answers
        if not text and "uploadId" in asked:
            moment = NEW if asked["uploadId"] == ["id 3"] else OLD
            text = f"<L><Part><LastModified>{moment}</LastModified></Part></L>"
        elif not text and asked.get("key-marker") == ["k&"]:
            assert asked["upload-id-marker"] == ["u/"]
            text = LIST.format(UPLOAD.format(3, OLD) + UPLOAD.format(4, OLD), "false")
        elif not text:
            text = LIST.format(UPLOAD.format(1, OLD) + UPLOAD.format(2, NEW), "true")
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def paging(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Bucket]:
    """A bucket that answers with pages."""
    monkeypatch.setattr(Pages, "answers", (200, ""))
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield _bucket_at(server.server_port)
        server.shutdown()
        thread.join()


def _bucket_at(port: int) -> S3Bucket:
    values = {
        "attachment.aws.bucket_name": "files",
        "attachment.aws.access_key": "key",
        "attachment.aws.secret_key": "of tests, worth nothing",
        "attachment.aws.host": "127.0.0.1",
        "attachment.aws.port": str(port),
        "attachment.aws.is_secure": "false",
        "attachment.aws.use_path_style": "true",
    }
    found = S3Bucket.of(load_plugin(AttachmentSettings, values))
    assert found is not None
    return found


def test_all_pages_are_read_and_what_goes_on_is_left_out(paging: S3Bucket) -> None:
    found = [upload.upload_id for upload in paging.unfinished(BLOBS, BETWEEN)]
    assert found == ["id 1", "id 4"]


BROKEN = [(403, "<Error/>"), (500, "x"), (200, "no XML"), (200, LIST.format(UPLOAD, "false"))]


@pytest.mark.parametrize("answers", BROKEN)
def test_an_answer_that_says_nothing_is_told(
    paging: S3Bucket, monkeypatch: pytest.MonkeyPatch, answers: tuple[int, str]
) -> None:
    monkeypatch.setattr(Pages, "answers", answers)
    with pytest.raises(StoreUnavailable):
        list(paging.unfinished(BLOBS, NOW))


def test_where_the_bucket_is() -> None:
    values = {"attachment.aws.bucket_name": "files", "attachment.aws.region": "eu-west-1"}
    assert S3Bucket.of(load_plugin(AttachmentSettings, values)) is None
    values |= {"attachment.aws.access_key": "key", "attachment.aws.secret_key": "x"}
    found = S3Bucket.of(load_plugin(AttachmentSettings, values))
    assert found is not None
    assert (found.host, found.path) == ("files.s3.eu-west-1.amazonaws.com", "/")
    values |= {"attachment.aws.use_path_style": "true", "attachment.aws.is_secure": "false"}
    found = S3Bucket.of(load_plugin(AttachmentSettings, values))
    assert found is not None
    assert (found.host, found.path) == ("s3.eu-west-1.amazonaws.com", "/files")
    assert found.is_secure


def test_a_sweep_goes_on_without_the_list(
    site: Site, paging: S3Bucket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Pages, "answers", (403, "<Error/>"))
    monkeypatch.setattr(site.plugin.store, "unfinished", lambda at: paging.unfinished(BLOBS, at))
    site.send(a_file(b"x", "a.txt"))
    site.plugin.store.save(new_key(BLOBS), [b"of a process that died"], "text/plain")
    with caplog.at_level(logging.WARNING):
        assert sweep(site.plugin, grace_seconds=-60).files == 1
        assert check(site.plugin).unknown == 0
    assert "rule of the store" in caplog.text
