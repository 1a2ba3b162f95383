"""Which changes a subscription wants."""

import pytest

from kinto_core.errors import InvalidInput
from kinto_core.testing.factories import make_change
from kinto_websocket.filters import MAX_FILTERS, MAX_VALUES, Wanted


def test_nothing_said_means_everything() -> None:
    assert Wanted.parse(None).is_everything
    assert Wanted.parse({}).is_everything
    assert Wanted.parse({}).accepts(make_change())


def test_actions_and_resources_choose() -> None:
    wanted = Wanted.parse({"actions": ["delete"], "resources": ["record"]})
    assert wanted.accepts(make_change(action="delete"))
    assert not wanted.accepts(make_change(action="create"))
    assert not wanted.accepts(make_change(action="delete", uri="/buckets/b"))


@pytest.mark.parametrize(
    ("filters", "accepted"),
    [
        ({"n": 5}, True),
        ({"n": "5"}, False),
        ({"not_n": 5}, False),
        ({"min_n": 5}, True),
        ({"gt_n": 5}, False),
        ({"max_n": 5, "lt_n": 6}, True),
        ({"in_n": [4, 5]}, True),
        ({"exclude_n": [4, 5]}, False),
        ({"has_n": True}, True),
        ({"has_m": True}, False),
        ({"like_name": "li"}, True),
        ({"like_name": "li*"}, False),
        ({"deep.er": None}, True),
        ({"eq_name": "Alice"}, True),
    ],
)
def test_conditions_are_those_of_query_strings(filters: dict[str, object], accepted: bool) -> None:
    change = make_change(new={"n": 5, "name": "Alice", "deep": {"er": None}})
    assert Wanted.parse(filters).accepts(change) is accepted


def test_conditions_hold_before_or_after() -> None:
    wanted = Wanted.parse({"n": 1})
    assert wanted.accepts(make_change(action="update", old={"n": 1}, new={"n": 2}))
    assert wanted.accepts(make_change(action="update", old={"n": 2}, new={"n": 1}))
    assert not wanted.accepts(make_change(action="update", old={"n": 2}, new={"n": 3}))
    assert wanted.accepts(make_change(action="delete", old={"n": 1}))
    assert not wanted.accepts(make_change(action="delete", old={"n": 2}))


def test_a_hidden_past_decides_nothing() -> None:
    wanted = Wanted.parse({"n": 1})
    change = make_change(action="update", old={"n": 1}, new={"n": 2})
    assert not wanted.accepts(change, with_old=False)
    assert wanted.accepts(make_change(action="delete", old={"n": 2}), with_old=False)


@pytest.mark.parametrize(
    "filters",
    [
        [],
        "x",
        {"actions": "create"},
        {"actions": ["read"]},
        {"resources": [1]},
        {"in_n": 1},
        {"in_n": list(range(MAX_VALUES + 1))},
        {"has_n": "yes"},
        {"like_n": 1},
        {"a b": 1},
        {f"f{number}": 1 for number in range(MAX_FILTERS + 1)},
    ],
)
def test_what_makes_no_sense_is_refused(filters: object) -> None:
    with pytest.raises(InvalidInput):
        Wanted.parse(filters)
