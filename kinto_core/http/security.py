"""Authentication for Pyramid's own views, those of plugins: the same policies."""

from typing import Any

from pyramid.request import Request
from pyramid.security import Allowed, Denied

from kinto_core.authentication.interface import Identity
from kinto_core.http.incoming import identity_of
from kinto_core.http.site import Site


class SitePolicy:
    """A Pyramid security policy on top of the server's ones.

    A permission is the name of a principal that the caller must have; ``private`` stands for any
    authenticated caller.

    Args:
        site: of the application.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def identity(self, request: Request) -> Identity | None:
        """Who asks."""
        return identity_of(self._site, request.environ)

    def authenticated_userid(self, request: Request) -> str | None:
        """The caller's prefixed id."""
        identity = self.identity(request)
        return identity.user_id if identity is not None else None

    def permits(self, request: Request, _context: Any, permission: str) -> Allowed | Denied:  # noqa: ANN401  Pyramid's
        """Whether a view with this permission may be called."""
        caller = self._site.caller_of(self.identity(request))
        if permission == "private":
            return Allowed("authenticated") if caller.user_id is not None else Denied("anonymous")
        with self._site.server.transaction() as tx:
            groups = tuple(tx.groups(caller.user_id))
        if permission in caller.principals(groups):
            return Allowed("one of the caller's principals")
        return Denied("not one of the caller's principals")

    def remember(self, _request: Request, _userid: str, **_options: Any) -> list[Any]:  # noqa: ANN401  Pyramid's
        """Nothing is remembered: each request carries its credentials. Source: protocol A-10."""
        return []

    def forget(self, _request: Request, **_options: Any) -> list[Any]:  # noqa: ANN401  Pyramid's
        """Nothing is remembered, so nothing is forgotten."""
        return []
