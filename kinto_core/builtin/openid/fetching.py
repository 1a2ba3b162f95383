"""Requests to a provider: within a time and a size, without redirects, and few at once.

A provider that is slow or away must not take the threads that serve everybody else: few calls run
at the same time, each within its time limit, and after one that failed the next ones fail at once
for some seconds.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError, ProtocolError

from kinto_core import json
from kinto_core.authentication.interface import Undecided

logger = logging.getLogger(__name__)

MAX_BYTES: Final = 256 * 1024
"""An answer that is longer is refused: documents, key sets and profiles are far shorter."""

PAUSE_SECONDS: Final = 5.0
"""For so long after a failure the provider is taken to be away still."""

TURN_SECONDS: Final = 1.0
"""The longest wait for others that ask the same provider."""

_MAX_DEPTH: Final = 20
_PIECE: Final = 64 * 1024
_SUCCESS: Final = range(200, 300)
_BUSY: Final = 429
_BROKEN: Final = 500


class ProviderAway(Undecided):
    """The identity provider does not answer, or not as it should; try again later."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider said.

    Attributes:
        status: the status code.
        body: at most ``MAX_BYTES``.
    """

    status: int
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success."""
        return self.status in _SUCCESS

    def object(self) -> Mapping[str, Any] | None:
        """The JSON object in the body; ``None`` when it holds something else."""
        try:
            value = json.loads(self.body, _MAX_DEPTH)
        except json.InvalidJSON:
            return None
        return value if isinstance(value, dict) else None


class Fetcher:
    """Asks one provider; used by many threads.

    Args:
        timeout_seconds: the longest wait for one answer.
        at_once: how many threads may wait at the same time.
        clock: seconds that only ever rise.
    """

    def __init__(
        self,
        timeout_seconds: float,
        *,
        at_once: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._timeout = timeout_seconds
        self._turns = threading.BoundedSemaphore(at_once)
        self._clock = clock
        self._away_until = 0.0
        self._pool = urllib3.PoolManager(maxsize=at_once, retries=False)

    def get(self, url: str, *, bearer: str | None = None) -> Answer:
        """Fetch a document; with a token if there is one.

        Raises:
            ProviderAway: there is no answer, a useless one, or the provider says that it is busy.
        """
        headers = {"Authorization": f"Bearer {bearer}"} if bearer is not None else {}
        return self._ask("GET", url, headers, None)

    def post(
        self, url: str, form: Mapping[str, str], *, basic: tuple[str, str] | None = None
    ) -> Answer:
        """Send a form; with client credentials in a header if they are given.

        Raises:
            ProviderAway: there is no answer, a useless one, or the provider says that it is busy.
        """
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if basic is not None:
            pair = ":".join(urlencode({"": one})[1:] for one in basic)
            headers |= urllib3.make_headers(basic_auth=pair)
        return self._ask("POST", url, headers, urlencode(form))

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: str | None) -> Answer:
        if self._clock() < self._away_until:
            message = "the identity provider did not answer a moment ago"
            raise ProviderAway(message)
        if not self._turns.acquire(timeout=TURN_SECONDS):
            message = "too many requests wait for the identity provider"
            raise ProviderAway(message)
        try:
            answer = self._exchange(method, url, headers, body)
        except (HTTPError, OSError) as error:
            self._away_until = self._clock() + PAUSE_SECONDS
            logger.warning("No answer of the identity provider at %s: %s", url, error)
            message = f"no answer of the identity provider at {url}"
            raise ProviderAway(message) from error
        finally:
            self._turns.release()
        if answer.status >= _BROKEN or answer.status == _BUSY:
            logger.warning("The identity provider answers %s at %s", answer.status, url)
            message = f"the identity provider answers {answer.status}"
            raise ProviderAway(message)
        return answer

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: str | None
    ) -> Answer:
        try:
            return self._once(method, url, headers, body)
        except ProtocolError:
            if method != "GET":
                raise
        return self._once(method, url, headers, body)  # the connection was kept for too long

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: str | None) -> Answer:
        ends = self._clock() + self._timeout
        response = self._pool.request(
            method,
            url,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", **headers},
            body=body,
            timeout=urllib3.Timeout(total=self._timeout),
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
        try:
            found = self._read(response, ends)
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return Answer(response.status, found)

    def _read(self, response: urllib3.BaseHTTPResponse, ends: float) -> bytes:
        found = bytearray()
        while piece := response.read1(_PIECE, decode_content=False):
            found += piece
            if len(found) > MAX_BYTES:
                message = f"the identity provider's answer is longer than {MAX_BYTES} bytes"
                raise ProviderAway(message)
            if self._clock() > ends:
                message = f"its answer takes longer than {self._timeout} seconds"
                raise HTTPError(message)
        return bytes(found)
