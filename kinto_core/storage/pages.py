"""One page of a list: its objects or their JSON as one text, and where the next page begins.

Built on ``Storage.find`` alone, so it serves every query and every storage.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kinto_core.objects import StoredObject
from kinto_core.storage.matching import reach
from kinto_core.storage.query import Query, Sort

Find = Callable[[Query], list[StoredObject]]
"""``Storage.find`` in one list."""


@dataclass(frozen=True, slots=True)
class PageText:
    """The objects of a page as JSON, ready to be put between brackets.

    Attributes:
        text: the objects' texts as they are stored, joined by commas; ``""`` when there are none.
        size: how many objects that is.
        after: the sort values of the last one, its id included, when more objects follow; they are
            the ``Query.after`` of the next page.
    """

    text: str
    size: int
    after: Mapping[str, Any] | None = None


def page_of(find: Find, query: Query) -> tuple[list[StoredObject], Mapping[str, Any] | None]:
    """The objects of one page, and where the next one begins if there is one."""
    limit = query.limit
    objects = find(query if limit is None else replace(query, limit=limit + 1))
    if limit is None or len(objects) <= limit:
        return objects, None
    del objects[limit:]
    return objects, sort_values(objects[-1], query.sorts)


def joined(find: Find, query: Query) -> PageText:
    """What ``Storage.page_text`` gives, from objects that were found one by one."""
    objects, after = page_of(find, query)
    return PageText(",".join([item.text for item in objects]), len(objects), after)


def sort_values(last: StoredObject, sorts: tuple[Sort, ...]) -> dict[str, Any]:
    """The values that place an object in a sort order, its id included."""
    values: dict[str, Any] = {"id": last.id, "last_modified": last.last_modified}
    others = [sort.field for sort in sorts if sort.field not in values]
    if others:
        data = last.data
        values.update({name: reach(data, name) for name in others})
    return values
