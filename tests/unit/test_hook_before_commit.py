"""The hook that sees all changes of a transaction together."""

from collections.abc import Sequence
from types import SimpleNamespace

from webtest import TestApp

from kinto_core.errors import Refused
from kinto_core.events.event import Change, ResourceChanged
from kinto_core.hookspecs import hookimpl
from kinto_core.server import Server
from kinto_core.testing import make_app
from kinto_core.transactions import Transaction

BUCKET = "/v1/buckets/blog"


def test_hook_before_commit() -> None:
    """It gets all changes at once and in order, after the other hooks, and may refuse."""
    seen: list[list[str]] = []

    def resource_changed(event: ResourceChanged) -> None:
        seen.append([str(event)])

    def before_commit(changes: Sequence[Change], transaction: Transaction, server: Server) -> None:
        seen.append([f"{change.action.value} {change.uri}" for change in changes])
        assert transaction.storage is server.storage
        if changes[-1].object_id == "no":
            message = "not this one"
            raise Refused(message)

    http = TestApp(make_app())
    http.authorization = ("Basic", ("alice", "secret"))
    hooks = (resource_changed, before_commit)
    plugin = SimpleNamespace(**{one.__name__: hookimpl(one) for one in hooks})
    http.app.registry.site.server.plugins.add(plugin, "plugin")
    http.get(BUCKET, status=403)
    requests = [
        {"method": "PUT", "path": BUCKET},
        {"method": "PUT", "path": f"{BUCKET}/groups/g", "body": {"data": {"members": []}}},
        {"method": "PATCH", "path": BUCKET, "body": {"data": {"x": 1}}},
        {"method": "PUT", "path": "/v1/buckets/-"},
    ]
    http.post_json("/v1/batch", {"requests": requests})
    uris = ["create /buckets/blog", "create /buckets/blog/groups/g", "update /buckets/blog"]
    assert len(seen) == 3 + 1
    assert seen[-1] == uris
    http.put("/v1/buckets/no", status=403)
    assert [one["id"] for one in http.get("/v1/buckets").json["data"]] == ["blog"]
