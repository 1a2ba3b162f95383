"""Uploads in parts that a dead process left in object storage are found and given up.

Source: attachment A-82; Amazon S3 API, ``ListMultipartUploads``.
"""

import logging
import os
import socket
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ConnectionClosedError

from kinto_attachment.checking import check
from kinto_attachment.cleaning import sweep
from kinto_attachment.plugin import attachments_of
from kinto_attachment.settings import AttachmentSettings
from kinto_attachment.store import s3_unfinished
from kinto_attachment.store.interface import BLOBS, PIECES, StoreUnavailable, Unfinished, new_key
from kinto_attachment.store.objects import PART
from kinto_attachment.store.s3_unfinished import S3Bucket
from kinto_core.server import Server
from kinto_core.settings import load, load_plugin
from tests.plugins.attachment.conftest import NewSite, new_bucket
from tests.plugins.attachment.driving import Site, a_file
from tests.plugins.attachment.serving_process import LOST, Client, run, settings_for
from tests.system.processes import RunningServer, free_port

MEGABYTE = 1024 * 1024
NOW = 2**53
SECRET = "of tests, worth nothing"


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


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine that knows nothing of Amazon, and asks nobody."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


@pytest.fixture
def bucket(s3_port: int) -> Bucket:
    """An empty bucket."""
    return Bucket(s3_port)


@pytest.fixture
def site(make_site: NewSite, bucket: Bucket) -> Site:
    """A site with its files in the bucket."""
    return make_site(bucket.settings)


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
    credentials = ""
    port = 0

    def do_GET(self) -> None:
        """A page of uploads, or of parts."""
        asked = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        status, text = self.answers
        Pages.credentials = self.headers["Authorization"]
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
        monkeypatch.setattr(Pages, "port", server.server_port)
        yield _bucket_at(server.server_port)
        server.shutdown()
        thread.join()


def _bucket_at(port: int, **values: str) -> S3Bucket:
    told = {
        "bucket_name": "files",
        "access_key": "key",
        "secret_key": SECRET,
        "host": "127.0.0.1",
        "port": str(port),
        "is_secure": "false",
        "use_path_style": "true",
        **values,
    }
    names = {f"attachment.aws.{name}": value for name, value in told.items()}
    return S3Bucket(load_plugin(AttachmentSettings, names))


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


ENDPOINTS = [
    ({"host": "", "is_secure": "false"}, "https://files.s3.eu-west-1.amazonaws.com/"),
    ({"host": "", "use_path_style": "true"}, "https://s3.eu-west-1.amazonaws.com/files"),
    ({"host": "", "region": "us-east-1"}, "https://files.s3.us-east-1.amazonaws.com/"),
    ({"use_path_style": "true"}, "https://s3.example.org:9000/files"),
    ({"use_path_style": "true", "is_secure": "false"}, "http://s3.example.org:9000/files"),
    ({}, "https://s3.example.org:9000/"),
]


@pytest.mark.parametrize(("values", "url"), ENDPOINTS)
def test_where_the_bucket_is(values: Mapping[str, str], url: str) -> None:
    told = {"host": "s3.example.org", "region": "eu-west-1", "is_secure": "true"}
    bucket = _bucket_at(9000, **{**told, "use_path_style": "false", **values})
    asked: list[str] = []

    def refuse(request: AWSPreparedRequest, **_: object) -> None:
        asked.append(request.url.partition("?")[0])
        raise ConnectionClosedError(endpoint_url=request.url)

    bucket._client.meta.events.register("before-send.s3", refuse)
    with pytest.raises(StoreUnavailable):
        list(bucket.unfinished(BLOBS, NOW))
    with pytest.raises(StoreUnavailable):
        bucket.abort(Unfinished("blobs/1", "id"))
    assert asked == [url, f"{url.rstrip('/')}/blobs/1"]  # once each


def test_keys_are_those_of_the_settings_or_of_the_machine(
    paging: S3Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = Pages.port
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "machine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    for bucket, name in ((paging, "key"), (_bucket_at(port, access_key=""), "machine")):
        assert len(list(bucket.unfinished(BLOBS, BETWEEN))) == 2
        assert f"Credential={name}/" in Pages.credentials


def test_without_keys_anywhere_it_is_told() -> None:
    with pytest.raises(StoreUnavailable, match="NoCredentials"):
        list(_bucket_at(9, access_key="").unfinished(BLOBS, NOW))


def test_a_bucket_that_does_not_answer_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        bucket = _bucket_at(silent.getsockname()[1], timeout="0.1")
        with pytest.raises(StoreUnavailable, match="ReadTimeout"):
            list(bucket.unfinished(BLOBS, NOW))


def test_the_secret_is_told_nobody(caplog: pytest.LogCaptureFixture) -> None:
    bucket = _bucket_at(free_port())
    with caplog.at_level(logging.DEBUG), pytest.raises(StoreUnavailable) as told:
        list(bucket.unfinished(BLOBS, NOW))
    assert caplog.text
    assert SECRET not in f"{caplog.text} {told.value} {bucket!r} {vars(bucket)}"


def test_without_the_library_it_is_told_what_to_do(
    site: Site, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "botocore.config", None)
    spec = spec_from_file_location("without_botocore", s3_unfinished.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    without = module.S3Bucket(site.plugin.settings)
    monkeypatch.setattr(site.plugin.store, "unfinished", lambda at: without.unfinished(BLOBS, at))
    bucket.begin(new_key(BLOBS))
    with caplog.at_level(logging.WARNING):
        assert sweep(site.plugin, grace_seconds=-60).files == 0
        assert check(site.plugin).unknown == 0
    assert caplog.text.count("install kinto-attachment[s3]") == 2
    assert "AbortIncompleteMultipartUpload" in caplog.text
    with pytest.raises(StoreUnavailable, match="install"):
        without.abort(Unfinished("blobs/1", "id"))


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
