"""The plugin on one server: its providers and policies, made once and shared by all hooks."""

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from kinto_core.authentication.interface import Identity, Policy
from kinto_core.authentication.policies import PolicyFactory
from kinto_core.builtin.openid.fetching import ProviderAway
from kinto_core.builtin.openid.policy import OpenIDPolicy
from kinto_core.builtin.openid.provider import Provider
from kinto_core.builtin.openid.remembering import Remembered
from kinto_core.builtin.openid.sessions import EndedSessions
from kinto_core.builtin.openid.settings import read_parameters
from kinto_core.errors import ConfigurationError
from kinto_core.server import Server
from kinto_core.settings import Settings

USE = "openid"
"""How ``multiauth.policy.<name>.use`` names this way to authenticate."""


class OpenID:
    """The providers of one server.

    Args:
        server: whose settings name them.

    Attributes:
        providers: of every policy that is configured, enabled or not, by name.
        ended: sessions that these providers ended, by name.
        enabled: the names of those whose tokens count.

    Raises:
        ConfigurationError: a parameter cannot be used; lists every problem.
    """

    def __init__(self, server: Server) -> None:
        settings = server.settings
        self._cache, self._clock = server.cache, server.clock
        self._secret = settings.userid_hmac_secret
        self._at_once = max(1, settings.threads // 2)
        self.providers: dict[str, Provider] = {}
        self.ended: dict[str, EndedSessions] = {}
        self.enabled = tuple(name for name in settings.multiauth_policies if _uses(settings, name))
        problems: list[str] = []
        for name in dict.fromkeys((*self.enabled, *settings.policies)):
            try:
                if _uses(settings, name):
                    self._add(name, settings.policies.get(name, {}))
            except ConfigurationError as error:
                problems += error.problems
        if problems:
            raise ConfigurationError(problems)

    def _add(self, name: str, parameters: Mapping[str, str]) -> None:
        own = {key: value for key, value in parameters.items() if key != "use"}
        found = read_parameters(name, own)
        self.providers[name] = Provider(name, found, clock=self._clock, at_once=self._at_once)
        self.ended[name] = EndedSessions(self._cache, f"{found.issuer}:{found.client_id}")

    def policy(self, name: str, *, shows_profile: bool) -> Policy:
        """The policy of that name."""
        provider = self.providers[name]
        own = provider.settings
        remembered = Remembered(
            self._cache,
            self._clock,
            secret=self._secret,
            scope=f"{own.issuer}:{own.client_id}:{own.audience}",
            lifetime_seconds=own.verification_ttl_seconds,
            ended=self.ended[name],
        )
        return OpenIDPolicy(provider, remembered, self.ended[name], shows_profile=shows_profile)

    def capability(self) -> Mapping[str, Any]:
        """The entry of the root view. Source: built-in plugins B-12, B-86."""
        return {
            "description": "OpenID connect support.",
            "url": "http://kinto.readthedocs.io/en/stable/api/1.x/authentication.html",
            "providers": [_shown(self.providers[name]) for name in self.enabled],
        }

    def security(self) -> Mapping[str, Any]:
        """The providers in the description of the API. Source: built-in plugins B-108."""
        return {name: _secured(self.providers[name]) for name in self.enabled}

    def are_well(self) -> bool:
        """True: every provider answers. Source: built-in plugins BW-18.

        Raises:
            ProviderAway: one does not.
        """
        return all(self.providers[name].is_well() for name in self.enabled)


def _uses(settings: Settings, name: str) -> bool:
    return settings.policies.get(name, {}).get("use", name) == USE


def _shown(provider: Provider) -> Mapping[str, Any]:
    """What clients learn of a provider; what it says itself is unknown while it is away."""
    own = provider.settings
    try:
        document = provider.document()
        issuer, userinfo = document.issuer, document.userinfo_endpoint
    except ProviderAway:
        issuer, userinfo = own.issuer, None
    return {
        "name": provider.name,
        "issuer": issuer,
        "auth_path": f"/openid/{provider.name}/login",
        "client_id": int(own.client_id) if own.client_id.isdecimal() else own.client_id,
        "audience": own.audience,
        "header_type": "Bearer",
        "userinfo_endpoint": userinfo,
    }


def _secured(provider: Provider) -> Mapping[str, Any]:
    """A security definition; with the issuer's address while its login page is not known."""
    own = provider.settings
    try:
        url = provider.document().authorization_endpoint or own.issuer
    except ProviderAway:
        url = own.issuer
    scopes = {name: name for name in own.allowed_scopes}
    return {"type": "oauth2", "flow": "implicit", "authorizationUrl": url, "scopes": scopes}


def factory_of(server: Server, *, shows_profile: bool) -> Mapping[str, PolicyFactory]:
    """The factory of this way to authenticate, by the name that settings use."""

    def make(name: str, _parameters: Mapping[str, str], _settings: Settings) -> Policy:
        return openid_of(server).policy(name, shows_profile=shows_profile)

    return {USE: make}


_known: WeakKeyDictionary[Server, OpenID] = WeakKeyDictionary()


def openid_of(server: Server) -> OpenID:
    """The plugin on a server, made once.

    Raises:
        ConfigurationError: the settings cannot work.
    """
    found = _known.get(server)
    if found is None:
        found = _known[server] = OpenID(server)
    return found


def policies_alone(server: Server) -> Mapping[str, PolicyFactory]:
    """The factory for servers that do not include the plugin. Source: built-in plugins B-85."""
    return factory_of(server, shows_profile=False)


def profile_of(identity: Identity) -> Mapping[str, Any]:
    """The profile in the root view; an empty one for users of other policies. Source: B-103."""
    return {"profile": identity.profile or {}}
