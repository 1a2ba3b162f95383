"""For how long a token counts (built-in plugins B-104, BW-8)."""

from contextlib import closing
from dataclasses import dataclass

import pytest
from webtest import TestApp

from kinto_core.builtin.openid.provider import Vouched
from kinto_core.builtin.openid.remembering import MOST, REFUSED_SECONDS, Found, Remembered
from kinto_core.builtin.openid.sessions import EndedSessions
from kinto_core.cache.interface import Cache
from kinto_core.cache.memory import MemoryCache
from kinto_core.errors import BackendUnavailable
from tests.unit.builtin.openid.rig import ProviderProcess, app_for, user_of

ALICE = {"sub": "alice"}


@dataclass
class Clock:
    """A time that tests set, in milliseconds."""

    now: int = 1_700_000_000_000

    def __call__(self) -> int:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def remembered(clock: Clock, cache: Cache | None = None) -> Remembered:
    """Tokens that are kept for a minute, in a cache that does not forget by itself."""
    kept = cache or MemoryCache(clock=lambda: 0.0)
    ended = EndedSessions(kept, "i:c")
    return Remembered(kept, clock, secret="s", scope="i:c:a", lifetime_seconds=60, ended=ended)


def test_use_does_not_make_a_token_live_longer(clock: Clock) -> None:
    tokens = remembered(clock)
    tokens.keep("d", Vouched(ALICE))
    for _ in range(59):
        clock.now += 1000
        assert tokens.find("d") == Found(ALICE)
    clock.now += 1000
    assert tokens.find("d") is None


def test_token_is_not_kept_beyond_its_own_end(clock: Clock) -> None:
    tokens = remembered(clock)
    tokens.keep("d", Vouched(ALICE, clock.now / 1000 + 10))
    clock.now += 9_999
    assert tokens.find("d") == Found(ALICE)
    clock.now += 1
    assert tokens.find("d") is None


def test_processes_share_what_they_verified(clock: Clock) -> None:
    cache = MemoryCache(clock=lambda: 0.0)
    remembered(clock, cache).keep("d", Vouched(ALICE))
    assert remembered(clock, cache).find("d") == Found(ALICE)


def test_refused_token_is_asked_about_again_after_seconds(clock: Clock) -> None:
    tokens = remembered(clock)
    tokens.refuse("d")
    assert tokens.find("d") == Found(None)
    clock.now += REFUSED_SECONDS * 1000
    assert tokens.find("d") is None


def test_rubbish_fills_no_memory(clock: Clock) -> None:
    cache = MemoryCache()
    tokens = remembered(clock, cache)
    for number in range(MOST + 100):
        tokens.refuse(str(number))
    assert tokens.find("0") is None
    assert tokens.find(str(MOST + 99)) == Found(None)
    assert cache.size_bytes == 0


class BrokenCache(MemoryCache):
    """A cache that is away."""

    def get(self, key: str) -> object:
        raise BackendUnavailable(key)

    def set(self, key: str, value: object, ttl_seconds: float) -> None:
        del value, ttl_seconds
        raise BackendUnavailable(key)


def test_cache_that_is_away_is_done_without(clock: Clock) -> None:
    tokens = remembered(clock, BrokenCache())
    assert tokens.find("d") is None
    tokens.keep("d", Vouched(ALICE))
    assert tokens.find("d") == Found(ALICE)


def test_token_is_kept_nowhere(cached_app: TestApp, provider: ProviderProcess) -> None:
    token = provider.access_token()
    provider.want()
    assert user_of(cached_app, token) == user_of(cached_app, token)
    assert provider.calls("/userinfo") == 1
    assert provider.calls("/.well-known/openid-configuration") == 1
    assert provider.calls("/jwks") == 1


def test_refused_token_costs_one_call(app: TestApp, provider: ProviderProcess) -> None:
    # B-104: failures are remembered too
    for _ in range(5):
        assert user_of(app, "unknown") is None
    assert provider.calls("/userinfo") == 1


def test_second_server_asks_the_shared_cache(provider: ProviderProcess, redis_url: str) -> None:
    more = {"cache_backend": "redis", "cache_url": redis_url}
    token = provider.access_token()
    provider.want()
    for _ in range(2):
        with closing((app := app_for(provider.url, more)).app):
            assert user_of(app, token) is not None
    assert provider.calls("/userinfo") == 1
