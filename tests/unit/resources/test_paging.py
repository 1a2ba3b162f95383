"""Page sizes and tokens."""

from base64 import urlsafe_b64encode

import pytest

from kinto_core.errors import InvalidInput
from kinto_core.resources.paging import INVALID_TOKEN, decode, encode, fingerprint, page_size
from kinto_core.storage.query import MISSING

SECRET = b"a secret"
PAIRS = [("_sort", "n"), ("min_n", "3")]


@pytest.mark.parametrize(
    ("limit", "paginate_by", "size"),
    [
        (None, None, 100),
        (7, None, 7),
        (None, 5, 5),
        (7, 5, 5),
        (3, 5, 3),
        (1000, None, 100),
        (None, 1000, 100),
        (0, 5, 5),  # protocol W-25
    ],
)
def test_the_smallest_limit_wins(limit: int | None, paginate_by: int | None, size: int) -> None:
    assert page_size(limit, paginate_by, 100) == size  # protocol G-1


def test_a_token_gives_back_what_it_was_made_of() -> None:
    after = {"id": "é", "last_modified": 5, "n": [1, {"x": None}], "big": 10**30, "f": 0.1}
    assert decode(encode(after, "f", SECRET, None), "f", SECRET) == (after, None)
    assert decode(encode(after, "f", SECRET, "nonce"), "f", SECRET) == (after, "nonce")


def test_missing_values_are_left_out() -> None:  # protocol G-6
    after = {"id": "a", "n": MISSING}
    assert decode(encode(after, "f", SECRET, None), "f", SECRET) == ({"id": "a"}, None)


@pytest.mark.parametrize(
    "token", ["abc", "W10=", "MTI=", "//79", "é", "=", "eyJsYXN0X29iamVjdCI6", "A" * 400]
)
def test_what_is_no_token_is_refused(token: str) -> None:  # protocol G-7
    with pytest.raises(InvalidInput) as caught:
        decode(token, "f", SECRET)
    assert caught.value.faults == (INVALID_TOKEN,)


def test_a_token_is_bound_to_its_query_and_its_secret() -> None:  # protocol W-25
    token = encode({"id": "a"}, "f", SECRET, None)
    for changed in (("g", SECRET), ("f", b"another")):
        with pytest.raises(InvalidInput):
            decode(token, *changed)


def test_a_forged_token_is_refused() -> None:  # protocol W-25
    forged = urlsafe_b64encode(bytes(16) + b'[{"id":"a"},null]').decode()
    with pytest.raises(InvalidInput):
        decode(forged, "f", SECRET)


def test_a_fingerprint_tells_queries_apart() -> None:
    base = fingerprint("GET", "/buckets", PAIRS)
    assert fingerprint("DELETE", "/buckets", PAIRS) != base
    assert fingerprint("GET", "/buckets/b/groups", PAIRS) != base
    assert fingerprint("GET", "/buckets", [("_sort", "m"), ("min_n", "3")]) != base
    assert fingerprint("GET", "/buckets", [*PAIRS, ("a", "1")]) != base


def test_a_fingerprint_ignores_what_changes_from_page_to_page() -> None:
    base = fingerprint("GET", "/buckets", PAIRS)
    paged = [("_token", "x"), ("min_n", "3"), (" _limit", "2"), ("_fields", "a"), ("_sort", "n")]
    assert fingerprint("GET", "/buckets", paged) == base
    assert fingerprint("HEAD", "/buckets", PAIRS) == base
