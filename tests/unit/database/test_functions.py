"""The functions that SQLite gets from us."""

import sqlite3
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinto_core import json
from kinto_core.database.functions import (
    digits,
    fold,
    is_like,
    json_at,
    json_key,
    register_functions,
)

NUMBERS = st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)

IN_ORDER = [
    "null",
    '""',
    '"A"',
    '"a"',
    '"aa"',
    '"é"',
    "-1e300",
    "-2",
    "-1.5",
    "0",
    "1e-300",
    "0.5",
    "9007199254740992",
    "9007199254740993",
    "1e22",
    "100000000000000000000000",
    "false",
    "true",
    "[]",
    "[null]",
    "[{}]",
    '["a",1]',
    '["a",2]',
    "{}",
    '{"a":2}',
    '{"aa":0}',
    '{"b":1}',
    '{"a":1,"b":2}',
    '{"c":1,"aa":2}',
]


@pytest.mark.parametrize(("one", "other"), list(pairwise(IN_ORDER)))
def test_keys_sort_as_values_do(one: str, other: str) -> None:  # protocol F-30, F-31
    assert (json_key(one) or b"") < (json_key(other) or b"")


@pytest.mark.parametrize(
    ("one", "other"),
    [("1", "1.0"), ("-0.0", "0"), ("1e2", "100"), ('{"a":1,"b":2}', '{"b":2,"a":1.0}')],
)
def test_equal_values_have_equal_keys(one: str, other: str) -> None:  # protocol F-10
    assert json_key(one) == json_key(other)


@given(st.lists(NUMBERS, max_size=5))
def test_keys_of_numbers_sort_as_numbers(numbers: list[int | float]) -> None:
    def exact(number: float) -> Decimal:
        return Decimal(repr(number))

    by_key = sorted(numbers, key=lambda number: json_key(json.dumps(number)) or b"")
    assert list(map(exact, by_key)) == sorted(map(exact, numbers))


def test_deep_values_have_keys() -> None:
    assert json_key("[" * 400 + "]" * 400)


@pytest.mark.parametrize(
    ("text", "pattern", "matches"),
    [
        ("Hello World", "lo wo", True),
        ("Hello", "hel*", True),
        ("Hello", "*hel", False),
        ("Hello", "h*l*o", True),
        ("Hello", "h**o", True),
        ("aba", "ab*ba", False),
        ("", "", True),
        ("", "*", True),
        ("a.c", "a?c", False),
        ("ÉTÉ", "été", True),
        ("\u212a", "k", True),
        ("STRASSE", "straße", False),
    ],
)
def test_only_the_asterisk_is_special(text: str, pattern: str, *, matches: bool) -> None:
    assert is_like(text, pattern) == matches  # protocol F-22


def test_folding_keeps_the_number_of_characters() -> None:
    text = "aB\u0130ß\ufb01\u03c2\U00010400"
    assert len(fold(text)) == len(text)


def test_a_path_reaches_odd_keys_but_enters_no_array() -> None:  # protocol F-23
    assert json_at('{"q\\"":{"\\n":[1]}}', '["q\\"","\\n"]') == "[1]"
    assert json_at('{"v":[1]}', '["v","0"]') is None
    assert json_at('{"v":null}', '["v"]') == "null"


def test_digits_have_no_exponent() -> None:
    assert [digits(text) for text in ("1e3", "1.5e-3", "-0.0", "10")] == [
        "1000",
        "0.0015",
        "0.0",
        "10",
    ]


def test_sql_can_call_the_functions() -> None:
    connection = sqlite3.connect(":memory:")
    register_functions(connection)
    statement = "SELECT kinto_like('A', 'a'), kinto_contains('[1,2.0]', '[2]', 1), kinto_key(NULL)"
    assert connection.execute(statement).fetchone() == (1, 1, None)
    connection.close()
