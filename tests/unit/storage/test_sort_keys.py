"""Keys sort as the values do, and end."""

from itertools import pairwise, product
from typing import Any

import pytest

from kinto_core.storage.query import MISSING
from kinto_core.storage.sort_keys import (
    END,
    FIRST,
    LONGEST,
    claim,
    cut,
    is_whole,
    object_key,
    sort_key,
)

ORDER: list[Any] = [
    None,
    "", "A", "a", "a\x00", "aa", "b", "é", "\uffff", "\U0001f600",
    -(2**70), -(2**53) - 1, -(2**53), -1.5, -1, -1e-300, 0, 1e-300, 0.5, 1, 1.5, 2, 10,
    2**53, 2**53 + 1, 2**63, 2**64 + 1, 1e300,
    False, True,
    [], [None], [2], [1, 1],
    {}, {"aa": 0}, {"b": 0}, {"a": 0, "b": 0},
    MISSING,
]  # fmt: skip
"""Each is less than the next (protocol F-30, F-31)."""


def test_keys_sort_as_the_values() -> None:  # protocol F-30, F-31
    keys = [sort_key(value) for value in ORDER]
    assert all(one < other for one, other in pairwise(keys))
    assert keys[0] >= FIRST
    assert keys[-1] < END


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (0, -0.0), (100, 1e2), ([1], [1.0])])
def test_equal_values_have_equal_keys(one: object, other: object) -> None:
    assert sort_key(one) == sort_key(other)


def test_no_key_begins_with_another() -> None:
    keys = [sort_key(value) for value in ORDER]
    beginnings = [(a, b) for a, b in product(keys, keys) if a != b and b.startswith(a)]
    assert beginnings == []


def test_the_first_field_decides_before_the_next() -> None:
    objects = [{"a": a, "b": b} for a in ("", "x", 1) for b in (None, "y", 2)]
    keys = [object_key(one, ["a", "b"]) for one in objects]
    assert keys == sorted(keys)
    assert object_key({"a": {"b": 1}}, ["a.b"]) == sort_key(1)
    assert object_key({}, ["a", "b"]) == sort_key(MISSING) * 2


def test_long_keys_are_cut_and_keep_their_order() -> None:
    texts = ["x" * 150, "x" * 500 + "a", "x" * 500 + "b", "y"]
    keys = [object_key({"a": text}, ["a"]) for text in texts]
    assert keys == sorted(keys)
    assert max(map(len, keys)) == LONGEST
    assert list(map(is_whole, keys)) == [True, False, False, True]
    assert cut(sort_key(texts[1])) == keys[1]


def test_an_object_claims_the_values_of_all_fields_or_nothing() -> None:
    assert claim({"a": 1, "b": {"c": "x"}}, ["a", "b.c"]) == sort_key(1) + sort_key("x")
    assert claim({"a": "x" * 999}, ["a"]) == sort_key("x" * 999)
    for data in ({}, {"a": None, "b": 1}, {"a": 1, "b": None}, {"a": {"b": 1}}):
        assert claim(data, ["a", "b"]) is None
    assert claim({"a": False, "b": ""}, ["a", "b"]) is not None
