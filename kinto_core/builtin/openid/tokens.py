"""Signed tokens: what they claim, and whether to believe it. No I/O here.

Source: RFC 7519, RFC 8725, OpenID Connect Core 1.0 section 3.1.3.7; built-in plugins BW-9, BW-11.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jws import JWSRegistry

from kinto_core import json
from kinto_core.builtin.openid.keys import PublicKey

LEEWAY_SECONDS: Final = 30
"""By so much the provider's clock may differ from ours."""

MAX_LENGTH: Final = 16 * 1024
"""Longer tokens are not looked at."""

CLIENT_CLAIMS: Final = ("azp", "client_id", "cid")
"""Where providers write for which client an access token is. Source: RFC 9068 section 2.2."""

OTHER_CLAIMS: Final = ("at_hash", "c_hash", "events")
"""What only ID tokens and logout tokens have."""

_PARTS: Final = 3
_MAX_DEPTH: Final = 20


class Untrustworthy(Exception):
    """A token that is not to be believed; the message says why, without the token."""


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token in the form of a JWT, of which nothing is verified yet.

    Attributes:
        text: as it was sent.
        header: says how it is signed.
        claims: what it says.
    """

    text: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def algorithm(self) -> str:
        """How it is signed, such as ``RS256``; empty when it does not say so."""
        found = self.header.get("alg")
        return found if isinstance(found, str) else ""

    @property
    def key_id(self) -> str | None:
        """The name of the key that signed it, if it says so."""
        found = self.header.get("kid")
        return found if isinstance(found, str) else None


class _Registry(JWSRegistry):
    """The signatures that the operator accepts; headers that we do not know play no part."""

    max_header_length = 8 * 1024

    def get_alg(self, name: str) -> JWSAlgModel:
        """The algorithm of that name; EdDSA too, by its old name, as providers use it."""
        if name not in (self.allowed or ()):
            message = "not an accepted algorithm"
            raise UnsupportedAlgorithmError(message)
        return self.algorithms[name]


def read_token(text: str) -> SignedToken | None:
    """A token whose form is that of a JWT; ``None`` for opaque ones, and for encrypted ones."""
    parts = text.split(".")
    if len(parts) != _PARTS or len(text) > MAX_LENGTH:
        return None
    header = _bytes(parts[0])
    if not header.lstrip().startswith(b"{"):
        return None
    return SignedToken(text, _object(header), _object(_bytes(parts[1])))


def _bytes(part: str) -> bytes:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return b""


def _object(text: bytes) -> Mapping[str, Any]:
    """The JSON object of a text; an empty one, which nobody trusts, when it is none."""
    try:
        value = json.loads(text, _MAX_DEPTH)
    except json.InvalidJSON:
        return {}
    return value if isinstance(value, dict) else {}


def require_signature(
    token: SignedToken, keys: Sequence[PublicKey], algorithms: Sequence[str]
) -> None:
    """Whether one of the keys signed the token.

    Raises:
        Untrustworthy: none did, or in a way that is not accepted. A token that names extensions
            that have to be understood is refused, since none are known. Source: RFC 7515 4.1.11.
    """
    if "crit" in token.header:
        message = "it needs extensions that are not known"
        raise Untrustworthy(message)
    registry = _Registry(algorithms=algorithms, strict_check_header=False)
    for key in keys:
        try:
            key.check_alg(token.algorithm)
            jwt.decode(token.text, key, algorithms=list(algorithms), registry=registry)
        except (JoseError, ValueError):
            continue
        return
    message = "no key of the provider fits its signature"
    raise Untrustworthy(message)


def require_times(claims: Mapping[str, Any], now_seconds: float) -> float:
    """When the token ends, in seconds since 1970.

    Raises:
        Untrustworthy: it has ended, does not hold yet, or never ends.
    """
    ends, begins, made = (_moment(claims, name) for name in ("exp", "nbf", "iat"))
    if ends is None:
        message = "it has no end"
        raise Untrustworthy(message)
    if now_seconds >= ends + LEEWAY_SECONDS:
        message = "it has expired"
        raise Untrustworthy(message)
    if any(one is not None and now_seconds < one - LEEWAY_SECONDS for one in (begins, made)):
        message = "it is of the future"
        raise Untrustworthy(message)
    return ends


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"its {name} is no number"
        raise Untrustworthy(message)
    return value


def require_access(token: SignedToken) -> None:
    """Whether a token is one for access: providers sign others, for the same audience.

    Raises:
        Untrustworthy: it is an ID token, or a logout token.

    Source: RFC 8725 section 3.12.
    """
    kind = str(token.header.get("typ", "")).lower()
    if kind == "logout+jwt" or any(name in token.claims for name in OTHER_CLAIMS):
        message = "it is no access token"
        raise Untrustworthy(message)


def require_audience(claims: Mapping[str, Any], *, client_id: str, audience: str) -> None:
    """Whether an access token is meant for this server.

    Args:
        claims: of the token, or of its introspection.
        client_id: the token must be made for this client when there is no audience.
        audience: the token must name it, unless it is empty.

    Raises:
        Untrustworthy: it is for somebody else.

    Source: built-in plugins BW-9.
    """
    named = audiences(claims)
    if audience:
        is_ours = audience in named
    else:
        is_ours = client_id in named or any(claims.get(one) == client_id for one in CLIENT_CLAIMS)
    if not is_ours:
        message = "it is meant for another audience or client"
        raise Untrustworthy(message)


def audiences(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The audiences that a token names."""
    value = claims.get("aud")
    listed = value if isinstance(value, list) else [value]
    return tuple(one for one in listed if isinstance(one, str))


