"""Which events are wanted."""

import pytest

from kinto_core.errors import ConfigurationError
from kinto_core.events.event import Action
from kinto_core.events.selector import WRITES, Selector
from kinto_core.testing.factories import make_change, make_event, make_read

RECORD = "/buckets/blog/collections/articles/records/first"


def test_every_write_is_wanted_by_default_and_no_read() -> None:
    selector = Selector.parse({}, "p.")
    assert selector == Selector()
    assert selector.actions == WRITES  # events E-63
    assert all(selector.matches(make_event(action=action)) for action in WRITES)
    assert not selector.matches(make_read())


def test_parameters_are_separated_by_whitespace() -> None:
    selector = Selector.parse(
        {"actions": "create\n  read", "resources": "record group", "use": "x"}, "p."
    )
    assert selector.actions == {Action.CREATE, Action.READ}
    assert selector.resources == {"record", "group"}


@pytest.mark.parametrize("text", ["creates", "CREATE", "create,update", "create nope"])
def test_unknown_actions_are_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"event_listeners\.a\.actions: '.*lower case"):
        Selector.parse({"actions": text}, "event_listeners.a.")  # events E-64


def test_unknown_resources_never_match() -> None:
    assert not Selector.parse({"resources": "nothing"}, "").matches(make_event())  # events E-64


@pytest.mark.parametrize(
    ("parameters", "uri", "expected"),
    [
        ({"resources": "record"}, RECORD, True),
        ({"resources": "bucket"}, RECORD, False),
        ({"buckets": "blog"}, RECORD, True),
        ({"buckets": "b*"}, RECORD, True),
        ({"buckets": "other bl?g"}, RECORD, True),
        ({"buckets": "bl"}, RECORD, False),
        ({"buckets": "blog"}, "/buckets/blog", True),
        ({"buckets": "*"}, "/accounts/alice", False),
        ({"collections": "articles"}, RECORD, True),
        ({"collections": "articles"}, "/buckets/blog/collections/articles", True),
        ({"collections": "*"}, "/buckets/blog/groups/g", False),
        ({"buckets": "other", "collections": "articles"}, RECORD, False),
    ],
)
def test_bucket_and_collection_patterns(
    parameters: dict[str, str], uri: str, expected: object
) -> None:
    selector = Selector.parse({"actions": "create read", **parameters}, "p.")
    assert selector.matches(make_event(uri=uri)) is expected
    assert selector.matches(make_read(uri=uri)) is expected
    assert selector.accepts(make_change(uri=uri)) is expected


def test_an_event_matches_when_any_of_its_objects_does() -> None:
    changes = (make_change(uri="/buckets/a"), make_change(uri="/buckets/b"))
    selector = Selector(buckets=("b",))
    assert selector.matches(make_event(*changes))
    assert [selector.accepts(change) for change in changes] == [False, True]
