"""What stops the start, and what warns at it. Built-in plugins B-24, B-25."""

import logging

import pytest

from kinto_core.errors import ConfigurationError
from kinto_core.testing import make_server
from tests.unit.builtin.accounts.desk import SETTINGS


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"multiauth.policy.account.use": "basicauth"}, "Account policy missing"),
        ({"multiauth.policies": "basicauth account"}, "'basicauth' should not be mentioned before"),
        ({"account_create_principals": "account:admin"}, "Affected users: ['account:admin']"),
        ({"account_create_principals": "system.Authenticated"}, "Affected users"),
        ({"multiauth.policy.account.colour": "x"}, "multiauth.policy.account.colour: unknown"),
    ],
)
def test_settings_that_cannot_work_stop_the_start(changes: dict[str, str], expected: str) -> None:
    with pytest.raises(ConfigurationError, match=r"(?s).*") as raised:
        make_server({**SETTINGS, **changes})
    assert expected in str(raised.value)


def test_a_policy_without_the_plugin_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="needs the plugin in includes"):
        make_server({**SETTINGS, "includes": "default_bucket"})


def test_accounts_in_memory_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), make_server(SETTINGS):
        assert "lost at each start" in caplog.text
