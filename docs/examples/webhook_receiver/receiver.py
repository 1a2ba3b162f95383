"""A receiver of webhooks to start from: verifies, drops repeats, answers at once, works afterwards.

    python receiver.py --port 8000 --secret whsec_…

Replace ``show`` by what you want done. Needs ``pip install standardwebhooks``.
"""

import argparse
import json
import os
import sqlite3
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

MAX_BODY = 1024 * 1024

Message = dict[str, Any]
Show = Callable[[Message], None]


class Inbox:
    """Keeps verified messages until they are handled, each once, in a database file.

    Args:
        path: of the file.
    """

    def __init__(self, path: str) -> None:
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._lock = threading.Lock()
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS messages (id TEXT PRIMARY KEY, body TEXT, done INTEGER)"
        )
        self._database.commit()
        self.arrived = threading.Event()

    def put(self, message_id: str, body: str) -> bool:
        """Keep a message; false when it came before."""
        with self._lock, self._database:
            cursor = self._database.execute(
                "INSERT OR IGNORE INTO messages VALUES (?, ?, 0)", (message_id, body)
            )
        self.arrived.set()
        return cursor.rowcount == 1

    def handle_all(self, show: Show) -> int:
        """Handle what waits, in the order of arrival; gives how many messages."""
        self.arrived.clear()
        with self._lock:
            waiting = self._database.execute(
                "SELECT id, body FROM messages WHERE NOT done ORDER BY rowid"
            ).fetchall()
        for message_id, body in waiting:
            show(json.loads(body))
            with self._lock, self._database:
                self._database.execute("UPDATE messages SET done = 1 WHERE id = ?", (message_id,))
        return len(waiting)


def show(message: Message) -> None:
    """Do something about a message: here, write a line."""
    data = message["data"]
    print(message["type"], data.get("uri", ""), flush=True)


def make_server(port: int, webhook: Webhook, inbox: Inbox) -> ThreadingHTTPServer:
    """The server, ready to be run."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if length > MAX_BODY:
                self._answer(413)
                return
            body = self.rfile.read(length)
            try:
                webhook.verify(body, {name.lower(): text for name, text in self.headers.items()})
            except WebhookVerificationError:
                self._answer(401)
                return
            # Kept before it is acknowledged: what happens afterwards loses nothing.
            inbox.put(self.headers["webhook-id"], body.decode())
            self._answer(204)

        def _answer(self, status: int) -> None:
            self.close_connection = status != 204
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name
            """Say nothing."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def main() -> None:
    """Receive until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Receive and verify webhooks of Kinto Core.")
    parser.add_argument("--port", type=int, default=8000, help="where to listen, on 127.0.0.1")
    parser.add_argument("--secret", default=os.environ.get("WEBHOOK_SECRET"), help="whsec_…")
    parser.add_argument("--file", default="inbox.db", help="keeps what was received")
    given = parser.parse_args()
    if not given.secret:
        sys.exit("give the secret with --secret, or in WEBHOOK_SECRET")
    inbox = Inbox(given.file)
    server = make_server(given.port, Webhook(given.secret), inbox)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening on http://127.0.0.1:{server.server_address[1]}/", file=sys.stderr, flush=True)
    try:
        while True:
            inbox.handle_all(show)
            inbox.arrived.wait()
    except KeyboardInterrupt:
        server.shutdown()


if __name__ == "__main__":
    main()
