"""Users of an OpenID Connect provider: their tokens authenticate requests, and pages can get some.

Source: built-in plugins section 4.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pyramid.config import Configurator

from kinto_core.authentication.policies import PolicyFactory
from kinto_core.builtin.openid.describing import path_items
from kinto_core.builtin.openid.logins import Logins
from kinto_core.builtin.openid.logout import LogoutView
from kinto_core.builtin.openid.plugin import factory_of, openid_of, policies_alone, profile_of
from kinto_core.builtin.openid.views import LoginViews
from kinto_core.hookspecs import hookimpl
from kinto_core.http.endpoints import Endpoint
from kinto_core.http.site import Site
from kinto_core.server import Server

__all__ = ["includeme", "policies_alone"]


@hookimpl
def register_policies(server: Server) -> Mapping[str, PolicyFactory]:
    """Bearer tokens, as ``use = openid``. Source: built-in plugins B-71."""
    return factory_of(server, shows_profile=True)


@hookimpl
def register_capabilities(server: Server) -> Mapping[str, Callable[[str], Mapping[str, Any]]]:
    """Announce the providers, if there are any. Source: built-in plugins B-12, B-85."""
    openid = openid_of(server)
    return {"openid": lambda _api: openid.capability()} if openid.enabled else {}


@hookimpl
def register_heartbeats(server: Server) -> Mapping[str, Callable[[], bool | None]]:
    """Say whether the providers answer. Source: built-in plugins BW-18."""
    openid = openid_of(server)
    return {"openid": openid.are_well} if openid.enabled else {}


def includeme(config: Configurator) -> None:
    """Serve the endpoints, and show the profiles of users."""
    site: Site = config.registry.site
    server = site.server
    openid = openid_of(server)
    views = LoginViews(openid.providers, Logins(server.cache, server.clock))
    described = path_items(openid.providers)
    site.endpoints["/openid/{provider}/login"] = Endpoint(
        "openid-login", views.login, described=described["login"]
    )
    site.endpoints["/openid/{provider}/token"] = Endpoint(
        "openid-token", views.token, described=described["token"]
    )
    site.endpoints["/openid/{provider}/logout"] = Endpoint(
        "openid-logout",
        LogoutView(openid),
        ("POST",),
        has_cors=False,
        described=described["logout"],
    )
    site.security.append(openid.security)
    site.user_info.append(profile_of)
