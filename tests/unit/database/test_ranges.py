"""Exactly what is below an object."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinto_core.database.ranges import below, bounds
from kinto_core.database.tables import objects

URI = "/buckets/a"
IDS = st.text(alphabet="ab0-_/.~\x7f", max_size=4)


def is_below(parent: str, uri: str) -> bool:
    """What the condition says, in Python: texts compare by code point on both databases."""
    found = bounds(uri)
    return parent == found["uri"] or found["first"] < parent < found["beyond"]


@pytest.mark.parametrize("parent", [URI, URI + "/collections/c", URI + "/x/", URI + "/\U0010ffff"])
def test_what_is_inside_is_below(parent: str) -> None:
    assert is_below(parent, URI)


@pytest.mark.parametrize(
    "parent",
    ["", "/buckets", "/buckets/aa", "/buckets/a0", "/buckets/a-", "/buckets/b/x", URI[:-1]],
)
def test_neighbours_are_not_below(parent: str) -> None:
    assert not is_below(parent, URI)  # protocol W-10


@given(rest=IDS)
def test_it_is_the_uri_or_begins_with_it_and_a_slash(rest: str) -> None:
    parent = URI + rest
    expected = parent == URI or (parent.startswith(URI + "/") and parent != URI + "/")
    assert is_below(parent, URI) is expected


def test_the_condition_is_ranges_and_no_pattern() -> None:
    text = str(below(objects.c.parent_id))
    assert "LIKE" not in text.upper()
    assert text.count("parent_id") == 3
