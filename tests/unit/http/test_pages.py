"""Single-use tokens."""

import pytest

from kinto_core.cache.memory import MemoryCache
from kinto_core.errors import InvalidInput
from kinto_core.http.pages import PageTokens


def test_a_token_is_used_once() -> None:
    tokens = PageTokens(MemoryCache(), 600)
    first, second = tokens.issue(), tokens.issue()
    assert first != second
    tokens.redeem(first)
    with pytest.raises(InvalidInput, match="already used"):
        tokens.redeem(first)  # protocol G-12
    tokens.redeem(second)


@pytest.mark.parametrize("foreign", [None, "", "x", "pagination-token-x"])
def test_foreign_tokens_are_refused(foreign: str | None) -> None:
    with pytest.raises(InvalidInput):
        PageTokens(MemoryCache(), 600).redeem(foreign)
