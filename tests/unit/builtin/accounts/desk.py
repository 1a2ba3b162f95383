"""A server with accounts, and what its clients do."""

from collections.abc import Mapping
from typing import Any, Self

import webtest
from webtest.response import TestResponse

from kinto_core.app import make_application
from kinto_core.builtin.accounts import sql
from kinto_core.server import Server
from kinto_core.testing.recorder import HookRecorder
from kinto_core.testing.server import make_settings

SETTINGS: Mapping[str, str] = {
    "includes": "accounts default_bucket",
    "multiauth.policies": "account",
    "multiauth.policy.account.use": "accounts",
    "account_create_principals": "system.Everyone",
}
PASSWORD = "correct horse"


class Desk:
    """A server and a client; use as a context manager.

    Args:
        values: settings beyond those above.

    Attributes:
        server: the server.
        recorder: which hooks it called.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        settings = make_settings({**SETTINGS, **values})
        with Server(settings) as server:
            if not server.storage.database.embedded:
                server.migrate()
        self._router = make_application(settings)
        self._client = webtest.TestApp(self._router)
        self.server: Server = self._router.registry.site.server
        self.recorder = HookRecorder()
        self.server.plugins.add(self.recorder, "recorder")

    def __enter__(self) -> Self:
        """The desk."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the server."""
        self._router.close()

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        user: str | None = None,
        password: str = PASSWORD,
        headers: Mapping[str, str] | None = None,
        address: str = "192.0.2.1",
    ) -> TestResponse:
        """Send a request and give the answer, whatever it is."""
        self._client.authorization = ("Basic", (user, password)) if user is not None else None
        arguments: dict[str, Any] = {"params": body} if body is not None else {}
        request = getattr(self._client, f"{method.lower()}{'_json' if body is not None else ''}")
        environ = {"REMOTE_ADDR": address}
        return request(
            f"/v1{path}",
            headers=dict(headers or {}),
            extra_environ=environ,
            expect_errors=True,
            **arguments,
        )

    def sign_up(self, name: str, password: str = PASSWORD, **fields: object) -> dict[str, Any]:
        """Create an account as a stranger; gives it."""
        body = {"data": {"password": password, **fields}}
        answer = self.ask("PUT", f"/accounts/{name}", body)
        assert answer.status_code == 201, answer.text
        data: dict[str, Any] = answer.json["data"]
        return data

    def knows(self, name: str, password: str = PASSWORD, address: str = "192.0.2.1") -> bool:
        """Whether these credentials are an account's."""
        answer = self.ask("GET", "/", user=name, password=password, address=address)
        assert answer.status_code == 200, answer.text
        return "user" in answer.json

    def row(self, name: str) -> sql.Password | None:
        """What is stored of a password."""
        with self.server.transaction() as tx, tx.reading() as connection:
            return sql.find(connection, name)
