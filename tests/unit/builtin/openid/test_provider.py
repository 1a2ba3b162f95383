"""What is known of a provider is fetched late, kept, and fetched again (built-in plugins BW-18)."""

import time
from dataclasses import dataclass

import pytest

from kinto_core.builtin.openid.fetching import ProviderAway
from kinto_core.builtin.openid.provider import Provider
from kinto_core.builtin.openid.refreshing import (
    FRESH_SECONDS,
    RENEW_SECONDS,
    RETRY_SECONDS,
    USABLE_SECONDS,
    Refreshed,
)
from kinto_core.builtin.openid.settings import read_parameters
from tests.unit.builtin.openid.rig import ProviderProcess


@dataclass
class Ticks:
    """A clock that tests set, in seconds."""

    now: float = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def known(provider: ProviderProcess, ticks: Ticks) -> Provider:
    """The provider as a server knows it."""
    settings = read_parameters("idp", {"issuer": provider.url, "client_id": "kinto"})
    clock = lambda: int(time.time() * 1000)  # noqa: E731  that of the machine
    return Provider("idp", settings, clock=clock, at_once=2, ticks=ticks)


def test_new_keys_are_fetched_when_a_token_names_one(
    known: Provider, provider: ProviderProcess, ticks: Ticks
) -> None:
    assert known.vouch(provider.access_token()) is not None
    provider.ask("rotate", {})
    ticks.now += RENEW_SECONDS
    assert known.vouch(provider.access_token()) is not None
    assert provider.calls("/jwks") == 2


def test_invented_key_names_cost_no_more_than_that(
    known: Provider, provider: ProviderProcess, ticks: Ticks
) -> None:
    claims = {"iss": provider.url, "aud": "kinto", "exp": int(time.time()) + 600}
    for number in range(5):
        ticks.now += 1
        given = {"claims": claims, "header": {"kid": f"invented-{number}"}}
        assert known.vouch(provider.ask("sign", given)["token"]) is None
    assert provider.calls("/jwks") == 1


def test_document_is_fetched_again_after_an_hour(
    known: Provider, provider: ProviderProcess, ticks: Ticks
) -> None:
    known.document()
    provider.want(document={"userinfo_endpoint": f"{provider.url}/moved"})
    assert known.document().userinfo_endpoint == f"{provider.url}/userinfo"
    ticks.now += FRESH_SECONDS
    assert known.document().userinfo_endpoint == f"{provider.url}/moved"


def test_old_value_serves_while_the_provider_is_away(ticks: Ticks) -> None:
    answers: list[str | None] = ["first", None, None, "second"]

    def fetch() -> str:
        answer = answers.pop(0)
        if answer is None:
            raise ProviderAway
        return answer

    kept = Refreshed(fetch, clock=ticks)
    assert kept.get() == "first"
    ticks.now += FRESH_SECONDS
    assert kept.get() == "first"
    assert len(answers) == 2
    assert kept.get() == "first"
    assert len(answers) == 2  # it is not asked for with every request
    ticks.now += RETRY_SECONDS
    assert kept.get() == "first"
    ticks.now += RETRY_SECONDS
    assert kept.get() == "second"


def test_value_of_yesterday_serves_no_more(ticks: Ticks) -> None:
    def fetch() -> str:
        if ticks.now > 1000:
            raise ProviderAway
        return "first"

    kept = Refreshed(fetch, clock=ticks)
    kept.get()
    ticks.now += USABLE_SECONDS + 1
    with pytest.raises(ProviderAway):
        kept.get()
