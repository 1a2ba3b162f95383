"""The way to authenticate: a bearer token in, the user whom the provider vouches for out.

Source: built-in plugins 4.5.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from kinto_core.authentication.challenges import challenge
from kinto_core.authentication.interface import Identity
from kinto_core.builtin.openid.provider import Provider, Vouched
from kinto_core.builtin.openid.remembering import Found, Remembered
from kinto_core.builtin.openid.sessions import EndedSessions
from kinto_core.builtin.openid.tokens import MAX_LENGTH

_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""Source: RFC 6750 section 2.1."""

LONGEST_USER: Final = 255


class OpenIDPolicy:
    """Recognises the access tokens of one provider.

    Args:
        provider: vouches for them.
        remembered: tokens that it vouched for lately.
        ended: sessions whose tokens count no more.
        shows_profile: whether identities carry the profile.

    Raises:
        ConfigurationError: the realm cannot stand in a header.
    """

    def __init__(
        self,
        provider: Provider,
        remembered: Remembered,
        ended: EndedSessions,
        *,
        shows_profile: bool,
    ) -> None:
        settings = provider.settings
        self.name = provider.name
        self.challenge = challenge(settings.header_type, settings.realm, policy=provider.name)
        self._provider = provider
        self._remembered = remembered
        self._ended = ended
        self._shows_profile = shows_profile
        self._scheme = settings.header_type.lower()

    def authenticate(self, authorization: str | None) -> Identity | None:
        """See ``Policy.authenticate``. Source: built-in plugins B-102."""
        scheme, _, rest = (authorization or "").partition(" ")
        token = rest.strip(" \t")
        if scheme.lower() != self._scheme or not _TOKEN.fullmatch(token):
            return None
        if len(token) > MAX_LENGTH:
            return None
        profile = self._profile(token)
        user = user_of(profile, self._provider.settings.userid_field) if profile else None
        if user is None:
            return None
        shown = profile if self._shows_profile else None
        return Identity(f"{self.name.lower()}:{user}", self.name, shown)

    def _profile(self, token: str) -> Mapping[str, Any] | None:
        digest = self._remembered.digest(token)
        found = self._remembered.find(digest)
        if found is None:
            found = self._asked(token, digest)
        return found.profile

    def _asked(self, token: str, digest: str) -> Found:
        vouched = self._provider.vouch(token)
        if vouched is None or self._has_ended(vouched):
            self._remembered.refuse(digest)
            return Found(None)
        self._remembered.keep(digest, vouched)
        return Found(vouched.profile)

    def _has_ended(self, vouched: Vouched) -> bool:
        if vouched.made_at is None:
            return False  # the provider vouches for it now
        moment = int(vouched.made_at * 1000)
        return self._ended.has_ended(vouched.subject, vouched.session, moment)


def user_of(profile: Mapping[str, Any], field: str) -> str | None:
    """The user's identifier; ``None`` when the profile has none that can be relied on.

    An e-mail address that the provider calls unverified is anybody's.
    """
    value = profile.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_USER or not value.isprintable():
        return None
    if field == "email" and profile.get("email_verified") in (False, "false"):
        return None
    return value
