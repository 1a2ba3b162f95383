"""What a reader of the manual does on the first evening, with curl, in an empty folder.

The commands, the settings and the receiver are those of `docs/how-to/receive-webhooks.md`, as a
shell reads them; only the ports are others.
"""

import base64
import hashlib
import http.client
import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from tests.system.events_processes import wait_until
from tests.system.processes import RunningServer, environment, free_port

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "receive-webhooks.md"
CURL = shutil.which("curl")
RECORD = "/buckets/blog/collections/articles/records/hello"
NOTES = b"0123456789" * 20_000


@dataclass(frozen=True)
class Got:
    """An answer, read to its end."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def data(self) -> Any:  # noqa: ANN401  any JSON value
        """The object in the body."""
        return json.loads(self.content)["data"]


class Reader:
    """Follows the page in a folder.

    Args:
        folder: an empty one.
        port: where the server is to listen.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port, self.receiver_port = port, free_port()
        text = PAGE.read_text(encoding="utf-8")
        self._blocks = [
            (language, found.replace(":8888", f":{port}").replace("8000", str(self.receiver_port)))
            for language, found in re.findall(
                r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
            )
        ]

    def block(self, language: str, part: str) -> str:
        """The first block of a language in which something occurs."""
        found: list[str] = [text for one, text in self._blocks if one == language and part in text]
        return found[0]

    def shell(self, text: str) -> str:
        """Run lines of a shell; `curl` only says with which words it was called."""
        functions = (
            f"kinto() {{ '{sys.executable}' -m kinto_core.cli \"$@\"; }}\n"
            "curl() { printf '%s\\0' \"$@\"; printf '\\1\\0'; }\n"
        )
        done = subprocess.run(
            ["sh", "-euc", functions + text],
            cwd=self.folder,
            env=environment({}),
            capture_output=True,
            check=False,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def curls(self, text: str) -> list[Got]:
        """The answers to the curl commands of a text."""
        calls = self.shell(text).split("\1\0")[:-1]
        return [curl(self.folder, *call.split("\0")[:-1]) for call in calls]

    @contextmanager
    def receiver(self) -> Iterator[Path]:
        """The receiver of the page, as a process; what it writes is in the file."""
        (self.folder / "receiver.py").write_text(self.block("py", "class Receiver"))
        output = self.folder / "receiver.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "receiver.py"],
                cwd=self.folder,
                env=environment({}),
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until(lambda: is_open(self.receiver_port), "the receiver listens")
            yield output
        finally:
            process.kill()
            process.wait()


def is_open(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def curl(folder: Path, *words: str) -> Got:
    """What curl gets; where there is none, what it would get."""
    if CURL is None:
        return without_curl(folder, *words)
    done = subprocess.run(
        [CURL, "-sS", "-i", "-H", "Expect:", *words], cwd=folder, check=True, capture_output=True
    )
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    status, _, lines = head.partition(b"\r\n")
    return Got(int(status.split()[1]), headers_of(lines), content)


def headers_of(lines: bytes) -> dict[str, str]:
    """Headers by lower-case name."""
    parsed = BytesParser().parsebytes(lines + b"\r\n\r\n")
    return {name.lower(): str(value) for name, value in parsed.items()}


def without_curl(folder: Path, *words: str) -> Got:
    """The few options of curl that are used here."""
    method, headers, body, url = "", {}, None, ""
    given = iter(words)
    for word in given:
        if word == "-u":
            headers["Authorization"] = "Basic " + base64.b64encode(next(given).encode()).decode()
        elif word == "-X":
            method = next(given)
        elif word == "-H":
            name, _, value = next(given).partition(":")
            headers[name] = value.strip()
        elif word == "-d":
            body = next(given).encode()
        elif word == "-r":
            headers["Range"] = f"bytes={next(given)}"
        elif word == "-F":
            field, _, file = next(given).partition("=@")
            headers["Content-Type"] = "multipart/form-data; boundary=b0undary"
            disposition = f'form-data; name="{field}"; filename="{file}"'
            head = f"--b0undary\r\nContent-Disposition: {disposition}\r\n"
            head += "Content-Type: text/plain\r\n\r\n"
            body = head.encode() + (folder / file).read_bytes() + b"\r\n--b0undary--\r\n"
        else:
            url = word
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    method = method or ("GET" if body is None else "POST")
    connection.request(method, parts.path, body, headers)
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    got = Got(answer.status, found, answer.read())
    connection.close()
    return got


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server of the test's folder, still to be started."""
    found = RunningServer(tmp_path, settings={"WEBSOCKET_PORT": str(free_port())})
    yield found
    found.kill()


def files_of(folder: Path) -> list[Path]:
    """The attached files on disk."""
    return [one for one in (folder / "data" / "attachments").rglob("*") if one.is_file()]


def test_the_first_evening(server: RunningServer, tmp_path: Path) -> None:
    reader = Reader(tmp_path, server.port)
    begin = reader.block("sh", "kinto init").replace(
        "kinto init", f"kinto init --port {server.port}"
    )
    reader.shell(begin.removesuffix("kinto start\n"))
    server.start()
    with reader.receiver() as output:
        made = reader.curls(reader.block("sh", "webhooks/first \\"))
        assert [one.status for one in made] == [201] * 4, made
        wait_until(lambda: f"record.created {RECORD}" in output.read_text(), "a message arrives")
        log, ping = reader.curls(reader.block("sh", "/ping"))
        assert (log.status, ping.status) == (200, 202)
        assert [one["type"] for one in log.data] == ["record.created"]
        wait_until(lambda: "webhook.ping" in output.read_text(), "the ping arrives")
        forged = curl(tmp_path, "-d", "{}", f"http://127.0.0.1:{reader.receiver_port}/")
        assert forged.status == 401
        keep_and_remove_a_file(server, tmp_path)
        wait_until(lambda: f"record.deleted {RECORD}" in output.read_text(), "the end is told")
    secret = (tmp_path / "secret.txt").read_text().strip()
    assert secret not in server.log()
    assert "Traceback" not in server.log()
    assert "Traceback" not in output.read_text()


def keep_and_remove_a_file(server: RunningServer, folder: Path) -> None:
    """Send a file with curl, get a part of it, remove the record: the file goes from disk."""
    (folder / "notes.txt").write_bytes(NOTES)
    alice = ("-u", "alice:secret")
    record = f"{server.url}{RECORD}"
    sent = curl(folder, *alice, "-F", "attachment=@notes.txt", f"{record}/attachment")
    assert sent.status == 200, sent
    assert [one.read_bytes() for one in files_of(folder)] == [NOTES]
    kept = curl(folder, *alice, record).data
    assert kept["title"] == "Hello"
    assert kept["attachment"]["hash"] == hashlib.sha256(NOTES).hexdigest()
    root = json.loads(curl(folder, f"{server.url}/").content)
    location = urljoin(
        root["capabilities"]["attachments"]["base_url"], kept["attachment"]["location"]
    )
    part = curl(folder, "-r", "100003-100007", location)
    assert (part.status, part.content) == (206, b"34567")
    assert part.headers["content-range"] == f"bytes 100003-100007/{len(NOTES)}"
    assert curl(folder, *alice, "-X", "DELETE", record).status == 200
    wait_until(lambda: not files_of(folder), "the file is removed")
