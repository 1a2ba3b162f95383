"""Which credentials were checked already, in the memory of one process.

Neither passwords nor anything that could be tested for them outside of this process is kept: the
key of the digests is drawn at the start. An answer belongs to one version of the password, so it is
worth nothing once the account has another one.

Source: built-in plugins B-58, BW-6.
"""

import hmac
import secrets
import time
from collections.abc import Callable
from typing import Final, NamedTuple

MAX_ANSWERS: Final = 10_000
"""So many right and so many wrong ones are kept; the oldest go first."""


class _Answer(NamedTuple):
    """For which version of the password, and until when."""

    version: str | None
    until: float


class Remembered:
    """Answers about credentials; used by many threads at once.

    Args:
        lifetime_seconds: of an answer, from when it was given.
        now: seconds, rising.
    """

    def __init__(self, lifetime_seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._lifetime = lifetime_seconds
        self._now = now
        self._key = secrets.token_bytes(32)
        self._answers: dict[bool, dict[bytes, _Answer]] = {True: {}, False: {}}

    def digest(self, name: str, password: str) -> bytes:
        """What stands for these credentials; means nothing outside of this object."""
        return hmac.digest(self._key, f"{name}:{password}".encode(), "sha256")

    def answer(self, digest: bytes, version: str | None) -> bool | None:
        """Whether the credentials are right; ``None`` when that is not known.

        Args:
            digest: of the credentials.
            version: of the account's password now; ``None`` without an account.
        """
        for is_right, answers in self._answers.items():
            known = answers.get(digest)
            if known is not None and known.version == version:
                return is_right if known.until > self._now() else None
        return None

    def keep(self, digest: bytes, version: str | None, *, is_right: bool) -> None:
        """Remember an answer."""
        answers = self._answers[is_right]
        answers.pop(digest, None)
        answers[digest] = _Answer(version, self._now() + self._lifetime)
        while len(answers) > MAX_ANSWERS:
            try:
                answers.pop(next(iter(answers)), None)
            except (StopIteration, RuntimeError):  # another thread is at it
                return
