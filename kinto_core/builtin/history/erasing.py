"""Forgets a user whose data are erased.

What the user owned is gone with its whole history; of what others own, the entries stay and no
longer name the user.

Source: built-in plugins BW-14, BW-19; protocol V-27.
"""

from collections.abc import Sequence

from kinto_core.builtin.history import sql_erasing, sql_writing
from kinto_core.objects import ObjectKey
from kinto_core.transactions import Transaction


def erase(tx: Transaction, principal: str, objects: Sequence[ObjectKey]) -> None:
    """Forget the history of a principal's objects, and the principal in all other entries.

    Args:
        tx: the transaction that erases them.
        principal: whose data go.
        objects: what they owned and is deleted.
    """
    for key in objects:
        sql_writing.clear_object(tx.connection, key)
    sql_erasing.redact(tx.connection, principal)
