"""A served application with files, driven over WSGI, and forms to send to it."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webtest import TestApp, TestResponse

from kinto_attachment.plugin import Attachments, attachments_of
from kinto_core import json
from kinto_core.database.engine import Connection
from kinto_core.server import Server
from kinto_core.testing import make_app, make_settings
from kinto_core.testing.consuming import deliver_pending

BOUNDARY = "frontier"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
BUCKET = "/v1/buckets/b"
COLLECTION = f"{BUCKET}/collections/c"
RECORDS = f"{COLLECTION}/records"
BASE_URL = "http://localhost/v1/attachments/"
PNG = b"\x89PNG\r\n\x1a\n" + b"pixels" * 10

Part = tuple[str, str | None, str | None, bytes]
"""Name, file name, type, content."""


def form(*parts: Part) -> bytes:
    """The body of a form."""
    body = b""
    for name, filename, media_type, content in parts:
        named = f'; filename="{filename}"' if filename is not None else ""
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n'.encode()
        if media_type is not None:
            body += f"Content-Type: {media_type}\r\n".encode()
        body += b"\r\n" + content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def a_file(
    content: bytes = PNG, filename: str = "image.png", media_type: str | None = "image/png"
) -> Part:
    """The part that holds a file."""
    return ("attachment", filename, media_type, content)


def a_field(name: str, value: Any) -> Part:  # noqa: ANN401  JSON
    """A part that holds JSON."""
    return (name, None, None, json.dumpb(value))


def sha256(content: bytes) -> str:
    """The hash of a file."""
    return hashlib.sha256(content).hexdigest()


@dataclass
class Site:
    """An application, its server, and somebody who may do everything in bucket ``b``.

    Attributes:
        http: sends requests as that somebody.
        server: behind it.
        folder: where files are, when they are in a folder.
    """

    http: TestApp
    server: Server
    folder: Path

    def emptied(self) -> "Site":
        """The same without anything in it but the bucket and the collection."""
        self.http.authorization = ("Basic", ("alice", "secret"))
        self.http.post("/v1/__flush__")
        self.http.put_json(BUCKET, {})
        self.http.put_json(COLLECTION, {})
        return self

    @property
    def plugin(self) -> Attachments:
        """The plugin."""
        return attachments_of(self.server)

    def send(
        self, *parts: Part, record: str = "r", status: int | None = None, **headers: str
    ) -> TestResponse:
        """Send a form to a record."""
        path = record if record.startswith("/") else f"{RECORDS}/{record}/attachment"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = form(*(parts or (a_file(),)))
        return self.http.post(path, body, {"Content-Type": FORM, **named}, status=status)

    def record(self, name: str = "r") -> dict[str, Any]:
        """The fields of a record."""
        data: dict[str, Any] = self.http.get(f"{RECORDS}/{name}", status=200).json["data"]
        return data

    def get(self, location: str, status: int = 200, **headers: str) -> TestResponse:
        """Download a file."""
        path = location.removeprefix("http://localhost")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.get(path, headers=named, status=status)

    def kept(self) -> list[str]:
        """The keys of everything in the store."""
        return sorted(file.key for file in self.plugin.store.files())

    def deliver(self) -> None:
        """Let the consumer do its work."""
        deliver_pending(self.server)

    def inside(self, work: Callable[[Connection], Any]) -> Any:  # noqa: ANN401  whatever it gives
        """Read something of the database."""
        with self.server.storage.database.reading() as connection:
            return work(connection)


@contextmanager
def new_site(folder: Path, values: Mapping[str, str] | None = None) -> Iterator[Site]:
    """A site with bucket ``b`` and collection ``c``.

    Args:
        folder: where files are, unless the settings say otherwise.
        values: settings.
    """
    settings = {
        "includes": "default_bucket flush attachment",
        "attachment.base_url": BASE_URL,
        "experimental_collection_schema_validation": "true",
        **(values or {}),
    }
    if "attachment.aws.bucket_name" not in settings:
        settings["attachment.base_path"] = str(folder)
    if settings.get("storage_url", "").startswith("postgresql"):
        with Server(make_settings(settings)) as first:
            first.migrate()
    application = make_app(settings)
    try:
        server = application.registry.site.server
        yield Site(TestApp(application), server, folder).emptied()
    finally:
        application.close()
