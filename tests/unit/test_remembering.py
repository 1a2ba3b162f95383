"""What is kept in mind to ask the database less."""

from kinto_core.remembering import MAX_WRITERS, Writers

RECORDS = ("/buckets/b/collections/c", "record")
OTHERS = ("/buckets/b/collections/d", "record")


def test_a_writer_is_known_for_one_list() -> None:
    writers = Writers()
    writers.add("alice", RECORDS)
    assert writers.knows("alice", RECORDS)
    assert not writers.knows("alice", OTHERS)
    assert not writers.knows("bob", RECORDS)
    writers.forget("alice", RECORDS)
    assert not writers.knows("alice", RECORDS)


def test_memory_is_bounded() -> None:
    writers = Writers()
    for number in range(2 * MAX_WRITERS + 1):
        writers.add(f"user{number}", RECORDS)
    assert writers.knows(f"user{2 * MAX_WRITERS}", RECORDS)
    assert not writers.knows("user0", RECORDS)
