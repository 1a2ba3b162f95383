"""Regular expressions from users, which must not hang a worker.

Patterns run on RE2, whose time grows linearly with the text. What RE2 does not know (look-ahead,
back references, repetitions above 1000), and large patterns on long texts, run on an engine that
stops at a deadline. The deadline is that of the whole validation, so that many texts cannot add up
either. Character classes such as ``\\w`` are those of ASCII, as in ECMA 262, on both engines.
"""

import re
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import re2
import regex  # type: ignore[import-untyped]  # published without types

TIME_LIMIT_SECONDS: Final = 0.5
"""How much of a processor's time one validation may take."""
MAX_PATTERN_LENGTH: Final = 10_000

_RE2_MEMORY: Final = 1 << 21
_MAX_RE2_STEPS: Final = 30_000_000
"""Instructions times characters that RE2 may take on: half a second at its slowest."""
_warnings_lock = threading.Lock()

Search = Callable[[str], bool]
"""Whether the pattern is somewhere in a text; raises ``TimeoutError`` after the deadline."""


class InvalidPattern(ValueError):
    """The pattern is no regular expression."""


@dataclass(frozen=True, slots=True)
class _Deadline:
    """When to stop: after both moments, so that a busy machine refuses nothing by itself.

    Attributes:
        clock: on the monotonic clock, in seconds; quick to look at.
        processor: of this thread's processor time, in seconds.
    """

    clock: float
    processor: float


_deadline: ContextVar[_Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def time_limit(seconds: float = TIME_LIMIT_SECONDS) -> Iterator[None]:
    """Set the deadline for what runs inside; ``check_time`` and searches keep to it."""
    token = _deadline.set(_Deadline(time.monotonic() + seconds, time.thread_time() + seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


def check_time() -> None:
    """Stop when the deadline has passed.

    Raises:
        TimeoutError: it has.
    """
    deadline = _deadline.get()
    if (
        deadline is not None
        and time.monotonic() > deadline.clock
        and time.thread_time() > deadline.processor
    ):
        text = "the validation takes too long; simplify the schema"
        raise TimeoutError(text)


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Search:
    """The search for a pattern of ECMA 262 or Python.

    Raises:
        InvalidPattern: it is none.
    """
    if len(pattern) > MAX_PATTERN_LENGTH:
        text = f"longer than {MAX_PATTERN_LENGTH} characters"
        raise InvalidPattern(text)
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _RE2_MEMORY
    try:
        compiled = re2.compile(pattern, options)
    except (re2.error, UnicodeError):
        return _limited(pattern)
    return _linear(pattern, compiled)


def _linear(pattern: str, compiled: Any) -> Search:  # noqa: ANN401  the engine has no types
    max_length = _MAX_RE2_STEPS // max(compiled.programsize, 1)

    def search(text: str) -> bool:
        if len(text) > max_length:
            return _limited(pattern)(text)
        return compiled.search(text) is not None

    return search


@lru_cache(maxsize=256)
def _limited(pattern: str) -> Search:
    try:
        _require_python_syntax(pattern)
        compiled = regex.compile(pattern, regex.ASCII)
    except (re.error, regex.error, RecursionError, OverflowError, ValueError) as error:
        raise InvalidPattern(str(error)) from error

    def search(text: str) -> bool:
        check_time()
        # this engine's time-out is by the clock
        deadline = _deadline.get()
        left = None if deadline is None else max(deadline.processor - time.thread_time(), 0.001)
        try:
            return compiled.search(text, timeout=left, concurrent=True) is not None
        except TimeoutError as error:
            message = "a pattern takes too long on this text; simplify the pattern"
            raise TimeoutError(message) from error

    return search


def _require_python_syntax(pattern: str) -> None:
    """Refuse what only the engine itself knows, such as patterns that call themselves."""
    # the filters of warnings belong to the whole process
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        re.compile(pattern)
