"""Which timestamp a write gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinto_core.resources.timestamps import Stamp, stamp

MOMENTS = st.integers(min_value=0, max_value=20)


@pytest.mark.parametrize(
    ("now", "listed", "wanted", "old", "expected"),
    [
        (100, 50, None, None, (100, 100)),  # protocol T-3
        (100, 100, None, None, (101, 101)),
        (100, 500, None, 7, (501, 501)),
        (100, 50, 60, None, (60, 60)),  # protocol T-12
        (100, 50, 50, None, (100, 100)),
        (100, 500, 500, None, (501, 501)),
        (100, 50, 10, None, (10, 50)),
        (100, 50, 10, 5, (100, 100)),  # protocol W-21
        (100, 50, 60, 5, (60, 60)),
    ],
)
def test_the_rules(
    now: int, listed: int, wanted: int | None, old: int | None, expected: tuple[int, int]
) -> None:
    assert stamp(now=now, list_timestamp=listed, wanted=wanted, old=old) == Stamp(*expected)


@given(now=MOMENTS, listed=MOMENTS, wanted=st.none() | MOMENTS, old=st.none() | MOMENTS)
def test_a_list_never_goes_back_and_no_change_hides(
    now: int, listed: int, wanted: int | None, old: int | None
) -> None:
    result = stamp(now=now, list_timestamp=listed, wanted=wanted, old=old)
    assert result.list_timestamp >= listed
    assert result.last_modified <= result.list_timestamp
    if old is not None or wanted is None or wanted >= listed:
        assert result.last_modified == result.list_timestamp > listed
