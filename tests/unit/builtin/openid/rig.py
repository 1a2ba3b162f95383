"""The provider's process as tests use it, and servers that trust it."""

import json
import subprocess
import sys
import urllib.request
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from webtest import TestApp, TestResponse

from kinto_core.testing.server import make_app
from tests.unit.builtin.openid.oidc_provider import CLIENT

PROGRAM = Path(__file__).with_name("oidc_provider.py")
CALLBACK = "http://localhost:3000/#tokens="


class ProviderProcess:
    """A provider on this machine.

    Attributes:
        url: its address; the same after a restart.
    """

    def __init__(self) -> None:
        self.url = ""
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Start it, with new keys."""
        port = [str(urlsplit(self.url).port)] if self.url else []
        command = [sys.executable, str(PROGRAM), *port]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def ask(self, what: str, value: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Make it do something, see ``Handler.tested``."""
        data = None if value is None else json.dumps(value).encode()
        with urllib.request.urlopen(f"{self.url}/test/{what}", data, timeout=30) as response:
            found: dict[str, Any] = json.load(response)
        return found

    def want(self, **wanted: object) -> None:
        """Make it behave in a strange way from now on, and count its calls anew."""
        self.ask("want", wanted)

    def access_token(self, **changes: object) -> str:
        """A signed access token of Alice's, with other claims."""
        return str(self.ask("access", changes)["token"])

    def opaque(self, token: str, profile: Mapping[str, Any], **introspection: object) -> str:
        """An opaque access token."""
        said = {"active": True, **introspection}
        self.ask("opaque", {"token": token, "profile": profile, "introspection": said})
        return token

    def calls(self, path: str) -> int:
        """How often it was asked at a path since the last ``want``."""
        return int(self.ask("calls").get(path, 0))


def settings_for(url: str, **parameters: str) -> dict[str, str]:
    """Settings of a server that trusts a provider as the policy ``idp``."""
    given = {
        "use": "openid",
        "issuer": url,
        "client_id": CLIENT[0],
        "client_secret": CLIENT[1],
        **parameters,
    }
    return {
        "includes": "openid",
        "multiauth.policies": "idp basicauth",
        **{f"multiauth.policy.idp.{name}": value for name, value in given.items()},
    }


def app_for(url: str, more: Mapping[str, str] | None = None, **parameters: str) -> TestApp:
    """A server that trusts a provider; close it with ``app.app.close()``."""
    return TestApp(make_app({**settings_for(url, **parameters), **(more or {})}))


def user_of(app: TestApp, token: str, status: int = 200) -> dict[str, Any] | None:
    """Who the server thinks sends a token."""
    headers = {"Authorization": f"Bearer {token}"}
    found: dict[str, Any] | None = app.get("/v1/", headers=headers, status=status).json.get("user")
    return found


def begin(app: TestApp, **parameters: str) -> TestResponse:
    """Visit the first address of a login."""
    given = {"callback": CALLBACK, "scope": "openid email", **parameters}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())
    return app.get(f"/v1/openid/idp/login?{query}", status=307)


def asked_of(response: TestResponse) -> dict[str, str]:
    """The parameters that the provider gets."""
    return dict(parse_qsl(urlsplit(response.headers["Location"]).query))


def at_provider(response: TestResponse) -> str:
    """Follow the browser to the provider, which logs it in: the path where it comes back."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    opener = urllib.request.build_opener(Stay)
    try:
        opener.open(response.headers["Location"], timeout=30)
    except urllib.error.HTTPError as error:
        with error:
            parts = urlsplit(error.headers["Location"])
        return f"{parts.path}?{parts.query}"
    raise AssertionError


def given_to_page(response: TestResponse) -> dict[str, Any]:
    """What the page finds in its address."""
    location = response.headers["Location"]
    assert location.startswith(CALLBACK)
    found: dict[str, Any] = json.loads(b64decode(unquote(location[len(CALLBACK) :])))
    return found
