"""Logins under way: what was asked for, by which browser, and until when that counts.

The state that travels through the provider is only a name. What it stands for is in the cache: it
counts once, for the provider and the browser that began, and until a moment that is checked here.

Source: built-in plugins B-92, B-98, BW-10, BW-11.
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import quote

from kinto_core.cache.interface import Cache

COOKIE: Final = "kinto_openid"

_BROWSER: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_STATE: Final = re.compile(r"[0-9a-f]{32,512}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A login that has begun.

    Attributes:
        provider: name of the policy.
        callback: where the tokens are sent in the end.
        redirect_uri: where the provider sends the browser; it wants to hear it again.
        browser: digest of the cookie of the browser that began.
        nonce: what the ID token must repeat; ``None``: there is none.
        verifier: the secret of the proof key; ``None``: there is none.
        until: when it stops to count, in milliseconds since 1970.
    """

    provider: str
    callback: str
    redirect_uri: str
    browser: str
    nonce: str | None
    verifier: str | None
    until: int

    @property
    def challenge(self) -> str | None:
        """What the provider hears of the verifier. Source: RFC 7636 section 4.2."""
        if self.verifier is None:
            return None
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode()


class Logins:
    """Keeps logins between the two requests of a browser.

    Args:
        cache: shared by all processes.
        clock: milliseconds since 1970.
    """

    def __init__(self, cache: Cache, clock: Callable[[], int]) -> None:
        self._cache = cache
        self._clock = clock

    def begin(self, login: Login, state_length: int) -> str:
        """Keep a login; gives the state that stands for it."""
        state = secrets.token_hex(state_length)
        rest_seconds = (login.until - self._clock()) / 1000
        self._cache.set(_key(state), asdict(login), rest_seconds)
        return state

    def finish(self, state: str, provider: str, browser: str | None) -> Login | None:
        """The login that a state stands for; it counts no more, whatever the answer is.

        Args:
            state: as the browser brought it.
            provider: name of the policy that the browser comes back for.
            browser: value of its cookie.

        Returns:
            ``None`` when it is unknown, over, of another provider or of another browser.
        """
        kept = self._cache.delete(_key(state)) if _STATE.fullmatch(state) else None
        if not isinstance(kept, dict):
            return None
        login = Login(**kept)
        is_same = browser is not None and hmac.compare_digest(login.browser, digest_of(browser))
        is_meant = login.provider == provider and login.until > self._clock()
        return login if is_same and is_meant else None


def browser_of(cookies: str | None) -> str | None:
    """The browser's name for itself, from its ``Cookie`` header."""
    try:
        found = SimpleCookie(cookies or "").get(COOKIE)
    except CookieError:
        return None
    return found.value if found is not None and _BROWSER.fullmatch(found.value) else None


def new_browser() -> str:
    """A name for a browser that has none; several logins of one browser share it."""
    return secrets.token_urlsafe(32)


def digest_of(browser: str) -> str:
    """What is kept of the name."""
    return hashlib.sha256(browser.encode()).hexdigest()


def cookie(browser: str, *, path: str, seconds: int, is_secure: bool) -> str:
    """The ``Set-Cookie`` header: for our own pages, and for links that lead to them.

    Args:
        browser: its name.
        path: of the endpoints that need it.
        seconds: its lifetime.
        is_secure: whether it travels over HTTPS only.
    """
    text = f"{COOKIE}={browser}; Path={quote(path)}; Max-Age={seconds}; HttpOnly; SameSite=Lax"
    return f"{text}; Secure" if is_secure else text


def _key(state: str) -> str:
    return f"openid:state:{state}"
