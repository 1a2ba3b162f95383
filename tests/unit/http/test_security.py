"""Authentication for the views of plugins."""

from collections.abc import Iterator

import pytest
from pyramid.request import Request

from kinto_core.http.security import SitePolicy
from kinto_core.http.site import Site
from kinto_core.resources.access import Caller
from kinto_core.testing import make_server
from tests.unit.resources.operating import Actor

ALICE = "Basic YWxpY2U6cHc="


@pytest.fixture
def site() -> Iterator[Site]:
    """The site of an empty server."""
    with make_server() as server:
        yield Site.of(server)


def request_by(authorization: str | None) -> Request:
    """A request with or without credentials."""
    request = Request.blank("/")
    if authorization:
        request.headers["Authorization"] = authorization
    return request


def test_who_asks(site: Site) -> None:
    policy = SitePolicy(site)
    assert policy.identity(request_by(None)) is None
    assert policy.authenticated_userid(request_by("Bearer x")) is None
    user_id = policy.authenticated_userid(request_by(ALICE))
    assert user_id is not None
    assert user_id.startswith("basicauth:")


def test_permissions_are_principals(site: Site) -> None:
    policy = SitePolicy(site)
    user_id = policy.authenticated_userid(request_by(ALICE))
    group = "/buckets/b/groups/g"
    owner = Actor(site.server)
    owner.put("/buckets/b")
    assert not policy.permits(request_by(ALICE), None, group)
    owner.put(group, {"members": [user_id]})
    for permission in (group, str(user_id), "system.Authenticated", "system.Everyone", "private"):
        assert policy.permits(request_by(ALICE), None, permission)
    assert policy.permits(request_by(None), None, "system.Everyone")
    for permission in ("private", "system.Authenticated", group):
        assert not policy.permits(request_by(None), None, permission)


def test_nothing_is_remembered(site: Site) -> None:
    policy = SitePolicy(site)
    assert policy.remember(request_by(ALICE), "x") == []  # protocol A-10
    assert policy.forget(request_by(ALICE)) == []
    assert Caller("x").user_id == "x"
