"""Where a provider says that it ended a session.

Source: OpenID Connect Back-Channel Logout 1.0; built-in plugins BW-8.
"""

from urllib.parse import parse_qs

from kinto_core.builtin.openid.plugin import OpenID
from kinto_core.builtin.openid.provider import Provider
from kinto_core.builtin.openid.tokens import (
    SignedToken,
    Untrustworthy,
    read_token,
    require_logout,
)
from kinto_core.builtin.openid.views import provider_of
from kinto_core.errors import Fault, InvalidInput
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.site import Site


class LogoutView:
    """The endpoint of all providers.

    Args:
        openid: the plugin.
    """

    def __init__(self, openid: OpenID) -> None:
        self._openid = openid

    def __call__(self, _site: Site, exchange: Exchange) -> Reply:
        """Tokens made before this moment are verified again, or refused.

        Raises:
            InvalidInput: the provider did not say so.
            BackendUnavailable: the provider's keys or the cache cannot be reached.
        """
        provider = provider_of(self._openid.providers, exchange)
        try:
            token = _verified(provider, exchange.body)
        except Untrustworthy as error:
            fault = Fault("body", "logout_token", f"Not accepted: {error}")
            raise InvalidInput(fault) from error
        claims = token.claims
        ended = self._openid.ended[provider.name]
        ended.end(claims.get("sub"), claims.get("sid"), int(claims["iat"] * 1000))
        return Reply(200, b"{}", [("Cache-Control", "no-store")])


def _verified(provider: Provider, body: bytes) -> SignedToken:
    given = parse_qs(body.decode("ascii", "replace"), max_num_fields=100)
    token = read_token(given.get("logout_token", [""])[0])
    if token is None:
        message = "it is missing, or no signed one"
        raise Untrustworthy(message)
    provider.require_signed(token, provider.document())
    require_logout(token, provider.settings.client_id)
    return token
