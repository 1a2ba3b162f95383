"""The clients of the manual as processes: what they print is read, line by line."""

import base64
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "docs/examples/live_client"
NODE = shutil.which("node") or ""
LANGUAGES = ["python", *(["javascript"] if NODE else [])]
PATIENCE_SECONDS = 30


class ClientProcess:
    """A client that runs; items are kept as they come.

    Args:
        language: ``python`` or ``javascript``.
        server: the address of the API.
        uri: what to follow.
        options: ``since``, ``snapshot`` or ``filters``.

    Attributes:
        items: all that it printed, each ``{"type": …}``.
        messages: its other lines.
    """

    def __init__(
        self, language: str, server: str, uri: str, options: Mapping[str, Any], token: str | None
    ) -> None:
        make = {"python": python_command, "javascript": javascript_command}[language]
        self.items: list[dict[str, Any]] = []
        self.messages: list[str] = []
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            make(server, uri, options, token),
            env={**os.environ, "LIVE_TOKEN": token} if token else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read, args=(self._process.stdout, self._keep_item)),
            threading.Thread(target=self._read, args=(self._process.stderr, self.messages.append)),
        ]
        for reader in self._readers:
            reader.start()

    def wait_for(self, is_so: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Wait until the items are as wanted; gives them."""
        with self._changed:
            found = self._changed.wait_for(lambda: is_so(self.items), PATIENCE_SECONDS)
            assert found, f"{len(self.items)} items, messages {self.messages[-5:]}"
            return list(self.items)

    def wait_for_message(self, text: str) -> None:
        """Wait until it has said something."""
        with self._changed:
            said = self._changed.wait_for(
                lambda: any(text in line for line in self.messages), PATIENCE_SECONDS
            )
        assert said, self.messages[-5:]

    def end(self) -> int:
        """Wait for its end; gives its status."""
        status = self._process.wait(timeout=PATIENCE_SECONDS)
        self.close()
        return status

    def close(self) -> None:
        """End it, whatever it does."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join()
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()

    def _read(self, lines: Iterator[str], keep: Callable[[str], None]) -> None:
        for line in lines:
            with self._changed:
                keep(line.rstrip("\n"))
                self._changed.notify_all()

    def _keep_item(self, line: str) -> None:
        self.items.append(json.loads(line))


@contextmanager
def following(
    language: str, server: str, uri: str, *, user: str | None = "alice", **options: object
) -> Iterator[ClientProcess]:
    """Run a client; it is ended with the block."""
    token = f"Basic {base64.b64encode(f'{user}:{user}'.encode()).decode()}" if user else None
    process = ClientProcess(language, server, uri, options, token)
    try:
        yield process
    finally:
        process.close()


def python_command(
    server: str, uri: str, options: Mapping[str, Any], _token: str | None
) -> list[str]:
    """The words that run the Python client; it takes the token from the environment."""
    words = [sys.executable, str(CLIENTS / "live_client.py"), server, uri]
    if options.get("since"):
        words += ["--since", options["since"]]
    if options.get("filters"):
        words += ["--filters", json.dumps(options["filters"])]
    return words + (["--snapshot"] if options.get("snapshot") else [])


def javascript_command(
    server: str, uri: str, options: Mapping[str, Any], token: str | None
) -> list[str]:
    """The words that run the JavaScript client, in Node 20 with its own WebSocket."""
    script = str(Path(__file__).with_name("live_follow.mjs"))
    module = str(CLIENTS / "live-client.js")
    chosen = json.dumps({**options, **({"token": token} if token else {})})
    flags = ["--experimental-websocket", "--no-warnings"]
    return [NODE, *flags, script, module, server, uri, chosen]


def events(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items that are events."""
    return [item for item in items if item["type"] == "event"]
