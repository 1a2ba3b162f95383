"""Addresses are tried before a server is started on them."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from kinto_core.cli.listening import AddressTaken, free_port, reachable, wait_until_answering


def test_a_taken_port_is_told_with_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AddressTaken, match=f"port {port}.*--port"):  # settings S-45
            free_port("127.0.0.1", port)


def test_port_0_stands_for_any_free_one() -> None:
    port = free_port("127.0.0.1", 0)
    assert free_port("127.0.0.1", port) == port > 0


class Teapot(BaseHTTPRequestHandler):
    """Answers every request with a status of its own."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(418)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Say nothing."""


def test_an_answer_of_any_status_is_noticed() -> None:
    with HTTPServer(("127.0.0.1", 0), Teapot) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            assert wait_until_answering("0.0.0.0", server.server_port, "/")
        finally:
            server.shutdown()
            thread.join()
    assert not wait_until_answering("127.0.0.1", server.server_port, "/", timeout_seconds=0.01)


def test_all_addresses_include_the_loopback() -> None:
    assert reachable("0.0.0.0") == "127.0.0.1"
    assert reachable("10.0.0.7") == "10.0.0.7"
