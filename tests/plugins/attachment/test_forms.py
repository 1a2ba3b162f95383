"""Forms are read alike however they are cut, and nonsense is refused.

Source: RFC 7578; attachment A-7.
"""

from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinto_attachment.failures import CutShort
from kinto_attachment.multipart import Begin, Data, End, boundary_of, form_events
from kinto_core.http.errors import HttpError
from tests.plugins.attachment.driving import BOUNDARY, Part, form

Whole = tuple[str, str | None, str | None, bytes]
_WORDS = st.text("abcXYZ é_.-", min_size=1, max_size=12)
_CONTENTS = st.one_of(
    st.binary(max_size=80),
    st.sampled_from(
        [b"\r\n", b"\r\n--", f"\r\n--{BOUNDARY[:5]}".encode(), f"--{BOUNDARY}x".encode(), b"\r" * 9]
    ),
)
_PARTS = st.lists(
    st.tuples(_WORDS, st.none() | _WORDS, st.none() | st.just("text/plain"), _CONTENTS),
    min_size=1,
    max_size=4,
)


def _cut(content: bytes, places: list[int]) -> Iterator[bytes]:
    edges = sorted({0, len(content), *(place % (len(content) + 1) for place in places)})
    for start, stop in pairwise(edges):
        yield content[start:stop]


def _whole(chunks: Iterator[bytes]) -> list[Whole]:
    """The parts of a form."""
    found: list[Whole] = []
    for event in form_events(BOUNDARY.encode(), chunks):
        match event:
            case Begin(name, filename, media_type):
                found.append((name, filename, media_type, b""))
            case Data(content):
                found[-1] = (*found[-1][:3], found[-1][3] + content)
            case End():
                pass
    return found


@given(parts=_PARTS, places=st.lists(st.integers(0, 5000), max_size=12))
def test_parts_are_the_same_however_they_are_cut(parts: list[Part], places: list[int]) -> None:
    assert _whole(_cut(form(*parts), places)) == parts


@given(parts=_PARTS, place=st.integers(0, 5000))
def test_a_form_without_its_end_has_no_last_part(parts: list[Part], place: int) -> None:
    body = form(*parts)
    end = place % (len(body) - len("--\r\n"))  # the last line break may be missing
    assert _whole_or_nothing(body[:end]) == []


@given(st.binary(max_size=200))
def test_nonsense_has_no_parts(body: bytes) -> None:
    assert _whole_or_nothing(body) == []


def _whole_or_nothing(body: bytes) -> list[Whole]:
    """The parts of a form; none when it is refused."""
    with suppress(HttpError, CutShort):
        return _whole(iter([body]))
    return []


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "x" * 300,
        "multipart/mixed; boundary=x",
    ],
)
def test_a_form_has_a_boundary(content_type: str | None) -> None:
    with pytest.raises(HttpError):
        boundary_of(content_type)  # attachment A-33


def test_a_boundary_may_stand_in_quotes() -> None:
    assert boundary_of('Multipart/Form-Data; charset=utf-8; boundary="a b"') == b"a b"
