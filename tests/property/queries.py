"""Random objects and random queries that have a good chance to meet."""

from typing import Any

from hypothesis import strategies as st

from kinto_core.storage.query import Filter, Operator, Query, Sort

_CHARACTERS = "aAbBzéÉ_%*\\\"'.$[] \u017f\u212aß\u0130\U0001f600\ufb01"
TEXTS = st.text(_CHARACTERS, max_size=3) | st.sampled_from(["1", "null", "[1]", "true"])
NUMBERS = (
    st.integers(-3, 3)
    | st.sampled_from([1.0, -0.0, 0.5, 1e22, 10**22, 1.5e-7, 2**53, 2**53 + 1, 2**63 - 1])
    | st.floats(-10, 10, allow_nan=False, width=32)
    | st.floats(allow_nan=False, allow_infinity=False)
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
KEYS = st.sampled_from(["a", "b", "0", "", "a.b", 'q"', "é", "k[0]", "\\", "\n"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
PLAIN_FIELDS = st.sampled_from(["a", "a", "a", "b", "b.a", "a.0", "a.b", "é", 'q"', "", "."])
FIELDS = PLAIN_FIELDS | st.sampled_from(["id", "last_modified", "deleted", 'a.b.a.q".0', "b.\n"])
"""Names as filters see them."""


@st.composite
def stored(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Objects with different ids, some with the same timestamp, some tombstones."""
    objects: list[dict[str, Any]] = []
    for place in range(draw(st.integers(6, 14))):
        head = {"id": f"{draw(st.sampled_from('aBx'))}{place}", "last_modified": place // 2 + 7}
        if draw(st.integers(0, 5)) == 0:
            objects.append({**head, "deleted": True})
        else:
            fields = draw(st.dictionaries(KEYS, VALUES, max_size=4))
            objects.append({**fields, **head})
    return objects


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    """A filter with a value that suits its operator."""
    operator = draw(st.sampled_from(Operator))
    value: Any
    if operator is Operator.HAS:
        value = draw(st.booleans())
    elif operator is Operator.LIKE:
        value = draw(st.text(_CHARACTERS + "**1.0", max_size=4))
    elif operator in (Operator.IN, Operator.EXCLUDE):
        value = tuple(draw(st.lists(SCALARS, max_size=4)))
    elif operator in (Operator.CONTAINS, Operator.CONTAINS_ANY):
        value = tuple(draw(st.lists(VALUES, max_size=3) | st.lists(SCALARS, max_size=10)))
    else:
        value = draw(VALUES | st.integers(6, 14))
    return Filter(draw(FIELDS), operator, value)


SORTS = st.lists(st.builds(Sort, FIELDS, st.booleans()), max_size=3).map(tuple)
QUERIES = st.builds(
    Query,
    filters=st.lists(filters(), max_size=2).map(tuple),
    sorts=SORTS,
    include_deleted=st.booleans(),
    limit=st.integers(1, 4),
)
