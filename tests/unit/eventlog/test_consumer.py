"""What a consumer may be."""

import pytest

from kinto_core.eventlog.consumer import Consumer


@pytest.mark.parametrize("name", ["a", "redis_listener.redis", "A-1", "x" * 63])
def test_names_of_consumers(name: str) -> None:
    assert Consumer(name=name, deliver=print).name == name


@pytest.mark.parametrize("name", ["", ".a", "-a", "a b", "é", "a\n", "x" * 64])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name for a consumer"):
        Consumer(name=name, deliver=print)


def test_a_batch_has_room() -> None:
    with pytest.raises(ValueError, match="batch_size"):
        Consumer(name="a", deliver=print, batch_size=0)
