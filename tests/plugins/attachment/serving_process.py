"""A whole server with files, and a plain HTTP client for it."""

import base64
import http.client
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kinto_attachment.tus_headers import MEDIA_TYPE
from kinto_core import json
from tests.plugins.attachment.driving import BOUNDARY, FORM
from tests.system.processes import SECRETS, RunningServer, kinto

AUTHORIZATION = "Basic " + base64.b64encode(b"alice:secret").decode()
RECORDS = "/buckets/b/collections/c/records"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="attachment"; filename="a.txt"\r\n'
    "Content-Type: text/plain\r\n\r\n"
).encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()
LOST = (OSError, http.client.HTTPException)
"""What a client sees of a server that dies."""


def settings_for(
    folder: Path, storage_url: str = "", store: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of a server with files in a folder, or in another store.

    Args:
        folder: of the server.
        storage_url: of its database; a file of SQLite by default.
        store: settings of the plugin, by their names, that say where files are.
    """
    where = store or {"attachment.base_path": str(folder / "files")}
    return {
        **SECRETS,
        "INCLUDES": "attachment",
        "STORAGE_URL": storage_url or f"sqlite:///{folder}/kinto.db",
        "WORKERS": "1",
        **{name.upper().replace(".", "_"): value for name, value in where.items()},
    }


def run(folder: Path, settings: Mapping[str, str], *words: str) -> str:
    """Run a command that must succeed; what it says."""
    done = kinto(folder, *words, settings=settings)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Client:
    """Talks to a server, a new connection for each request.

    Args:
        port: of the server.
    """

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """The status and the body of the answer."""
        status, _, content = self.whole(method, path, body, headers)
        return status, content

    def whole(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """The status, the headers by their names in lower case, and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            named = {"Authorization": AUTHORIZATION, **(headers or {})}
            connection.request(method, f"/v1{path}", body, named)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, told, answer.read()
        finally:
            connection.close()

    def make_collection(self) -> None:
        """Bucket ``b`` and collection ``c``."""
        assert self.ask("PUT", "/buckets/b")[0] in (200, 201)
        assert self.ask("PUT", "/buckets/b/collections/c")[0] in (200, 201)

    def send(self, record: str, chunks: Iterable[bytes], size: int) -> tuple[int, bytes]:
        """Send a file to a record."""

        def body() -> Iterable[bytes]:
            yield HEAD
            yield from chunks
            yield TAIL

        length = len(HEAD) + size + len(TAIL)
        headers = {"Content-Type": FORM, "Content-Length": str(length)}
        return self.ask("POST", f"{RECORDS}/{record}/attachment", body(), headers)

    def send_in_pieces(self, record: str, pieces: Sequence[bytes]) -> int:
        """Send a file to a record with the tus protocol; the last status."""
        spoken = {"Tus-Resumable": "1.0.0"}
        size = sum(map(len, pieces))
        begun = {"Upload-Length": str(size), "Upload-Metadata": "filename YS50eHQ="}
        path = f"{RECORDS}/{record}/attachment/uploads"
        status, headers, _ = self.whole("POST", path, headers={**spoken, **begun})
        assert status == 201
        place = 0
        for piece in pieces:
            named = {**spoken, "Upload-Offset": str(place), "Content-Type": MEDIA_TYPE}
            upload = f"{path}/{headers['location'].rpartition('/')[2]}"
            status, _ = self.ask("PATCH", upload, piece, named)
            place += len(piece)
        return status

    def download(
        self, location: str, each: Callable[[bytes], object], chunk_bytes: int = 65536
    ) -> int:
        """Get a file piece by piece; the status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", f"/v1/attachments/{location}")
            answer = connection.getresponse()
            while chunk := answer.read(chunk_bytes):
                each(chunk)
            return answer.status
        finally:
            connection.close()

    def records(self) -> list[dict[str, Any]]:
        """All records."""
        status, body = self.ask("GET", RECORDS)
        assert status == 200
        found: list[dict[str, Any]] = json.parse(body)["data"]
        return found


def resident_kilobytes(server: RunningServer) -> int:
    """The memory of all processes of a server."""
    assert server.process is not None
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True
    ).stdout
    rows = [tuple(map(int, line.split())) for line in listed.splitlines() if line.strip()]
    family = [server.process.pid]
    for pid in family:
        family += [child for child, parent, _ in rows if parent == pid]
    return sum(rss for pid, _, rss in rows if pid in family)
