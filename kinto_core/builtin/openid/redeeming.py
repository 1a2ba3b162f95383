"""From the code that a browser brings back to what its page gets: tokens, or why there are none.

Both are a JSON object, and an error has the names of OAuth 2.0: ``{"error", "error_description"}``.

Source: built-in plugins B-99, BW-11; RFC 6749 section 5.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from kinto_core import json
from kinto_core.builtin.openid.discovery import Document
from kinto_core.builtin.openid.fetching import Answer, ProviderAway
from kinto_core.builtin.openid.logins import Login
from kinto_core.builtin.openid.provider import Provider
from kinto_core.builtin.openid.tokens import Untrustworthy, read_token, require_login

logger = logging.getLogger(__name__)

LONGEST_TEXT: Final = 1024
"""Characters of an error that are passed on."""


def redeem(provider: Provider, login: Login, code: str) -> bytes:
    """What the page gets for a code: the provider's JSON object as it came, or that of an error.

    The ID token that comes with an access token is verified: signature, issuer, audience, times,
    nonce, and that it goes with the access token.
    """
    try:
        document = provider.document()
        answer = _exchanged(provider, document, login, code)
    except ProviderAway:
        return error("temporarily_unavailable", "The identity provider does not answer.")
    said = answer.object()
    if said is None:
        return error("server_error", f"The provider gave no JSON (status {answer.status}).")
    if not answer.is_success or not isinstance(said.get("access_token"), str):
        return _failure(said, answer)
    try:
        _require_id_token(provider, document, login, said)
    except Untrustworthy as problem:
        logger.warning("An ID token of %s is not accepted: %s", provider.name, problem)
        return error("invalid_token", f"The ID token is not accepted: {problem}.")
    except ProviderAway:
        return error("temporarily_unavailable", "The identity provider does not give its keys.")
    return answer.body


def error(kind: str, description: str | None = None) -> bytes:
    """The JSON object of an error."""
    found = {"error": kind[:LONGEST_TEXT]}
    if description:
        found["error_description"] = description[:LONGEST_TEXT]
    return json.dumpb(found)


def _exchanged(provider: Provider, document: Document, login: Login, code: str) -> Answer:
    if document.token_endpoint is None:
        message = "the provider exchanges no codes"
        raise ProviderAway(message)
    form = {
        "code": code,
        "redirect_uri": login.redirect_uri,
        "grant_type": "authorization_code",
    }
    if login.verifier is not None:
        form["code_verifier"] = login.verifier
    return provider.post_as_client(document.token_endpoint, form, document)


def _failure(said: Mapping[str, Any], answer: Answer) -> bytes:
    """The provider's error, without whatever else it said."""
    kind, description = said.get("error"), said.get("error_description")
    if not isinstance(kind, str) or not kind:
        return error("server_error", f"The provider gave no token (status {answer.status}).")
    return error(kind, description if isinstance(description, str) else None)


def _require_id_token(
    provider: Provider, document: Document, login: Login, said: Mapping[str, Any]
) -> None:
    text = said.get("id_token")
    if text is None and login.nonce is None:
        return  # plain OAuth 2.0
    token = read_token(text) if isinstance(text, str) else None
    if token is None:
        message = "it is missing, or no signed one"
        raise Untrustworthy(message)
    provider.require_signed(token, document)
    require_login(
        token,
        client_id=provider.settings.client_id,
        nonce=login.nonce,
        access_token=said["access_token"],
    )
