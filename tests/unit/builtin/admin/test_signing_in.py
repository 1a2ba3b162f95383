"""Providers lead back to the console (built-in plugins B-93)."""

from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote

import pytest

from tests.unit.builtin.openid.rig import ProviderProcess, app_for


@pytest.fixture
def provider() -> Iterator[ProviderProcess]:
    """A provider of identities."""
    process = ProviderProcess()
    yield process
    process.stop()


def login(callback: str) -> str:
    """The address that begins a login."""
    return f"/v1/openid/idp/login?callback={quote(callback, safe='')}&scope=openid"


def test_the_console_is_trusted_where_the_setting_names_no_others(
    provider: ProviderProcess,
) -> None:
    includes = {"includes": "openid admin", "http_host": "storage.example.org"}
    console = "http://storage.example.org/v1/admin/#login=0&token="
    with closing((app := app_for(provider.url, includes)).app):
        app.get(login(console), status=307)
        for other in ("http://storage.example.org/v1/", "http://else.example/v1/admin/"):
            assert app.get(login(other), status=400).json["errno"] == 107
    with closing((app := app_for(provider.url, {**includes, "includes": "openid"})).app):
        app.get(login(console), status=400)
    chosen = app_for(provider.url, includes, trusted_callback_urls="https://app.example.org/*")
    with closing(chosen.app):
        chosen.get(login(console), status=400)
