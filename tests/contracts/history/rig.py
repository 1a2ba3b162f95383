"""A site with history, and the people who use it."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import webtest
from sqlalchemy import Table, func, select

from kinto_core.builtin.history.recording import recorder_of
from kinto_core.server import Server
from kinto_core.testing import make_app, make_settings

B = "/buckets/b"
C = f"{B}/collections/c"
R = f"{C}/records"
H = f"{B}/history"


class Person:
    """Somebody who asks; paths are without version prefix.

    Args:
        app: the served application.
        name: of the user; ``None``: nobody in particular.
    """

    def __init__(self, app: webtest.TestApp, name: str | None) -> None:
        self._app = app
        self._name = name

    @property
    def id(self) -> str:
        """The user's id."""
        return str(self.get("/").json["user"]["id"])

    def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> webtest.TestResponse:
        """Send a request, whatever comes of it."""
        request = webtest.TestRequest.blank("/v1" + path, method=method)
        request.headers.update({name.replace("_", "-"): text for name, text in headers.items()})
        if self._name is not None:
            token = b64encode(f"{self._name}:secret".encode()).decode()
            request.headers["Authorization"] = f"Basic {token}"
        if body is not None:
            request.json = body
            request.content_type = "application/json"
        return self._app.do_request(request, expect_errors=True)

    def get(self, path: str, **headers: str) -> webtest.TestResponse:
        """Read."""
        return self.ask("GET", path, **headers)

    def put(
        self, path: str, data: Mapping[str, Any] | None = None, **permissions: list[str]
    ) -> int:
        """Write an object; gives its timestamp."""
        answer = self.ask("PUT", path, {"data": dict(data or {}), "permissions": permissions})
        assert answer.status_int in {200, 201}, answer.text
        return int(answer.json["data"]["last_modified"])

    def permit(self, path: str, **permissions: list[str]) -> None:
        """Replace permissions of an object."""
        assert self.ask("PATCH", path, {"permissions": permissions}).status_int == 200

    def delete(self, path: str) -> int:
        """Delete an object; gives the tombstone's timestamp."""
        answer = self.ask("DELETE", path)
        assert answer.status_int == 200, answer.text
        data = answer.json["data"]
        return int(data["last_modified"]) if isinstance(data, dict) else 0

    def batch(self, *requests: tuple[str, str, Any]) -> None:
        """Send several requests as one: method, path and body of each."""
        told = [{"method": m, "path": p, "body": b or {}} for m, p, b in requests]
        answer = self.ask("POST", "/batch", {"requests": told})
        assert answer.status_int == 200, answer.text

    def history(self, query: str = "", path: str = H) -> list[dict[str, Any]]:
        """Entries, the newest first."""
        answer = self.get(path + query)
        assert answer.status_int == 200, answer.text
        entries: list[dict[str, Any]] = answer.json["data"]
        return entries

    def told(self, query: str = "", path: str = H) -> list[str]:
        """What entries tell, the newest first: ``create record r``."""
        return [
            f"{one['action']} {one['resource_name']} {one['uri'].rpartition('/')[2]}"
            for one in self.history(query, path)
        ]


class Site:
    """A served application on an empty database.

    Args:
        settings: as texts.
        is_new: whether what is in the database goes.
    """

    def __init__(self, settings: Mapping[str, str], *, is_new: bool = True) -> None:
        if settings.get("storage_url"):
            with Server(make_settings(settings)) as server:
                server.migrate()
                if is_new:
                    server.flush()
        self.router = make_app(settings)
        self.server: Server = self.router.registry.site.server
        app = webtest.TestApp(self.router)
        self.mat, self.bob, self.nobody = (Person(app, name) for name in ("mat", "bob", None))

    def settle(self) -> None:
        """Wait for the trimming that is under way."""
        trimmer = recorder_of(self.server).trimmer
        if trimmer is not None:
            trimmer.wait()

    def count(self, table: Table) -> int:
        """How many rows a table has."""
        with self.server.storage.database.reading() as connection:
            [(number,)] = connection.execute(select(func.count()).select_from(table))
        return int(number)

    def close(self) -> None:
        """End, whatever is being trimmed."""
        self.router.close()
