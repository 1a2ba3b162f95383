"""Counts the writes of each bucket in a table of its own."""

from collections import Counter
from collections.abc import Sequence

from kinto_core import hookimpl
from kinto_core.events.event import Change
from kinto_core.transactions import Transaction


def add(transaction: Transaction, bucket: str, number: int) -> None:
    """Add to the row of a bucket, with ``transaction.connection``."""


@hookimpl
def before_commit(changes: Sequence[Change], transaction: Transaction) -> None:
    """Take the rows in order, so that no two transactions wait for each other."""
    numbers = Counter(change.bucket_id for change in changes)
    for bucket, number in sorted(numbers.items(), key=str):
        if bucket is not None:
            add(transaction, bucket, number)
