"""What contains the targets of requests, remembered from one request to the next.

Most requests to a collection come from callers who were there before, and neither the collection
nor its bucket, nor who may do what there, has changed since. A tree, which is an object at the top
with all that is inside, therefore has a version that each transaction replaces that changes an
object which contains others, or the grants on it. A look-up reads the version beside its target, in
one statement: if it is the remembered one, so is everything else that the statement left out.

Versions are drawn by lot and never come back, not even after a rollback or with a restored backup.
"""

import secrets
import threading
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ClauseElement

from kinto_core.database.connection import Connection, Statement
from kinto_core.database.lookup import Found, Question, read, read_rest
from kinto_core.database.tables import tree_versions
from kinto_core.objects import Grants, ObjectKey, Snapshot, StoredObject

MAX_KNOWN = 4096
MAX_CHARACTERS = 1 << 24
"""So much JSON text and so many names are kept at most, over all that is remembered."""

MAX_SHARE = 1 << 18
"""What is longer is not worth keeping."""

VERSION_BITS = 62
"""Fits a signed 64-bit column."""

Place = tuple[tuple[ObjectKey, ...], str | None, bool]
"""Ancestors, caller, and whether the ancestors' text is there."""


class _Known(NamedTuple):
    """What is true in one version of a tree, for a caller of these groups."""

    tree: int
    groups: tuple[str, ...]
    objects: tuple[StoredObject | None, ...]
    grants: tuple[Grants, ...]
    characters: int


class Containers:
    """Looks up what decides about requests; of one process, for all its threads.

    Args:
        max_characters: how much text is kept at most.

    Attributes:
        characters: how much is kept.
    """

    def __init__(self, max_characters: int = MAX_CHARACTERS) -> None:
        self._max_characters = max_characters
        self._known: dict[Place, _Known] = {}
        self.characters = 0
        self._changing = threading.Lock()

    def look_up(
        self, connection: Connection, question: Question, *, has_changed: bool = False
    ) -> Found:
        """What decides about a request; and a page, where that takes no statement more.

        Args:
            connection: any, of the database that has objects and grants.
            question: what the request is about.
            has_changed: whether this transaction changed a tree and did not say so yet
                (``replace_versions``), so that versions tell nothing.
        """
        ancestors = question.ancestors
        if not ancestors or question.all_grants or has_changed:
            return read(connection, question)
        place = (ancestors, question.user_id, question.ancestor_bodies)
        known = self._known.get(place)
        if known is not None:
            rest = read_rest(connection, question)
            if rest.tree == known.tree and rest.snapshot.groups == known.groups:
                joined = _joined(known, rest.snapshot, target_is_list=question.target_is_list)
                return rest._replace(snapshot=joined)
        found = read(connection, question)
        if found.tree is not None:
            self._keep(place, found)
        return found

    def _keep(self, place: Place, found: Found) -> None:
        depth = len(place[0])
        snapshot, tree, _ = found
        objects, grants = tuple(snapshot.objects[:depth]), tuple(snapshot.grants[:depth])
        characters = _length(objects, grants, snapshot.groups)
        if tree is None or characters > MAX_SHARE:
            return
        known = _Known(tree, snapshot.groups, objects, grants, characters)
        with self._changing:
            self._drop(place)
            self._known[place] = known
            self.characters += characters
            while self.characters > self._max_characters or len(self._known) > MAX_KNOWN:
                self._drop(next(iter(self._known)))

    def _drop(self, place: Place) -> None:
        old = self._known.pop(place, None)
        if old is not None:
            self.characters -= old.characters


def _joined(known: _Known, rest: Snapshot, *, target_is_list: bool) -> Snapshot:
    if target_is_list:
        return Snapshot(known.objects, known.grants, rest.groups, rest.list)
    return Snapshot(
        (*known.objects, rest.objects[-1]),
        (*known.grants, rest.grants[-1]),
        rest.groups,
        rest.list,
    )


def _length(
    objects: Iterable[StoredObject | None], grants: Iterable[Grants], groups: Iterable[str]
) -> int:
    """Roughly, in characters."""
    total = sum(len(item.text) for item in objects if item is not None)
    for granted in grants:
        total += sum(len(name) for who in granted.values() for name in who)
    return total + sum(map(len, groups))


def _replace(dialect: str) -> ClauseElement:
    kind = postgresql.insert if dialect == "postgresql" else sqlite.insert
    new = kind(tree_versions).values(root=bindparam("root"), version=bindparam("version"))
    return new.on_conflict_do_update(
        index_elements=["root"], set_={"version": new.excluded.version}
    )


_REPLACE = Statement(_replace)
_FORGET = Statement(lambda _: delete(tree_versions))


def replace_versions(connection: Connection, roots: Iterable[str]) -> None:
    """Say that something in these trees changed that requests may have remembered."""
    rows: list[dict[str, Any]] = [
        {"root": root, "version": secrets.randbits(VERSION_BITS)} for root in sorted(roots)
    ]
    connection.run_many(_REPLACE, rows)


def forget_versions(connection: Connection) -> None:
    """Say that of every tree, when all are emptied."""
    connection.send(_FORGET, {})
