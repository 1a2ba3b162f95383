"""One identity provider: what it says about itself, its keys, and the tokens that it vouches for.

Source: built-in plugins 4.5, BW-8, BW-9, BW-18.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kinto_core.builtin.openid.discovery import Document, fetch_document
from kinto_core.builtin.openid.fetching import Answer, Fetcher
from kinto_core.builtin.openid.keys import Keys
from kinto_core.builtin.openid.refreshing import Refreshed
from kinto_core.builtin.openid.settings import OpenIDSettings
from kinto_core.builtin.openid.tokens import (
    SignedToken,
    Untrustworthy,
    read_token,
    require_access,
    require_audience,
    require_signature,
    require_times,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a provider vouches for.

    Attributes:
        profile: of the token's user.
        ends_at: when the token expires, in seconds since 1970, if that is known.
        made_at: when it was made, likewise.
        subject: the provider's name for the user, if it is known.
        session: its name for the session in which the token was made, likewise.
    """

    profile: Mapping[str, Any]
    ends_at: float | None = None
    made_at: float | None = None
    subject: str | None = None
    session: str | None = None

    @classmethod
    def of(
        cls, profile: Mapping[str, Any], claims: Mapping[str, Any], ends_at: float | None
    ) -> "Vouched":
        """What the claims of a verified token say, and the profile of its user."""
        subject, session = claims.get("sub", profile.get("sub")), claims.get("sid")
        made_at = claims.get("iat")
        return cls(
            profile,
            ends_at,
            made_at if isinstance(made_at, int | float) else None,
            subject if isinstance(subject, str) else None,
            session if isinstance(session, str) else None,
        )


class Provider:
    """A provider as one policy sees it; used by many threads.

    Args:
        name: of the policy.
        settings: its parameters.
        clock: milliseconds since 1970.
        at_once: how many threads may wait for the provider.
        ticks: seconds that only ever rise.
    """

    def __init__(
        self,
        name: str,
        settings: OpenIDSettings,
        *,
        clock: Callable[[], int],
        at_once: int,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.settings = settings
        self.fetcher = Fetcher(settings.timeout_seconds, at_once=at_once, clock=ticks)
        self._keys = Keys(self.fetcher, ticks=ticks)
        self._clock = clock
        self._document = Refreshed(
            lambda: fetch_document(self.fetcher, settings.issuer), clock=ticks
        )

    def document(self) -> Document:
        """What the provider says about itself.

        Raises:
            ProviderAway: that cannot be known now.
        """
        return self._document.get()

    def is_well(self) -> bool:
        """True: the provider answers, or did so a few seconds ago.

        Raises:
            ProviderAway: it does not.
        """
        self._document.renew()
        return True

    def require_signed(self, token: SignedToken, document: Document) -> float:
        """When a token of this provider ends, in seconds since 1970.

        Raises:
            Untrustworthy: it is another provider's, not signed by it, or not of this time.
            ProviderAway: its keys cannot be had.
        """
        if token.claims.get("iss") != document.issuer:
            message = "it is another provider's"
            raise Untrustworthy(message)
        if document.jwks_uri is None or token.algorithm not in self.settings.algorithms:
            message = "it is not signed in an accepted way"
            raise Untrustworthy(message)
        ends = require_times(token.claims, self._clock() / 1000)
        keys = self._keys.named(document.jwks_uri, token.key_id)
        require_signature(token, keys, self.settings.algorithms)
        return ends

    def vouch(self, text: str) -> Vouched | None:
        """Who sends an access token; ``None`` when the provider does not vouch for it.

        Raises:
            ProviderAway: it cannot be asked now.
        """
        token = read_token(text)
        if token is not None and not self._may_be_ours(token):
            return None  # nobody else's tokens are sent to this provider
        document = self.document()
        try:
            if token is not None and document.jwks_uri is not None:
                return self._signed(token, document)
            return self._opaque(text, document)
        except Untrustworthy as error:
            logger.debug("A token is not accepted by %s: %s", self.name, error)
            return None

    def _may_be_ours(self, token: SignedToken) -> bool:
        named = token.claims.get("iss")
        return isinstance(named, str) and named.rstrip("/") == self.settings.issuer.rstrip("/")

    def _signed(self, token: SignedToken, document: Document) -> Vouched:
        ends = self.require_signed(token, document)
        require_access(token)
        self._require_audience(token.claims)
        if not self.settings.ask_userinfo or document.userinfo_endpoint is None:
            return Vouched.of(token.claims, token.claims, ends)
        profile = self._userinfo(token.text, document.userinfo_endpoint)
        _require_same_user(profile, token.claims)
        return Vouched.of(profile, token.claims, ends)

    def _opaque(self, text: str, document: Document) -> Vouched:
        """An opaque token: its purpose by introspection, its user by the user info.

        Source: RFC 7662, built-in plugins B-102, BW-9.
        """
        said: Mapping[str, Any] = {}
        ends: float | None = None
        if document.introspection_endpoint is not None and self.settings.client_secret:
            said = self._introspected(text, document.introspection_endpoint, document)
            if "exp" in said:
                ends = require_times(said, self._clock() / 1000)
            self._require_audience(said)
        elif self.settings.audience:
            message = "it does not say for which audience it is"
            raise Untrustworthy(message)
        if document.userinfo_endpoint is None:
            return Vouched.of(said, said, ends)
        profile = self._userinfo(text, document.userinfo_endpoint)
        _require_same_user(profile, said)
        return Vouched.of(profile, said, ends)

    def _introspected(self, text: str, url: str, document: Document) -> Mapping[str, Any]:
        form = {"token": text, "token_type_hint": "access_token"}
        said = self.post_as_client(url, form, document).object()
        if said is None or said.get("active") is not True:
            message = "the provider says that it is not active"
            raise Untrustworthy(message)
        return said

    def post_as_client(self, url: str, form: Mapping[str, str], document: Document) -> Answer:
        """Send a form together with what proves who we are.

        Raises:
            ProviderAway: there is no answer.
        """
        own = self.settings
        if own.client_secret and not document.takes_secret_in_form:
            return self.fetcher.post(url, form, basic=(own.client_id, own.client_secret))
        proof = {"client_id": own.client_id}
        if own.client_secret:
            proof["client_secret"] = own.client_secret
        return self.fetcher.post(url, {**form, **proof})

    def _userinfo(self, text: str, url: str) -> Mapping[str, Any]:
        answer = self.fetcher.get(url, bearer=text)
        profile = answer.object() if answer.is_success else None
        if profile is None:
            message = f"the provider has no profile for it (status {answer.status})"
            raise Untrustworthy(message)
        return profile

    def _require_audience(self, claims: Mapping[str, Any]) -> None:
        require_audience(claims, client_id=self.settings.client_id, audience=self.settings.audience)


def _require_same_user(profile: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    """Whether two answers are about one user. Source: OpenID Connect Core 1.0 section 5.3.2."""
    if claims.get("sub") is not None and profile.get("sub", claims["sub"]) != claims["sub"]:
        message = "its profile is another user's"
        raise Untrustworthy(message)
