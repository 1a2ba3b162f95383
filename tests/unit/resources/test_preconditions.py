"""Is it still what the caller saw?"""

import pytest

from kinto_core.errors import ModifiedMeanwhile, NotModified
from kinto_core.resources.preconditions import NONE, Preconditions, Version


def test_without_conditions_all_goes() -> None:
    NONE.not_modified(5)
    NONE.unmodified(5)
    NONE.creatable(5)
    assert not NONE.must_be_new


def test_what_the_caller_has_is_not_sent() -> None:
    with pytest.raises(NotModified) as caught:
        Preconditions(if_none_match=5).not_modified(5)  # protocol T-17
    assert caught.value.last_modified == 5
    Preconditions(if_none_match=4).not_modified(5)
    Preconditions(if_none_match="*").not_modified(5)


@pytest.mark.parametrize("version", [5, "*"])
def test_the_expected_version_is_accepted(version: Version) -> None:
    Preconditions(if_match=version).unmodified(5)  # protocol T-17


@pytest.mark.parametrize(
    "conditions",
    [
        Preconditions(if_match=4),
        Preconditions(if_match=6),
        Preconditions(if_match=0),
        Preconditions(if_none_match="*"),
        Preconditions(if_match="*", if_none_match="*"),
    ],
)
def test_another_version_is_refused(conditions: Preconditions) -> None:
    with pytest.raises(ModifiedMeanwhile) as caught:
        conditions.unmodified(5, '{"id":"a"}')  # protocol T-17, T-21
    assert caught.value.last_modified == 5
    assert caught.value.existing == '{"id":"a"}'


@pytest.mark.parametrize("version", [5, "*"])
def test_nothing_is_created_over_a_version(version: Version) -> None:
    with pytest.raises(ModifiedMeanwhile) as caught:
        Preconditions(if_match=version).creatable(9)  # protocol T-17, T-18
    assert (caught.value.last_modified, caught.value.existing) == (9, None)
    Preconditions(if_none_match=version).creatable(9)


def test_must_be_new() -> None:
    assert Preconditions(if_none_match="*").must_be_new
    assert not Preconditions(if_none_match=5).must_be_new
