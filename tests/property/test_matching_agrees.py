"""Filters and sorts on plain values mean what they mean on the databases: both fit the oracle."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kinto_core.storage.matching import comes_after, matches, reach, sorted_by
from kinto_core.storage.query import Filter, Query, Sort
from tests.property import oracle
from tests.property.queries import SORTS, filters, stored

CHECKED = settings(max_examples=200, deadline=None)


# protocol F-10 to F-23
@CHECKED
@given(objects=stored(), one=filters())
def test_filters_agree_with_the_oracle(objects: list[dict[str, Any]], one: Filter) -> None:
    for item in objects:
        assert matches(item, [one]) == oracle.holds(item, one)


# protocol F-30, F-31, S-1 to S-3, G-6
@CHECKED
@given(objects=stored(), sorts=SORTS, place=st.integers(0, 5))
def test_orders_agree_with_the_oracle(
    objects: list[dict[str, Any]], sorts: tuple[Sort, ...], place: int
) -> None:
    total = (*sorts, Sort("id", descending=bool(sorts) and sorts[-1].descending))
    ordered = sorted_by(objects, total)
    ids = [item["id"] for item in ordered]
    assert ids == oracle.select(objects, Query(sorts=total, include_deleted=True))
    last = {sort.field: reach(ordered[place], sort.field) for sort in total}
    following = [item for item in objects if comes_after(item, last, total)]
    assert {item["id"] for item in following} == set(ids[place + 1 :])
