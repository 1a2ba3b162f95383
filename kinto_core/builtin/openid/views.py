"""The two addresses that a browser visits on its way through the provider.

Source: built-in plugins 4.2, 4.4.
"""

import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from kinto_core.builtin.openid.callbacks import is_trusted
from kinto_core.builtin.openid.discovery import Document
from kinto_core.builtin.openid.fetching import ProviderAway
from kinto_core.builtin.openid.logins import (
    Login,
    Logins,
    browser_of,
    cookie,
    digest_of,
    new_browser,
)
from kinto_core.builtin.openid.parameters import LoginQuery, read_login, read_return
from kinto_core.builtin.openid.provider import Provider
from kinto_core.builtin.openid.redeeming import error, redeem
from kinto_core.errors import Fault, InvalidInput
from kinto_core.http.errors import INVALID, INVALID_PARAMETERS, HttpError
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.site import Site

REDIRECT: Final = 307
MISSING_STATE: Final = 105
"""The number that the protocol gives to a state that is not valid. Source: B-98."""

_SAFE: Final = "!#$%&'()*+,/:;=?@[]~"


@dataclass(frozen=True, slots=True)
class LoginViews:
    """The endpoints of all providers.

    Attributes:
        providers: by the name of the policy.
        logins: those under way.
    """

    providers: Mapping[str, Provider]
    logins: Logins

    def login(self, site: Site, exchange: Exchange) -> Reply:
        """Send the browser to the provider. Source: built-in plugins B-87 to B-92."""
        query = read_login(exchange.query)
        provider = provider_of(self.providers, exchange)
        own = provider.settings
        _check(site, exchange, provider, query)
        document = provider.document()
        if document.authorization_endpoint is None:
            message = "the provider has no page to log in"
            raise ProviderAway(message)
        browser = browser_of(exchange.headers.get("cookie")) or new_browser()
        folder = f"{site.prefix}/openid/{provider.name}"
        login = Login(
            provider=provider.name,
            callback=query.callback,
            redirect_uri=f"{exchange.origin_url}{quote(folder)}/token",
            browser=digest_of(browser),
            nonce=secrets.token_urlsafe(24) if _wants_id_token(document, query) else None,
            verifier=secrets.token_urlsafe(48) if document.has_pkce else None,
            until=site.server.clock() + own.state_ttl_seconds * 1000,
        )
        state = self.logins.begin(login, own.state_length)
        reply = _redirect(_address(document.authorization_endpoint, provider, query, login, state))
        text = cookie(
            browser,
            path=folder + "/",
            seconds=own.state_ttl_seconds,
            is_secure=exchange.origin_url.startswith("https:"),
        )
        reply.headers.append(("Set-Cookie", text))
        return reply

    def token(self, _site: Site, exchange: Exchange) -> Reply:
        """Send the browser back to its page, with what the provider gave.

        Source: built-in plugins B-97 to B-100, BW-11.
        """
        query = read_return(exchange.query)
        provider = provider_of(self.providers, exchange)
        browser = browser_of(exchange.headers.get("cookie"))
        login = self.logins.finish(query.state, provider.name, browser)
        if login is None:
            raise _invalid_state()
        if query.code is None:
            given = error(query.error or "", query.error_description)
        else:
            given = redeem(provider, login, query.code)
        return _redirect(login.callback + quote(b64encode(given)))


def provider_of(providers: Mapping[str, Provider], exchange: Exchange) -> Provider:
    """The provider that a path names.

    Raises:
        InvalidInput: there is none of that name. Source: built-in plugins B-88.
    """
    name = exchange.path.split("/")[2]
    if name not in providers:
        raise InvalidInput(Fault("path", "provider", f"Unknown provider {name!r}"))
    return providers[name]


def _check(site: Site, exchange: Exchange, provider: Provider, query: LoginQuery) -> None:
    """Whether a client may ask for this.

    Raises:
        InvalidInput: it may not.

    Source: built-in plugins B-89 to B-91.
    """
    own = provider.settings
    excess = sorted(set(query.scopes) - set(own.allowed_scopes))
    if excess:
        text = f"Scopes not allowed: {', '.join(excess)}"
        raise InvalidInput(Fault("body", "scope", text))
    trusted = own.trusted_callback_urls
    if not is_trusted(query.callback, trusted) and not _is_admin(site, exchange, provider, query):
        raise InvalidInput(Fault("body", "callback", "Untrusted callback URL"))
    if own.userid_field == "email" and "email" not in query.scopes:
        text = f"Provider {provider.name} requires 'email' scope"
        raise InvalidInput(Fault("body", "scope", text))


def _is_admin(site: Site, exchange: Exchange, provider: Provider, query: LoginQuery) -> bool:
    """Whether the callback is this server's own admin page, when the setting says nothing else."""
    if "admin" not in site.settings.includes:
        return False
    if "trusted_callback_urls" in site.settings.policies.get(provider.name, {}):
        return False
    return is_trusted(query.callback, [f"{exchange.origin_url}{site.prefix}/admin/*"])


def _wants_id_token(document: Document, query: LoginQuery) -> bool:
    return document.has_nonce and "openid" in query.scopes


def _address(url: str, provider: Provider, query: LoginQuery, login: Login, state: str) -> str:
    """The provider's page, with what it must know."""
    wanted = {
        "client_id": provider.settings.client_id,
        "response_type": "code",
        "scope": " ".join(query.scopes),
        "redirect_uri": login.redirect_uri,
        "state": state,
        "prompt": query.prompt,
        "audience": provider.settings.audience,
        "nonce": login.nonce,
        "code_challenge": login.challenge,
        "code_challenge_method": "S256" if login.verifier is not None else None,
    }
    given = urlencode({name: value for name, value in wanted.items() if value})
    return f"{url}{'&' if '?' in url else '?'}{given}"


def _redirect(url: str) -> Reply:
    headers = [("Location", quote(url, safe=_SAFE)), ("Referrer-Policy", "no-referrer")]
    return Reply(REDIRECT, None, headers)


def _invalid_state() -> HttpError:
    fault = {"location": "body", "name": "state", "description": "Invalid state"}
    return HttpError(
        INVALID_PARAMETERS,
        message="Invalid state",
        error=INVALID,
        details=[{**fault, "errno": MISSING_STATE}],
    )
