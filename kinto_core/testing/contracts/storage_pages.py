"""The contract of a storage about pages that it gives as one text: subclass it as the others.

The objects of the same query, found one by one, say what the text must be.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from kinto_core.objects import StoredObject, tombstone
from kinto_core.storage.interface import Storage
from kinto_core.storage.pages import PageText, joined
from kinto_core.storage.query import Filter, Operator, Query, SharedWith, Sort
from kinto_core.testing.contracts.lists import OLDEST_FIRST, ListUnderTest, stored

_SIZE = 30
_ODD_TEXTS = ("é\n\u2028😀", "'a\" %s \\ ,", "},{", "\ud7ff\ue000\U0010ffff", "], [", "")
_QUERIES = {
    "all": Query(),
    "with tombstones": Query(include_deleted=True),
    "changes": Query(
        filters=(Filter("last_modified", Operator.GREATER, 1010),), include_deleted=True
    ),
    "live changes": Query(filters=(Filter("last_modified", Operator.GREATER, 1010),)),
    "no changes": Query(filters=(Filter("last_modified", Operator.GREATER, 5000),)),
    "changes since a fraction": Query(filters=(Filter("last_modified", Operator.GREATER, 1010.5),)),
    "before": Query(filters=(Filter("last_modified", Operator.LESS, 1020),), include_deleted=True),
    "between": Query(
        filters=(
            Filter("last_modified", Operator.GREATER, 1005),
            Filter("last_modified", Operator.LESS, 1020),
        )
    ),
    "a field": Query(filters=(Filter("n", Operator.AT_LEAST, 7),)),
    "oldest first": Query(sorts=OLDEST_FIRST, include_deleted=True),
    "by a field": Query(sorts=(Sort("even"), Sort("n", descending=True))),
    "by a field nobody has": Query(sorts=(Sort("none"),)),
    "shared with nobody": Query(shared=SharedWith(frozenset({"nobody"}), ("read",))),
}


class StoragePagesContract:
    """What ``Storage.page_text`` gives is what ``Storage.find`` finds."""

    @pytest.fixture
    def storage(self) -> Storage:
        """An empty storage. Override it."""
        message = "the subclass gives the fixture 'storage'"
        raise pytest.UsageError(message)

    @pytest.fixture
    def one(self, storage: Storage) -> ListUnderTest:
        """An empty list whose timestamp is 1000."""
        return ListUnderTest(storage).open(1000)

    @pytest.mark.parametrize("limit", [None, 1, 2, 7, _SIZE - 1, _SIZE, _SIZE + 1, 1000])
    @pytest.mark.parametrize("query", _QUERIES.values(), ids=_QUERIES)
    def test_texts_are_those_of_the_objects(
        self, one: ListUnderTest, query: Query, limit: int | None
    ) -> None:
        """Joined by commas in the same order, page after page, and so is the place of the next."""
        one.put(*_objects())
        asked = replace(query, limit=limit)
        assert list(_walk(one, asked)) == list(_walk(one, asked, finds=True))

    @pytest.mark.parametrize("query", _QUERIES.values(), ids=_QUERIES)
    def test_empty_list_is_an_empty_text(self, one: ListUnderTest, query: Query) -> None:
        """Not a missing one."""
        assert one.page_text(replace(query, limit=3)) == PageText("", 0)

    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 8])
    def test_objects_of_one_timestamp_are_all_there(self, one: ListUnderTest, limit: int) -> None:
        """Also where a page ends among them: the id decides."""
        one.put(*(stored(f"id{number}", 1001 + number // 3) for number in range(10)))
        one.bury(("id4", 1002), ("id7", 1003))
        for query in (Query(limit=limit), Query(limit=limit, include_deleted=True)):
            pages = list(_walk(one, query))
            assert pages == list(_walk(one, query, finds=True))
            assert sum(page.size for page in pages) == len(one.ids(replace(query, limit=None)))

    def test_full_last_page_has_none_after_it(self, one: ListUnderTest) -> None:
        """Tombstones and what is older than asked for do not follow (protocol G-4)."""
        one.put(*(stored(f"r{number}", 1001 + number) for number in range(6)))
        one.bury(("gone", 1000))
        newer = Filter("last_modified", Operator.GREATER, 1003)
        assert one.page_text(Query(limit=6)).after is None
        assert one.page_text(Query(limit=3, filters=(newer,))).after is None
        assert one.page_text(Query(limit=6, include_deleted=True)).after == {
            "id": "r0",
            "last_modified": 1001,
        }

    def test_text_of_a_thousand_objects(self, one: ListUnderTest) -> None:
        """Written in another order than they are listed in."""
        places = [number * 379 % 1000 for number in range(1000)]
        one.put(*(stored(f"r{n}", 2000 + n, text=f"é{n}" * 40) for n in places))
        one.put(*(stored(f"r{n}", 4000 + n) for n in range(0, 1000, 7)))
        found = one.find(Query())
        text = ",".join(item.text for item in found)
        assert one.page_text(Query(limit=10_000)) == PageText(text, 1000)
        last = {"id": found[-2].id, "last_modified": found[-2].last_modified}
        without_last = text[: -len(found[-1].text) - 1]
        assert one.page_text(Query(limit=999)) == PageText(without_last, 999, last)

    def test_neighbours_are_left_out(self, one: ListUnderTest) -> None:
        """Other lists have objects of the same ids and timestamps."""
        one.put(stored("x", 1002, mine=True))
        for parent, resource in (("/buckets/b", "group"), ("/buckets/B", "collection")):
            other = ListUnderTest(one.storage, parent, resource).open()
            other.put(stored("x", 1002), stored("w", 1001))
        expected = PageText('{"id":"x","last_modified":1002,"mine":true}', 1)
        assert one.page_text(Query(limit=1)) == expected
        assert one.page_text(Query(limit=9)) == expected

    def test_transaction_reads_the_text_of_what_it_wrote(self, one: ListUnderTest) -> None:
        """Later steps of a batch see the earlier ones."""
        with one.storage.database.writing() as connection:
            one.put_on(connection, [stored("x", 1001)])
            found = one.storage.page_text(connection, one.parent_id, one.resource, Query(limit=1))
        assert found == PageText('{"id":"x","last_modified":1001}', 1)


def _objects() -> list[StoredObject]:
    """Thirty objects and tombstones of odd texts, not in the order of their ids."""
    objects: list[StoredObject] = []
    for n in range(_SIZE):
        object_id, moment = f"r{n * 7 % _SIZE}", 1001 + n
        if n % 5 == 4:
            objects.append(tombstone(object_id, moment))
        else:
            text = _ODD_TEXTS[n % len(_ODD_TEXTS)]
            objects.append(stored(object_id, moment, n=n, even=n % 2 == 0, text=text))
    return objects


def _walk(one: ListUnderTest, query: Query, *, finds: bool = False) -> Iterator[PageText]:
    """All pages, as the storage gives their text or made of the objects that it finds."""
    page = PageText("", 0, query.after)
    while page.after is not None or page.size == 0:
        asked = replace(query, after=page.after)
        page = joined(one.find, asked) if finds else one.page_text(asked)
        yield page
        if not page.size:
            return
