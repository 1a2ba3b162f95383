"""What a provider says about itself: its discovery document.

Source: OpenID Connect Discovery 1.0, RFC 8414; built-in plugins B-84, BW-18.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kinto_core.builtin.openid.addresses import address_problem
from kinto_core.builtin.openid.fetching import Fetcher, ProviderAway

PATH: Final = "/.well-known/openid-configuration"

_ENDPOINTS: Final = (
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "introspection_endpoint",
    "jwks_uri",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The parts of a discovery document that we use.

    Attributes:
        issuer: as tokens name it.
        authorization_endpoint: where users log in.
        token_endpoint: where codes become tokens.
        userinfo_endpoint: gives the profile behind a token.
        introspection_endpoint: says what an opaque token is for.
        jwks_uri: has the keys that tokens are signed with.
        has_pkce: whether logins carry a proof key.
        has_nonce: whether logins carry a nonce, which the ID token repeats.
        takes_secret_in_form: whether the client secret is sent in the form, else in a header.
    """

    issuer: str
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    userinfo_endpoint: str | None = None
    introspection_endpoint: str | None = None
    jwks_uri: str | None = None
    has_pkce: bool = False
    has_nonce: bool = False
    takes_secret_in_form: bool = True


def fetch_document(fetcher: Fetcher, issuer: str) -> Document:
    """The discovery document of an issuer.

    Raises:
        ProviderAway: it cannot be had, is none, or is another issuer's.
    """
    answer = fetcher.get(issuer.rstrip("/") + PATH)
    value = answer.object() if answer.is_success else None
    if value is None:
        message = f"{issuer} has no discovery document at {PATH} (status {answer.status})"
        raise ProviderAway(message)
    return read_document(value, issuer)


def read_document(value: Mapping[str, Any], issuer: str) -> Document:
    """A discovery document from its JSON object.

    PKCE and the nonce are for providers that declare what they are about: the methods of proof
    keys, or the signatures of ID tokens, which every OpenID provider must declare. Others get the
    parameters of plain OAuth 2.0.

    Raises:
        ProviderAway: it names another issuer, or an address where requests may not go.
    """
    named = value.get("issuer")
    if not isinstance(named, str) or named.rstrip("/") != issuer.rstrip("/"):
        message = f"the discovery document of {issuer} is for another issuer: {named!r}"
        raise ProviderAway(message)
    endpoints = {name: _endpoint(value, name, issuer) for name in _ENDPOINTS}
    signs_id_tokens = bool(value.get("id_token_signing_alg_values_supported"))
    proofs = value.get("code_challenge_methods_supported")
    ways = value.get("token_endpoint_auth_methods_supported")
    in_header_only = isinstance(ways, list) and (
        "client_secret_post" not in ways and "client_secret_basic" in ways
    )
    return Document(
        issuer=named,
        has_pkce="S256" in proofs if isinstance(proofs, list) else signs_id_tokens,
        has_nonce=signs_id_tokens,
        takes_secret_in_form=not in_header_only,
        **endpoints,
    )


def _endpoint(value: Mapping[str, Any], name: str, issuer: str) -> str | None:
    url = value.get(name)
    if url is None:
        return None
    problem = address_problem(url, issuer=issuer) if isinstance(url, str) else "expected a text"
    if problem is not None:
        message = f"the discovery document of {issuer} has {name} = {url!r}: {problem}"
        raise ProviderAway(message)
    return str(url)
