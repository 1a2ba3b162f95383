"""Regular expressions from users."""

import pytest

from kinto_core.resources.patterns import (
    MAX_PATTERN_LENGTH,
    InvalidPattern,
    check_time,
    compile_pattern,
    time_limit,
)

EVIL = "a" * 5000 + "!"


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^a+$", "aa", True),
        ("^a+$", "aab", False),
        ("b", "abc", True),
        (r"^\d+$", "12", True),
        (r"^\d+$", "\u0661\u0662", False),
        (r"(?!x)\d", "\u0661", False),
        ("^(?=.*[0-9]).{8,}$", "passw0rd", True),
        ("^(?=.*[0-9]).{8,}$", "password", False),
        (r"^(\w)\1$", "aa", True),
        ("\\u00e9", "é", True),
        ("^☃$", "☃", True),
        ("^a{1,2000}$", "a" * 1500, True),
    ],
)
def test_patterns_are_searched(pattern: str, text: str, found: bool) -> None:
    assert compile_pattern(pattern)(text) is found


@pytest.mark.parametrize(
    "pattern", ["[", "(", "*", "a**", "(?=", "(?R)", "(?P<n", "a" * (MAX_PATTERN_LENGTH + 1)]
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidPattern):
        compile_pattern(pattern)


def test_nested_repetition_takes_linear_time() -> None:
    with time_limit():
        assert compile_pattern("(a+)+$")(EVIL) is False


def test_what_needs_backtracking_stops_at_the_deadline() -> None:
    with time_limit(0.05), pytest.raises(TimeoutError, match="simplify"):
        compile_pattern("(?=a)(a+)+$")(EVIL)


def test_large_patterns_on_long_texts_stop_at_the_deadline_too() -> None:
    search = compile_pattern("(a|b)*a(a|b){500}c")
    with time_limit(0.05), pytest.raises(TimeoutError, match="simplify"):
        search("ab" * 50_000)


def test_a_pattern_may_be_used_without_a_limit() -> None:
    assert compile_pattern("(?=a)a")("a")
    check_time()


def check_for_ever() -> None:
    while True:
        check_time()


def test_checking_the_time_stops_at_the_deadline() -> None:
    with time_limit(0.01), pytest.raises(TimeoutError):
        check_for_ever()
