"""Everything that decides about a request, read in one statement.

Whether a caller may read a record depends on the caller's groups, the grants on the record, its
collection and its bucket, and whether these exist. When objects and grants live in one database a
single statement fetches it all.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from kinto_core.database.connection import Connection
from kinto_core.database.lookup_sql import GRANT, GROUP, LIST, OBJECT, TREE, Shape, rest, whole
from kinto_core.database.page_sql import PageRow
from kinto_core.objects import Grants, ListState, ObjectKey, Snapshot, StoredObject, tree_of


class Question(NamedTuple):
    """What a look-up is about.

    Attributes:
        keys: from the top down; the last is the target unless that is a list, the others contain
            it.
        user_id: the caller; ``None`` when anonymous.
        list_of: parent URI and resource of the list whose state is wanted too.
        ancestor_bodies: whether the JSON text of ancestors is wanted.
        target_is_list: whether the request is about that list, so that all keys are ancestors.
        all_grants: whether the grants of others on ancestors are wanted too, for a caller who is
            more than a user and its groups.
        page: parameters of ``page_sql``, for a page of the list if it costs nothing to read it too.
    """

    keys: tuple[ObjectKey, ...]
    user_id: str | None
    list_of: tuple[str, str] | None = None
    ancestor_bodies: bool = False
    target_is_list: bool = False
    all_grants: bool = False
    page: Mapping[str, Any] | None = None

    @property
    def ancestors(self) -> tuple[ObjectKey, ...]:
        """The keys of what contains the target."""
        return self.keys if self.target_is_list else self.keys[:-1]


class Found(NamedTuple):
    """The answer to a question.

    Attributes:
        snapshot: what was read; empty where it was not asked for.
        tree: version of the tree that holds the target; ``None`` when it has none.
        page: the page that was asked for, if it was read.
    """

    snapshot: Snapshot
    tree: int | None
    page: PageRow | None = None


def read(connection: Connection, question: Question) -> Found:
    """Read the objects, the grants on them and the caller's groups."""
    parameters = _parameters(question)
    for level, key in enumerate(question.keys):
        parameters[f"parent{level}"] = key.parent_id
        parameters[f"resource{level}"] = key.resource
        parameters[f"id{level}"] = key.id
    return _found(question, connection.run(whole(_shape(question)), parameters))


def read_rest(connection: Connection, question: Question) -> Found:
    """Read what ``read`` does and the page, less the ancestors and the grants on them."""
    parameters = _parameters(question)
    if question.page is not None:
        parameters.update(question.page)
    if not question.target_is_list:
        parameters["parent"], parameters["resource"], parameters["id"] = question.keys[-1]
    return _found(question, connection.run(rest(_shape(question)), parameters))


def _shape(question: Question) -> Shape:
    keys, user_id, list_of, ancestor_bodies, target_is_list, all_grants, page = question
    return Shape(
        len(keys),
        user_id is None,
        ancestor_bodies,
        target_is_list,
        list_of is not None,
        all_grants,
        page is not None,
    )


def _parameters(question: Question) -> dict[str, Any]:
    """Those that both statements have."""
    parameters: dict[str, Any] = {}
    if question.keys:
        parameters["tree"] = tree_of(question.keys[0].uri)
    if question.user_id is not None:
        parameters["user_id"] = question.user_id
    if question.list_of is not None:
        parameters["list_parent"], parameters["list_resource"] = question.list_of
    return parameters


def _found(question: Question, rows: list[tuple[Any, ...]]) -> Found:
    depth = len(question.keys)
    found: list[StoredObject | None] = [None] * depth
    granted: list[Grants] = [{} for _ in range(depth)]
    groups: list[str] = []
    state: ListState | None = None
    tree: int | None = None
    page: PageRow | None = None
    for kind, level, name, text, number, deleted in rows:
        if kind == OBJECT:
            found[level] = StoredObject(name, number, text, deleted)
        elif kind == GRANT:
            granted[level].setdefault(name, set()).add(text)
        elif kind == GROUP:
            groups.append(text)
        elif kind == LIST:
            state = ListState(number, int(text))
        elif kind == TREE:
            tree = number
        else:
            page = PageRow(text, level, number, name, deleted)
    return Found(Snapshot(found, granted, tuple(groups), state), tree, page)
