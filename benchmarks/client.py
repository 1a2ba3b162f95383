"""A small JSON client for preparing subjects; what is measured is sent by ``load.py``."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OK = range(200, 300)


@dataclass
class Client:
    """Sends JSON to a server on the loopback.

    Attributes:
        port: where the server listens.
        headers: of every request.
    """

    port: int
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: object | None = None) -> Mapping[str, Any]:
        """The JSON of the answer.

        Raises:
            RuntimeError: the answer is not a success; shows it.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            content = None if body is None else json.dumps(body)
            headers = {"Content-Type": "application/json", **self.headers}
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status not in OK:
            message = f"{method} {path}: {answer.status} {text[:1000].decode(errors='replace')}"
            raise RuntimeError(message)
        found: Mapping[str, Any] = json.loads(text) if text else {}
        return found
