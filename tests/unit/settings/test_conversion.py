"""Texts become the declared type, or the message says what was expected."""

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinto_core.settings.conversion import NotConvertible, convert, masked, to_text
from kinto_core.settings.setting import Setting, setting, settings_of


@dataclass(frozen=True)
class Table:
    """One setting of each kind."""

    flag: bool = setting(default=False, help="A switch.")
    count: int = setting(1, minimum=0, maximum=9, unit="things", help="A number.")
    maybe: int | None = setting(None, zero_means_none=True, help="A number or nothing.")
    ratio: float = setting(0.5, help="A fraction.")
    text: str = setting("", help="A text.")
    words: tuple[str, ...] = setting((), help="Texts.")
    buckets: tuple[float, ...] = setting((), help="Numbers.")
    moment: datetime | None = setting(None, help="A date.")
    path: Path | None = setting(None, help="A file.")
    choice: str = setting("a", choices=("a", "b"), aliases={"old.a": "a"}, help="One of two.")


SETTINGS = {one.attribute: one for one in settings_of(Table)}


def value(attribute: str, text: str) -> Any:  # noqa: ANN401  any setting's value
    """What a text is for the attribute of that name."""
    return convert(SETTINGS[attribute], text)


@pytest.mark.parametrize("text", ["t", "true", "Y", "yes", "ON", "1", '"true"', " True "])
def test_words_that_switch_on(text: str) -> None:
    assert value("flag", text) is True  # settings S-18


@pytest.mark.parametrize("text", ["f", "false", "No", "off", "0"])
def test_words_that_switch_off(text: str) -> None:
    assert value("flag", text) is False


@pytest.mark.parametrize("text", ["maybe", "", "2", "null", "truee"])
def test_other_words_are_no_switch(text: str) -> None:
    with pytest.raises(NotConvertible, match="true or false"):  # settings SW-1
        value("flag", text)


@pytest.mark.parametrize(
    ("attribute", "text", "expected"),
    [
        ("count", " 5 ", 5),
        ("count", '"5"', 5),
        ("maybe", "null", None),
        ("maybe", "", None),
        ("maybe", "0", None),
        ("maybe", "3", 3),
        ("ratio", "1e3", 1000.0),
        ("text", "2.10", "2.10"),
        ("text", '"2.10"', "2.10"),
        ("text", "007", "007"),
        ("text", '"open', '"open'),
        ("words", "a b\nc", ("a", "b", "c")),
        ("words", "a, b,c", ("a", "b", "c")),
        ("words", '["a b", "c"]', ("a b", "c")),
        ("words", "", ()),
        ("words", "null", ()),
        ("buckets", "0.1 1 Inf", (0.1, 1.0, float("inf"))),
        ("moment", "2030-01-31T12:00:00+00:00", datetime(2030, 1, 31, 12, tzinfo=UTC)),
        ("moment", '"2030-01-31T12:00:00Z"', datetime(2030, 1, 31, 12, tzinfo=UTC)),
        ("path", "/etc/kinto", Path("/etc/kinto")),
        ("choice", "old.a", "a"),
    ],
)
def test_text_becomes_the_declared_type(attribute: str, text: str, expected: object) -> None:
    assert value(attribute, text) == expected  # settings SW-2, SW-3


def test_a_date_without_zone_is_local_time() -> None:
    assert value("moment", "2030-01-31").tzinfo is not None  # settings SW-14


@pytest.mark.parametrize(
    ("attribute", "text", "words"),
    [
        ("count", "1.5", "a whole number of things, at least 0, at most 9"),
        ("count", "10", "at most 9"),
        ("count", "-1", "at least 0"),
        ("count", "1_0", "a whole number"),
        ("count", "5 ; five", "line of its own"),
        ("count", "99999999999999999999999", "a whole number"),
        ("ratio", "nan", "a number"),
        ("words", "a b ; these two", "line of its own"),
        ("words", '["a"', "JSON array"),
        ("moment", "2030", "a date such as"),
        ("choice", "c", "one of a, b"),
    ],
)
def test_a_refused_text_is_told_what_was_expected(attribute: str, text: str, words: str) -> None:
    with pytest.raises(NotConvertible, match=words):
        value(attribute, text)


@given(st.integers(min_value=0, max_value=9))
def test_numbers_survive_being_written(number: int) -> None:
    assert value("count", to_text(number)) == number


@given(st.text())
def test_any_text_is_converted_or_refused_in_words(text: str) -> None:
    for declared in SETTINGS.values():
        words = "none"
        with contextlib.suppress(NotConvertible):
            try:
                convert(declared, text)
            except NotConvertible as error:
                words = str(error)
                raise
        assert words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://kinto:s3cret@db/kinto", "postgresql://kinto:********@db/kinto"),
        ("postgresql://kinto:s@3/cret@db/kinto", "postgresql://kinto:********@db/kinto"),
        ("redis://:s3cret@cache:6379/0", "redis://:********@cache:6379/0"),
        ("unix:///run/redis?password=s3cret&db=1", "unix:///run/redis?password=********&db=1"),
        ("sqlite:////srv/kinto.db", "sqlite:////srv/kinto.db"),
    ],
)
def test_passwords_in_urls_are_hidden(text: str, shown: str) -> None:
    assert masked(text, is_secret=False) == shown


def test_secrets_are_hidden() -> None:
    assert masked("abc", is_secret=True) == "********"
    assert masked("", is_secret=True) == ""


def test_a_table_tells_wrong_annotations() -> None:
    @dataclass(frozen=True)
    class Wrong:
        value: int | str = setting(1, help="Two types.")

    with pytest.raises((TypeError, ValueError)):
        settings_of(Wrong)


def test_the_environment_name_follows_from_the_name() -> None:
    declared = Setting(attribute="x", name="user-data.x_y", type=str)
    assert declared.environment == "KINTO_USER_DATA_X_Y"  # settings S-8
