"""A resource type of a plugin may have the last word before its objects are saved."""

import sys
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from webtest import TestApp

from kinto_core import json
from kinto_core.errors import Fault, InvalidInput
from kinto_core.hookspecs import hookimpl
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.definition import ResourceType, Writing
from kinto_core.testing import make_app
from kinto_core.transactions import Transaction

SEEN: list[Writing] = []


def prepare(tx: Transaction, writing: Writing, data: dict[str, Any]) -> None:
    """Keep the secret out of the object, and refuse some."""
    assert tx.connection is not None
    SEEN.append(writing)
    if data.pop("secret", None) == "":
        raise InvalidInput(Fault("body", "data.secret", "it may not be empty"))
    data["is_safe"] = True


SAFE = ResourceType(name="safe", parent=BUCKET, prepare=prepare)


@hookimpl
def register_resources() -> Sequence[ResourceType]:
    """One type."""
    return [SAFE]


@pytest.fixture
def http(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestApp]:
    """A server with that type, and a bucket."""
    module = SimpleNamespace(register_resources=register_resources, __name__="safes")
    monkeypatch.setitem(sys.modules, "safes", module)
    application = make_app({"includes": "safes"})
    client = TestApp(application)
    client.authorization = ("Basic", ("alice", "pw"))
    client.put("/v1/buckets/b")
    SEEN.clear()
    yield client
    application.close()


def test_what_it_takes_out_is_nowhere(http: TestApp) -> None:
    body = {"data": {"secret": "s3cret", "name": "n"}}
    answer = http.put_json("/v1/buckets/b/safes/one", body)
    assert answer.json["data"]["is_safe"] is True
    assert "s3cret" not in answer.text
    assert "s3cret" not in http.get("/v1/buckets/b/safes/one").text


def test_it_is_told_who_writes_and_what_was_there(http: TestApp) -> None:
    http.put_json("/v1/buckets/b/safes/one", {"data": {"name": "first"}})
    http.patch_json("/v1/buckets/b/safes/one", {"data": {"name": "second"}})
    created, changed = SEEN
    assert created.uri == changed.uri == "/buckets/b/safes/one"
    assert created.old is None
    assert changed.old is not None
    assert json.parse(changed.old.text)["name"] == "first"
    assert changed.user_id is not None


def test_what_it_refuses_is_not_saved(http: TestApp) -> None:
    answer = http.put_json("/v1/buckets/b/safes/one", {"data": {"secret": ""}}, status=400)
    assert answer.json["details"][0]["name"] == "data.secret"
    http.get("/v1/buckets/b/safes/one", status=404)
