"""Rings inside one process."""

from kinto_core.eventlog.memory_bell import MemoryDoorbell


def test_a_ring_is_heard_once_by_everybody_who_listens() -> None:
    doorbell = MemoryDoorbell()
    doorbell.ring()
    with doorbell.bell() as first, doorbell.bell() as second:
        assert not first.wait(0)
        doorbell.ring()
        doorbell.ring()
        for bell in (first, second):
            assert bell.wait(5)
            assert not bell.wait(0)


def test_waking_is_for_one() -> None:
    doorbell = MemoryDoorbell()
    with doorbell.bell() as first, doorbell.bell() as second:
        first.wake()
        assert first.wait(5)
        assert not second.wait(0)


def test_nobody_hears_after_the_end() -> None:
    doorbell = MemoryDoorbell()
    with doorbell.bell() as bell:
        pass
    doorbell.ring()
    assert not bell.wait(-1)
    doorbell.close()
