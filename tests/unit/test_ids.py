"""Identifiers: what is made, and what is accepted."""

import re
import time

import pytest

from kinto_core.ids import UUID4, NameGenerator, RelaxedUUID

SOME_UUID = "61a8c407-1a6e-40ad-8378-0aad0c161e27"


def test_names_have_eight_characters_and_begin_with_a_letter_or_digit() -> None:
    made = {NameGenerator()() for _ in range(200)}  # protocol M-6
    assert len(made) == 200
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{7}", name) for name in made)


@pytest.mark.parametrize("generator", [NameGenerator(), RelaxedUUID(), UUID4()])
def test_what_is_made_is_accepted(generator: NameGenerator) -> None:
    assert all(generator.match(generator()) for _ in range(50))


@pytest.mark.parametrize("generator", [RelaxedUUID(), UUID4()])
def test_uuids_look_like_random_ones_in_lower_case(generator: NameGenerator) -> None:
    version_4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    made = {generator() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(version_4, one) for one in made)  # protocol M-6
    assert {one[19] for one in made} == set("89ab")


def test_relaxed_uuids_begin_with_the_time() -> None:
    before = time.time_ns() // 1_000_000
    moment = int(RelaxedUUID()().replace("-", "")[:12], 16)
    assert before <= moment <= time.time_ns() // 1_000_000


@pytest.mark.parametrize("good", ["a", "0", "A-b_c", "x" * 3000])
def test_names_are_accepted(good: str) -> None:
    assert NameGenerator().match(good)  # protocol M-5
    assert RelaxedUUID().match(good)


@pytest.mark.parametrize("bad", ["", "-a", "_a", "a.b", "a b", "é", "a\n", "a/b", "a\x00"])
def test_other_names_are_refused(bad: str) -> None:
    assert not NameGenerator().match(bad)  # protocol M-5, W-29


@pytest.mark.parametrize("bad", ["a", SOME_UUID.upper(), SOME_UUID + "\n", SOME_UUID[1:]])
def test_strict_uuids_accept_nothing_else(bad: str) -> None:
    assert UUID4().match(SOME_UUID)
    assert not UUID4().match(bad)  # protocol M-7
