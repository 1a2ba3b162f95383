"""What is weak for production is said; what is strong is not."""

from pathlib import Path

import pytest

from kinto_core.cli.weaknesses import weaknesses
from kinto_core.settings import load

STRONG = {
    "storage_url": "sqlite:///kinto.db",
    "http_scheme": "https",
    "http_host": "storage.example.org",
    "multiauth.policies": "account",
    "multiauth.policy.account.use": "accounts",
    "userid_hmac_secret": "s" * 32,
}


def found(changes: dict[str, str], ini: Path | None = None) -> list[str]:
    """The weaknesses of strong settings with changes."""
    return weaknesses(load({**STRONG, **changes})[0], ini)


def test_strong_settings_have_none() -> None:
    assert found({}) == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("storage_url", "", "storage_backend = memory"),
        ("cache_backend", "memory", "cache_backend = memory"),
        ("storage_synchronous", "normal", "storage_synchronous"),
        ("http_scheme", "http", "https"),
        ("http_host", "", "http_host"),
        ("multiauth.policies", "", "nobody"),
        ("multiauth.policies", "basicauth", "accepts any"),
        ("bucket_create_principals", "system.Everyone", "anybody"),
        ("administrators", "system.Authenticated", "administrators"),
    ],
)
def test_a_weak_setting_is_said(name: str, value: str, words: str) -> None:
    assert any(words in sentence for sentence in found({name: value}))


def test_names_of_administrators_that_strangers_may_take_are_said() -> None:
    opened = {"account_create_principals": "system.Everyone"}
    assert found(opened) == []
    assert "kinto accounts" in found({**opened, "account_write_principals": "account:admin"})[0]


def test_a_file_that_others_can_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "kinto.ini"
    path.touch(mode=0o600)
    assert found({}, path) == []
    path.chmod(0o644)
    assert "chmod 600" in found({}, path)[0]  # settings SW-22
