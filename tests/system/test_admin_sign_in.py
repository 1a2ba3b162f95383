"""People sign in to the console in a real browser (built-in plugins section 10, B-93)."""

from collections.abc import Iterator

import pytest

from tests.system.admin_person import Person
from tests.system.conftest import StartServer
from tests.system.live_browser import CHROMIUM, Browser
from tests.system.wire import Wire
from tests.unit.builtin.openid.oidc_provider import CLIENT
from tests.unit.builtin.openid.rig import ProviderProcess

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="install chromium to run the browser test")


@pytest.fixture
def provider() -> Iterator[ProviderProcess]:
    """A provider of identities."""
    process = ProviderProcess()
    yield process
    process.stop()


def test_an_account_signs_in_with_its_password_only(
    start_server: StartServer, browser: Browser
) -> None:
    settings = {
        "INCLUDES": "accounts admin",
        "MULTIAUTH_POLICIES": "account basicauth",
        "MULTIAUTH_POLICY_ACCOUNT_USE": "accounts",
        "ACCOUNT_CREATE_PRINCIPALS": "system.Everyone",
    }
    server = start_server(settings=settings)
    account = {"data": {"id": "alice", "password": "wonderland"}}
    assert Wire(server.port)("POST", "/accounts", account, Authorization="").status == 201
    with browser.page() as page:
        person = Person(page, f"{server.url}/admin/")
        person.signs_in("alice", "looking-glass")
        person.sees("The server does not know this name and password.")
        assert page.evaluate("sessionStorage.length") == 0
        person.fills("Password", "wonderland")
        page.evaluate("document.activeElement.focus()")
        for kind in ("keyDown", "keyUp"):
            page.command(
                "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r",
                windowsVirtualKeyCode=13,
            )  # fmt: skip
        person.is_at("Buckets")
        person.sees("account:alice")
        assert person.violations == []


def test_a_provider_leads_back_signed_in(
    start_server: StartServer, browser: Browser, provider: ProviderProcess
) -> None:
    policy = {"USE": "openid", "ISSUER": provider.url, "CLIENT_ID": CLIENT[0]}
    policy["CLIENT_SECRET"] = CLIENT[1]
    settings = {f"MULTIAUTH_POLICY_IDP_{name}": value for name, value in policy.items()}
    settings |= {"INCLUDES": "openid admin", "MULTIAUTH_POLICIES": "idp"}
    server = start_server(settings=settings)
    with browser.page() as page:
        person = Person(page, f"{server.url}/admin/")
        person.visit("#/sign-in?back=%23%2Fserver")
        person.clicks("Sign in at idp")
        person.comes_to("Server")
        person.sees("idp:")
        assert page.evaluate("location.hash") == "#/server"
        assert person.violations == []
        person.clicks("Sign out")
        person.visit("#login=0123&token=e30%3D")
        person.sees("This is not the login that was begun here")
