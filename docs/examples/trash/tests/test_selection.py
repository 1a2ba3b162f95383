"""What is kept, without a server."""

import pytest

from kinto_core.testing.factories import make_event
from kinto_trash.selection import worth_keeping
from kinto_trash.settings import TrashSettings


@pytest.mark.parametrize(
    ("action", "uri", "expected"),
    [
        ("delete", "/buckets/blog/collections/articles/records/1", 1),
        ("update", "/buckets/blog/collections/articles/records/1", 0),
        ("delete", "/buckets/blog/collections/articles", 0),
        ("delete", "/buckets/blog/collections/trash/records/1", 0),
        ("delete", "/buckets/other/collections/articles/records/1", 0),
    ],
)
def test_deleted_records_of_chosen_buckets_are_kept(action: str, uri: str, expected: int) -> None:
    event = make_event(action=action, uri=uri)
    assert len(worth_keeping(event, TrashSettings(buckets=("b*",)))) == expected
