"""Whatever is sent, nobody is recognised and nothing breaks."""

import json
from base64 import urlsafe_b64encode
from contextlib import closing
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kinto_core.builtin.openid.callbacks import is_trusted
from kinto_core.builtin.openid.settings import LOCAL_CALLBACKS
from tests.unit.builtin.openid.rig import ProviderProcess, app_for

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
ALGORITHMS = st.sampled_from(["RS256", "ES256", "EdDSA", "none", "HS256"]) | VALUES
HEADERS = st.fixed_dictionaries(
    {"alg": ALGORITHMS}, optional=dict.fromkeys(("kid", "typ", "crit", "b64"), VALUES)
)
CLAIMS = st.dictionaries(st.sampled_from(["exp", "nbf", "iat", "aud", "azp", "sub"]), VALUES)
TOKENS = st.lists(st.tuples(HEADERS, CLAIMS, st.binary(max_size=40)), max_size=20)


def encoded(value: bytes) -> str:
    """Bytes as a part of a token."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example(tokens=[({"alg": "RS256", "crit": None}, {}, b"")], text="")
@example(tokens=[({"alg": "RS256", "crit": ["b64"], "b64": False}, {}, b"")], text="")
@given(tokens=TOKENS, text=st.text())
def test_rubbish_authenticates_nobody(
    provider: ProviderProcess, tokens: list[tuple[dict[str, Any], dict[str, Any], bytes]], text: str
) -> None:
    with closing((app := app_for(provider.url)).app):
        policy = app.app.registry.site.server.policies[0]
        for header, claims, signature in tokens:
            said = json.dumps({**claims, "iss": provider.url}).encode()
            parts = (json.dumps(header).encode(), said, signature)
            assert policy.authenticate("Bearer " + ".".join(map(encoded, parts))) is None
        assert policy.authenticate(f"Bearer {text}") is None


@given(st.text())
def test_only_local_callbacks_are_trusted(text: str) -> None:
    assert not is_trusted(text, LOCAL_CALLBACKS)
    assert not is_trusted(f"http://localhost{text}.evil.example/", ["http://localhost:*/x"])
