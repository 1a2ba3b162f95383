"""A resource type of a plugin may say whom its objects belong to, and make its own identifiers."""

import sys
from collections.abc import Iterator, Sequence
from types import SimpleNamespace

import pytest
from webtest import TestApp

from kinto_core.errors import Forbidden
from kinto_core.hookspecs import hookimpl
from kinto_core.http.exchange import Exchange
from kinto_core.http.site import Site
from kinto_core.ids import NameGenerator
from kinto_core.resources.definition import ResourceType
from kinto_core.testing import make_app


class Dotted(NameGenerator):
    """Names with dots."""

    def match(self, candidate: str) -> bool:
        """Whether it has one."""
        return "." in candidate


DESK = ResourceType(name="desk", owner=lambda object_id: f"user:{object_id}", id_generator=Dotted())


@hookimpl
def register_resources() -> Sequence[ResourceType]:
    """One type."""
    return [DESK]


@pytest.fixture
def http(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestApp]:
    """A server with that type, whose desks anybody may create."""
    module = SimpleNamespace(register_resources=register_resources, __name__="desks")
    monkeypatch.setitem(sys.modules, "desks", module)
    values = {
        "includes": "desks",
        "desk_create_principals": "system.Everyone",
        "desk_write_principals": "system.Authenticated",
    }
    application = make_app(values)
    yield TestApp(application)
    application.close()


@pytest.mark.parametrize("credentials", [None, ("Basic", ("alice", "pw"))])
def test_an_object_belongs_to_its_owner_not_to_its_writer(
    http: TestApp, credentials: tuple[str, tuple[str, str]] | None
) -> None:
    http.authorization = credentials
    answer = http.put_json("/v1/desks/a.b", {"data": {"x": 1}}, status=201)
    assert answer.json["permissions"] == {"write": ["user:a.b"]}


def test_a_type_may_have_identifiers_of_its_own(http: TestApp) -> None:
    http.put_json("/v1/desks/plain", {"data": {}}, status=400)


def test_who_may_write_all_objects_with_owners_may_list_them(http: TestApp) -> None:
    http.put_json("/v1/desks/a.b", {"data": {}}, status=201)
    http.authorization = ("Basic", ("alice", "pw"))
    assert [one["id"] for one in http.get("/v1/desks").json["data"]] == ["a.b"]


def test_a_guard_sees_requests_of_its_type_only_before_they_are_served(http: TestApp) -> None:
    seen: list[str] = []

    def guard(site: Site, exchange: Exchange) -> Exchange:
        assert site is http.app.registry.site
        seen.append(f"{exchange.method} {exchange.path}")
        raise Forbidden

    http.app.registry.site.guards["desk"] = guard
    http.get("/v1/buckets", status=401)
    http.get("/v1/desks/a.b", status=403)
    http.put_json("/v1/desks/a.b", {"data": {}}, status=403)
    http.delete("/v1/nothing", status=404)
    assert seen == ["GET /desks/a.b", "PUT /desks/a.b"]
