"""The plugin on a whole server, in memory."""

from collections.abc import Iterator

import pytest
from webtest import TestApp

from kinto_core.testing import make_app
from kinto_core.testing.recorder import HookRecorder

ARTICLES = "/v1/buckets/blog/collections/articles/records"
TRASH = "/v1/buckets/blog/collections/trash/records"


@pytest.fixture
def client() -> Iterator[TestApp]:
    """A client of a server with the plugin, and two articles on it."""
    app = make_app({"includes": "kinto_trash"})
    client = TestApp(app)
    client.authorization = ("Basic", ("alice", "secret"))
    client.put("/v1/buckets/blog")
    client.put("/v1/buckets/blog/collections/articles")
    for name in ("first", "second"):
        client.put_json(f"{ARTICLES}/{name}", {"data": {"title": name.title()}})
    yield client
    app.close()


def test_a_deleted_record_is_kept(client: TestApp) -> None:
    client.delete(f"{ARTICLES}/first")
    (copy,) = client.get(TRASH).json["data"]
    assert copy["uri"] == "/buckets/blog/collections/articles/records/first"
    assert copy["object"]["title"] == "First"
    assert copy["deleted_by"].startswith("basicauth:")


def test_every_record_of_a_deleted_list_is_kept(client: TestApp) -> None:
    client.delete(ARTICLES)
    titles = {copy["object"]["title"] for copy in client.get(TRASH).json["data"]}
    assert titles == {"First", "Second"}


def test_what_is_deleted_from_the_trash_is_gone(client: TestApp) -> None:
    client.delete(f"{ARTICLES}/first")
    client.delete(TRASH)
    assert client.get(TRASH).json["data"] == []


def test_the_copy_is_announced_like_any_other_record(client: TestApp) -> None:
    recorder = HookRecorder()
    client.app.registry.site.server.plugins.add(recorder, "recorder")
    client.delete(f"{ARTICLES}/first")
    assert [str(call) for call in recorder.calls if call.hook == "after_resource_changed"] == [
        "after_resource_changed delete record",
        "after_resource_changed create collection",
        "after_resource_changed create record",
    ]


def test_who_may_read_the_bucket_may_read_its_trash(client: TestApp) -> None:
    client.delete(f"{ARTICLES}/first")
    client.authorization = ("Basic", ("bob", "secret"))
    client.get(TRASH, status=403)


def test_clients_can_see_where_the_trash_is(client: TestApp) -> None:
    assert client.get("/v1/").json["capabilities"]["trash"]["collection"] == "trash"
