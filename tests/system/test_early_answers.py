"""An answer that needs no body waits for it, so that the connection can be used again."""

import http.client
import time

from tests.system.conftest import StartServer
from tests.system.processes import SECRETS

PAUSE_SECONDS = 0.1
"""Between head and body, which clients send in packets of their own."""

ANSWERS = {
    "/buckets": 307,  # clients C-15
    "/v1/buckets/": 307,
    "/v1/nowhere": 404,
    "/v9/buckets": 404,
    "/v1/buckets/%ff": 400,
    "/v1/buckets?a=%ff": 400,
    "/v1/admin/": 405,
    "/v1/buckets": 401,
}
"""What nobody reads the body for, or who asked is not known."""


def test_the_next_request_is_answered_too(start_server: StartServer) -> None:
    server = start_server("serve", {**SECRETS, "INCLUDES": "admin"})
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.connect()
    connection.auto_open = 0  # the same connection for all of them
    for path, status in ANSWERS.items():
        for length in ("2", None):
            connection.putrequest("POST", path)
            connection.putheader("Content-Type", "application/json")
            if length is not None:
                connection.putheader("Content-Length", length)
            else:
                connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders()
            time.sleep(PAUSE_SECONDS)
            connection.send(b"{}" if length is not None else b"2\r\n{}\r\n0\r\n\r\n")
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status, path
    connection.close()
    assert "Traceback" not in server.log()
