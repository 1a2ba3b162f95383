"""What the settings ``history.*`` mean."""

import pytest

from kinto_core.builtin.history.settings import (
    HistorySettings,
    Limit,
    announced,
    excluded_resources,
    limit_of,
)
from kinto_core.errors import ConfigurationError
from kinto_core.testing import make_app, make_server


@pytest.mark.parametrize(
    ("excluded", "uri", "is_in"),
    [
        ("/buckets/a", "/buckets/a", True),
        ("/buckets/a", "/buckets/a/collections/c/records/r", True),
        ("/buckets/a", "/buckets/aa", False),
        ("/buckets/a/collections/c", "/buckets/a", False),
        ("/buckets/a/collections/c", "/buckets/a/collections/cc", False),
        ("/buckets/a/collections/c/records/r", "/buckets/a/collections/c/records/r", True),
        ("/buckets/a/groups/g", "/buckets/a/groups/g", True),
    ],
)
def test_excluding_an_object_excludes_what_is_inside(
    excluded: str, uri: str, *, is_in: bool
) -> None:
    [found] = excluded_resources(HistorySettings(exclude_resources=(excluded,)))
    assert found.contains(uri) is is_in  # B-109


@pytest.mark.parametrize(
    "uri",
    [
        "nonsense",
        "/",
        "/buckets",
        "/buckets/",
        "/buckets/a/records/r",
        "/collections/c",
        "buckets/a",
    ],
)
def test_what_is_no_object_stops_the_start(uri: str) -> None:
    with pytest.raises(ConfigurationError, match=f"Invalid URI: {uri}"):  # B-109
        make_server({"includes": "history", "history.exclude_resources": uri})


def test_a_limit_is_for_everybody_or_for_each_of_some() -> None:
    assert limit_of(HistorySettings()) is None  # B-111
    assert limit_of(HistorySettings(auto_trim_max_count=0)) is None
    limit = limit_of(HistorySettings(auto_trim_max_count=3, auto_trim_threshold=2))
    assert limit == Limit(3, 5)
    assert limit.counted_as("alice") == ""
    some = Limit(3, 5, ("alice",))
    assert (some.counted_as("alice"), some.counted_as("bob")) == ("alice", None)


def test_only_what_is_set_is_announced() -> None:
    assert announced(HistorySettings(exclude_user_ids=("x",))) == {}  # B-115
    table = HistorySettings(
        exclude_resources=("/buckets/a/collections/c/records/r",),
        auto_trim_max_count=5,
        auto_trim_user_ids=("alice",),
    )
    assert announced(table) == {
        "auto_trim_max_count": 5,
        "auto_trim_user_ids": ["alice"],
        "excluded_resources": [{"bucket": "a", "collection": "c", "record": "r"}],
    }


def test_the_root_view_announces_the_plugin() -> None:
    app = make_app({"includes": "kinto.plugins.history"})
    entry = app.registry.site.capabilities["history"]
    assert entry["description"] == "Track changes on data."  # B-11
    app.close()
