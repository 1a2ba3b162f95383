"""A plain HTTP client: nothing in it knows more than the protocol's text."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import webtest

SECRET = "some-secret"
B = "/buckets/b"
C = f"{B}/collections/c"
R = f"{C}/records"
G = f"{B}/groups/g"

Json = Any
"""Any JSON value."""

Body = Mapping[str, Any] | list[Any] | bytes | None


def user_id(user: str, password: str = "pw") -> str:
    """The id of a user on the wire. Source: protocol A-1, A-4."""
    message = f"{user}:{password}".encode()
    return "basicauth:" + hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()


ALICE = user_id("alice")
BOB = user_id("bob")
EVERYONE = "system.Everyone"


def basic(credentials: str | bytes) -> str:
    """The ``Authorization`` header of some credentials."""
    raw = credentials.encode() if isinstance(credentials, str) else credentials
    return "Basic " + base64.b64encode(raw).decode()


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        status: the status code.
        headers: their names in any case.
        text: the body as it came.
    """

    status: int
    headers: Mapping[str, str]
    text: bytes

    @property
    def json(self) -> Json:
        """The parsed body."""
        return json.loads(self.text)

    @property
    def data(self) -> Json:
        """The ``data`` of the body."""
        return self.json["data"]

    @property
    def ids(self) -> list[str]:
        """The ids of the objects of a list, in order."""
        return [item["id"] for item in self.data]

    @property
    def permissions(self) -> dict[str, set[str]]:
        """The permissions of the body, as sets. Source: protocol 0-3."""
        return {name: set(who) for name, who in self.json["permissions"].items()}

    @property
    def error(self) -> tuple[int, int]:
        """Status and errno of an error. Source: protocol E-1."""
        assert self.json["code"] == self.status
        return self.status, self.json["errno"]

    @property
    def faults(self) -> list[tuple[str, Any, str]]:
        """The faults of an invalid request. Source: protocol E-7."""
        assert self.error == (400, 107)
        return [(one["location"], one["name"], one["description"]) for one in self.json["details"]]

    @property
    def etag(self) -> int:
        """The timestamp in the ``ETag``."""
        return int(self.headers["ETag"].strip('"'))


class Client:
    """Somebody who talks to a server.

    Args:
        app: the server.
        user: who; ``None`` for nobody in particular.
    """

    def __init__(self, app: webtest.TestApp, user: str | None = "alice") -> None:
        self._app = app
        self._user = user

    def as_(self, user: str | None) -> Self:
        """Somebody else."""
        return type(self)(self._app, user)

    def request(
        self,
        method: str,
        path: str,
        body: Body = None,
        headers: Mapping[str, str] | None = None,
        *,
        prefix: str = "/v1",
    ) -> Answer:
        """Send a request; a body that is no bytes goes as JSON."""
        sent = {} if self._user is None else {"Authorization": basic(f"{self._user}:pw")}
        content = b""
        if body is not None:
            sent["Content-Type"] = "application/json"
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent.update(headers or {})
        response = self._app.request(
            prefix + path, method=method, body=content, headers=sent, expect_errors=True
        )
        return Answer(response.status_int, response.headers, response.body)

    def get(self, path: str, **headers: str) -> Answer:
        """Send a GET; ``if_match="…"`` becomes a header, as below."""
        return self.request("GET", path, None, _headers(headers))

    def head(self, path: str, **headers: str) -> Answer:
        """Send a HEAD."""
        return self.request("HEAD", path, None, _headers(headers))

    def put(self, path: str, body: Body = None, **headers: str) -> Answer:
        """Send a PUT."""
        return self.request("PUT", path, body, _headers(headers))

    def post(self, path: str, body: Body = None, **headers: str) -> Answer:
        """Send a POST."""
        return self.request("POST", path, body, _headers(headers))

    def patch(self, path: str, body: Body = None, **headers: str) -> Answer:
        """Send a PATCH."""
        return self.request("PATCH", path, body, _headers(headers))

    def delete(self, path: str, **headers: str) -> Answer:
        """Send a DELETE."""
        return self.request("DELETE", path, None, _headers(headers))

    def batch(self, *requests: Mapping[str, Any], **more: Json) -> list[dict[str, Any]]:
        """The responses of a batch that succeeds as a whole."""
        answer = self.post("/batch", {"requests": list(requests), **more})
        assert answer.status == 200, answer.text
        responses: list[dict[str, Any]] = answer.json["responses"]
        return responses


def _headers(named: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in named.items()}


def quoted(timestamp: int) -> str:
    """A timestamp as precondition headers want it."""
    return f'"{timestamp}"'
