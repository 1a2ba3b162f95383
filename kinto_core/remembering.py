"""What one unit of work, or one process, keeps in mind to ask the database less.

Nothing here decides anything: what is remembered is checked again, or was read in the transaction
that uses it.
"""

from collections.abc import Callable, Sequence

from kinto_core.objects import ListState, ObjectKey, Snapshot

ListKey = tuple[str, str]
"""A list: the URI of its parent and its resource type."""

MAX_WRITERS = 4096


class Writers:
    """Who wrote to which list lately, and so will probably be allowed to do it again.

    Who is known here holds the list before anything is read, so that nothing has to be read twice;
    a stranger is refused without holding it. Of one process, for all its threads.
    """

    def __init__(self) -> None:
        self._known: set[tuple[str | None, ListKey]] = set()

    def knows(self, user_id: str | None, key: ListKey) -> bool:
        """Whether this user's last write to the list was accepted."""
        return (user_id, key) in self._known

    def add(self, user_id: str | None, key: ListKey) -> None:
        """A write was accepted."""
        if len(self._known) >= MAX_WRITERS:
            self._known.clear()
        self._known.add((user_id, key))

    def forget(self, user_id: str | None, key: ListKey) -> None:
        """A write was refused."""
        self._known.discard((user_id, key))


class Parents:
    """What a batch read about the parents and callers of its requests.

    Args:
        read: reads anew: keys, user, list, whether the target is that list, whether all grants.
        state_of: the state of a list.
        is_held: whether this transaction holds a list.
    """

    def __init__(
        self,
        read: Callable[..., Snapshot],
        state_of: Callable[[ListKey], ListState | None],
        is_held: Callable[[ListKey], bool],
    ) -> None:
        self._read = read
        self._state_of = state_of
        self._is_held = is_held
        self._memory: dict[tuple[Sequence[ObjectKey], str | None, bool], Snapshot] = {}

    def forget(self) -> None:
        """Something was written that may change the answers."""
        self._memory.clear()

    def look_up(
        self,
        keys: Sequence[ObjectKey],
        user_id: str | None,
        list_of: ListKey | None,
        *,
        target_is_list: bool,
        all_grants: bool,
    ) -> Snapshot:
        """``Transaction.look_up`` with what contains the target remembered."""
        ancestors = tuple(keys if target_is_list else keys[:-1])
        above, state = self._above(ancestors, user_id, list_of, all_grants=all_grants)
        if target_is_list:
            return Snapshot(above.objects, above.grants, above.groups, state)
        own = self._read(keys[-1:], None, None)
        return Snapshot(
            [*above.objects, *own.objects], [*above.grants, *own.grants], above.groups, state
        )

    def _above(
        self,
        ancestors: tuple[ObjectKey, ...],
        user_id: str | None,
        list_of: ListKey | None,
        *,
        all_grants: bool,
    ) -> tuple[Snapshot, ListState | None]:
        known = (ancestors, user_id, all_grants)
        above = self._memory.get(known)
        if above is not None:
            state = self._state_of(list_of) if list_of is not None else None
            is_held = list_of is not None and self._is_held(list_of)
            if is_held or state in (None, above.list):
                return above, state
        # What the parent declares goes with the list's version, so both are of one moment.
        above = self._memory[known] = self._read(
            ancestors,
            user_id,
            list_of,
            ancestor_bodies=True,
            target_is_list=True,
            all_grants=all_grants,
        )
        return above, above.list
