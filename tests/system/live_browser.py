"""A headless Chromium, driven over its debugging protocol, with nothing in between."""

import base64
import functools
import http.server
import itertools
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.sync.client import ClientConnection, connect

from tests.system.events_processes import wait_until
from tests.system.processes import kill_everything

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
ANSWER_SECONDS = 60
LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-port=0",
)  # fmt: skip


class _Debugged:
    """What is driven over a debugging protocol.

    Attributes:
        complaints: errors that a page wrote on its console, or did not catch.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []

    def command(self, method: str, **params: object) -> dict[str, Any]:
        """Send a command; gives its result."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=ANSWER_SECONDS))
            if message.get("method") == "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(message["params"]))
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                result: dict[str, Any] = message["result"]
                return result


class Page(_Debugged):
    """One page of a browser.

    Args:
        socket: of its debugging protocol.
    """

    def __init__(self, socket: ClientConnection) -> None:
        super().__init__(socket)
        for domain in ("Page", "Runtime"):
            self.command(f"{domain}.enable")

    def evaluate(self, expression: str) -> object:
        """The value of a JavaScript expression; promises are awaited."""
        options = {"awaitPromise": True, "returnByValue": True}
        found = self.command("Runtime.evaluate", expression=expression, **options)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait_until(self, condition: str) -> None:
        """Wait until a JavaScript expression is true; it is asked after each change of the page."""
        watch = """new Promise((resolve) => {
            const look = () => { if (%s) { resolve(true); watcher.disconnect(); } };
            const watcher = new MutationObserver(look);
            const all = { subtree: true, childList: true, attributes: true, characterData: true };
            watcher.observe(document, all);
            look();
        })"""
        self.evaluate(watch % condition)

    def open(self, url: str) -> None:
        """Go to an address; the document is there when this returns."""
        self.command("Page.navigate", url=url)
        self.evaluate(
            "document.readyState === 'complete'"
            " || new Promise((resolve) => addEventListener('load', () => resolve(true)))"
        )

    def screenshot(self, file: Path, *, width: int, height: int) -> None:
        """Write what can be seen into a PNG file."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", **size)
        found = self.command("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(found["data"]))


class Browser:
    """A running browser.

    Args:
        address: of its debugging protocol.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    @contextmanager
    def page(self) -> Iterator[Page]:
        """An empty page, with cookies and a storage of its own; it closes with the block."""
        with _connected(self._address) as socket:
            browser = _Debugged(socket)
            context = browser.command("Target.createBrowserContext")["browserContextId"]
            made = browser.command(
                "Target.createTarget", url="about:blank", browserContextId=context
            )
            host = urlsplit(self._address).netloc
            try:
                with _connected(f"ws://{host}/devtools/page/{made['targetId']}") as own:
                    yield Page(own)
            finally:
                browser.command("Target.disposeBrowserContext", browserContextId=context)


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """Start a browser with an empty profile; it ends with the block.

    Args:
        folder: for the profile.
    """
    profile = folder / "profile"
    with (folder / "chromium.txt").open("wb") as output:
        process = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            env={**os.environ, "HOME": str(folder)},
            stdout=output,
            stderr=output,
        )
    try:
        ready = profile / "DevToolsActivePort"
        wait_until(lambda: ready.exists() and ready.read_text().count("\n"), "Chromium listens")
        port, path = ready.read_text().split()
        yield Browser(f"ws://127.0.0.1:{port}{path}")
    finally:
        kill_everything([process.pid])
        process.wait(timeout=ANSWER_SECONDS)


def _connected(address: str) -> ClientConnection:
    return connect(address, compression=None, proxy=None, max_size=LARGEST_ANSWER_BYTES)


@contextmanager
def website(folder: Path) -> Iterator[str]:
    """Serve the files of a folder on the loopback interface; gives the origin."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Writes no log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""
