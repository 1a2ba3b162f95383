"""A person signs in with the official client and a browser (built-in plugins section 4)."""

import gc
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Iterator, Mapping
from email.message import Message
from http.cookiejar import CookieJar

import kinto_http
import pytest

from tests.system.conftest import StartServer
from tests.system.processes import RunningServer
from tests.unit.builtin.openid.oidc_provider import CLIENT
from tests.unit.builtin.openid.rig import ProviderProcess


@pytest.fixture
def provider() -> Iterator[ProviderProcess]:
    process = ProviderProcess()
    yield process
    process.stop()


@pytest.fixture
def trusting(provider: ProviderProcess, database: Mapping[str, str]) -> Mapping[str, str]:
    """Settings of a server that trusts the provider."""
    policy = {"USE": "openid", "ISSUER": provider.url, "CLIENT_ID": CLIENT[0]}
    policy["CLIENT_SECRET"] = CLIENT[1]
    return {
        **database,
        "INCLUDES": "openid default_bucket",
        "MULTIAUTH_POLICIES": "idp",
        **{f"MULTIAUTH_POLICY_IDP_{name}": value for name, value in policy.items()},
    }


@pytest.fixture
def _browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that follows every redirection and keeps cookies."""

    def visit(url: str) -> None:
        cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        urllib.request.build_opener(cookies).open(url.replace(" ", "%20"), timeout=30).close()

    def open_page(url: str) -> bool:
        threading.Thread(target=visit, args=(url,)).start()
        return True

    monkeypatch.setattr(webbrowser, "open", open_page)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the client's own listening socket
@pytest.mark.usefixtures("_browser")
def test_official_client_signs_in(
    start_server: StartServer, trusting: Mapping[str, str], provider: ProviderProcess
) -> None:
    # clients C-121 to C-124
    server = start_server("serve", trusting)
    client = kinto_http.Client(server_url=server.url, auth=kinto_http.BrowserOAuth())
    user = client.server_info()["user"]
    gc.collect()
    assert (user["id"], user["profile"]["email"]) == ("idp:alice", "alice@example.org")
    client.create_record(bucket="default", collection="notes", data={"id": "n", "text": "hello"})
    asked = provider.calls("/userinfo")
    for _ in range(20):  # in either worker
        assert client.get_record(bucket="default", collection="notes", id="n")["data"]["text"]
    assert provider.calls("/userinfo") == asked
    provider.stop()
    assert client.get_record(bucket="default", collection="notes", id="n")["data"]["text"]


def test_server_starts_without_its_provider(
    start_server: StartServer, trusting: Mapping[str, str], provider: ProviderProcess
) -> None:
    # BW-18
    provider.stop()
    server = start_server("serve", trusting)
    status, headers = answer_to(server, "/buckets/default", "Bearer unknown")
    assert (status, headers["retry-after"]) == (503, "3")
    assert answer_to(server, "/buckets/default", "Basic YTpi")[0] == 401
    assert answer_to(server, "/__heartbeat__")[0] == 503
    assert answer_to(server, "/__lbheartbeat__")[0] == 200
    provider.start()
    token = provider.access_token()
    status, tries = 503, 100
    while status == 503 and tries:
        time.sleep(0.1)  # for some seconds the provider is taken to be away still
        status, tries = answer_to(server, "/buckets/default", f"Bearer {token}")[0], tries - 1
    assert status == 200


def answer_to(
    server: RunningServer, path: str, authorization: str | None = None
) -> tuple[int, Mapping[str, str]]:
    """Status and headers of an answer, these by lower-case name."""
    headers = {"Authorization": authorization} if authorization else {}
    request = urllib.request.Request(server.url + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, _lower(response.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _lower(error.headers)


def _lower(headers: Message) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}
