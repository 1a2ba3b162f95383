"""The public keys of a provider, as the library for signatures takes them.

Source: RFC 7517; built-in plugins BW-18.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from kinto_core.builtin.openid.fetching import Fetcher, ProviderAway
from kinto_core.builtin.openid.refreshing import Refreshed

logger = logging.getLogger(__name__)

PublicKey = RSAKey | ECKey | OKPKey

SHORTEST_RSA_BITS: Final = 2048
"""Source: RFC 7518 section 3.3."""

_MOST_KEYS: Final = 100
_TYPES: Final = ("RSA", "EC", "OKP")


class Keys:
    """The keys of one provider, fetched at first need and again when a token names a new one.

    Args:
        fetcher: asks the provider.
        ticks: seconds that only ever rise.
    """

    def __init__(self, fetcher: Fetcher, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._fetcher = fetcher
        self._ticks = ticks
        self._sets: dict[str, Refreshed[tuple[PublicKey, ...]]] = {}

    def named(self, url: str, key_id: str | None) -> tuple[PublicKey, ...]:
        """The keys that may have made a signature; none when there is no key of that name.

        A name that nobody knows makes the keys be fetched again, every ten seconds at most: the
        provider may have new ones.

        Args:
            url: of the key set, from the discovery document.
            key_id: from the token's header; ``None``: any key.

        Raises:
            ProviderAway: the keys cannot be had.
        """
        kept = self._sets.get(url)
        if kept is None:
            self._sets.clear()  # the provider has moved them
            kept = self._sets[url] = Refreshed(lambda: self._fetch(url), clock=self._ticks)
        found = _chosen(kept.get(), key_id)
        return found or _chosen(kept.renew(), key_id)

    def _fetch(self, url: str) -> tuple[PublicKey, ...]:
        answer = self._fetcher.get(url)
        value = answer.object() if answer.is_success else None
        listed = value.get("keys") if value is not None else None
        if not isinstance(listed, list):
            message = f"{url} has no key set (status {answer.status})"
            raise ProviderAway(message)
        return read_keys(listed)


def read_keys(listed: list[Any]) -> tuple[PublicKey, ...]:
    """The keys of a key set that can verify signatures; others are left out.

    Args:
        listed: JSON objects, as in the member ``keys``.
    """
    found = (_read(one) for one in listed[:_MOST_KEYS] if isinstance(one, dict))
    return tuple(one for one in found if one is not None)


def _read(value: Mapping[str, Any]) -> PublicKey | None:
    if value.get("use", "sig") != "sig" or value.get("kty") not in _TYPES:
        return None  # a shared secret signs as well as it verifies
    public = {name: one for name, one in value.items() if name not in ("d", "key_ops")}
    try:
        key = JWKRegistry.import_key(public)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        logger.info("A key of the identity provider is left out: %s", type(error).__name__)
        return None
    if not isinstance(key, RSAKey | ECKey | OKPKey):
        return None
    if isinstance(key, RSAKey) and key.raw_value.key_size < SHORTEST_RSA_BITS:
        return None
    return key


def _chosen(keys: tuple[PublicKey, ...], key_id: str | None) -> tuple[PublicKey, ...]:
    if key_id is None:
        return keys
    return tuple(key for key in keys if key.kid == key_id)