def require_login(
    token: SignedToken, *, client_id: str, nonce: str | None, access_token: str | None
) -> None:
    """Whether an ID token is the answer to our own login, and goes with the access token.

    Raises:
        Untrustworthy: it is another login's.

    Source: OpenID Connect Core 1.0 section 3.1.3.7.
    """
    claims = token.claims
    if not _is_for(claims, client_id):
        message = "it is meant for another client"
        raise Untrustworthy(message)
    said = str(claims.get("nonce")).encode()
    if nonce is not None and not hmac.compare_digest(said, nonce.encode()):
        message = "its nonce is not that of this login"
        raise Untrustworthy(message)
    digest = claims.get("at_hash")
    if digest is not None and access_token is not None:
        _require_digest(digest, access_token, token.algorithm)


LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"


def require_logout(token: SignedToken, client_id: str) -> None:
    """Whether a token says that the provider ended a session of a user of ours.

    Raises:
        Untrustworthy: it is no such token, or for another client.

    Source: OpenID Connect Back-Channel Logout 1.0 section 2.6.
    """
    claims = token.claims
    events = claims.get("events")
    is_logout = isinstance(events, dict) and isinstance(events.get(LOGOUT_EVENT), dict)
    who = [claims[name] for name in ("sub", "sid") if name in claims]
    if not is_logout or "nonce" in claims or not who:
        message = "it is no logout token"
        raise Untrustworthy(message)
    if not all(isinstance(one, str) for one in who) or _moment(claims, "iat") is None:
        message = "it does not say who was logged out, and when"
        raise Untrustworthy(message)
    if client_id not in audiences(claims):
        message = "it is meant for another client"
        raise Untrustworthy(message)


def _is_for(claims: Mapping[str, Any], client_id: str) -> bool:
    """Whether an ID token names the client, and was given to no other one."""
    named = audiences(claims)
    party = claims.get("azp", client_id if len(named) == 1 else None)
    return client_id in named and party == client_id


def _require_digest(digest: object, access_token: str, algorithm: str) -> None:
    bits = algorithm[-3:] if algorithm[-3:] in ("256", "384", "512") else "512"
    whole = hashlib.new(f"sha{bits}", access_token.encode()).digest()
    half = urlsafe_b64encode(whole[: len(whole) // 2]).rstrip(b"=").decode()
    if digest != half:
        message = "it goes with another access token"
        raise Untrustworthy(message)
