"""Protocol 5.4: how long answers may be kept."""

import pytest

from tests.protocol.client import EVERYONE, B, C, Client, R
from tests.protocol.conftest import MakeClient

OPEN = {"permissions": {"read": [EVERYONE]}}
NEVER = "max-age=0, must-revalidate, no-cache, no-store"


def open_blog(client: Client, **fields: int) -> Client:
    """A blog that everybody may read; gives everybody."""
    client.put(B, OPEN)
    client.put(C, {"data": fields})
    client.put(f"{R}/r")
    return client.as_(None)


def test_nothing_is_kept_by_default(alice: Client) -> None:
    everybody = open_blog(alice)
    for path in (B, C, R, f"{R}/r"):
        for client in (everybody, alice):
            answer = client.get(path)  # protocol T-25
            assert answer.headers["Cache-Control"] == "no-cache, no-store"
            assert "Expires" not in answer.headers
            assert "Pragma" not in answer.headers


def test_writes_and_errors_have_no_cache_headers(blog: Client) -> None:
    answers = [blog.put(f"{R}/r"), blog.patch(f"{R}/r", {"data": {}}), blog.delete(f"{R}/r")]
    answers += [blog.get(f"{R}/none"), blog.post(R)]
    assert all("Cache-Control" not in answer.headers for answer in answers)  # protocol T-30


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ("bucket_cache_expires_seconds", B),
        ("collection_cache_expires_seconds", C),
        ("record_cache_expires_seconds", R),
        ("b.record_cache_expires_seconds", f"{R}/r"),
        ("b.c.record_cache_expires_seconds", f"{R}/r"),
        ("b_c_record_cache_expires_seconds", R),
    ],
)
def test_anonymous_readers_may_keep_answers(
    make_client: MakeClient, setting: str, path: str
) -> None:
    client = make_client({setting: "60"})  # protocol T-26, T-27, T-28
    answer = open_blog(client).get(path)
    assert answer.headers["Cache-Control"] == "max-age=60"
    assert answer.headers["Expires"].endswith(" GMT")
    assert client.get(path).headers["Cache-Control"] == "no-cache, no-store"


def test_the_collection_says_how_long(alice: Client) -> None:
    everybody = open_blog(alice, cache_expires=30)  # protocol T-27
    assert everybody.get(R).headers["Cache-Control"] == "max-age=30"
    assert everybody.get(f"{R}/r").headers["Cache-Control"] == "max-age=30"
    assert everybody.get(C).headers["Cache-Control"] == "no-cache, no-store"  # protocol T-29


def test_the_larger_time_counts(make_client: MakeClient) -> None:
    everybody = open_blog(make_client({"record_cache_expires_seconds": "60"}), cache_expires=30)
    assert everybody.get(R).headers["Cache-Control"] == "max-age=60"  # protocol T-27


def test_zero_forbids_keeping(alice: Client) -> None:
    answer = open_blog(alice, cache_expires=0).get(R)  # protocol T-28
    assert answer.headers["Cache-Control"] == NEVER
    assert answer.headers["Pragma"] == "no-cache"


def test_negative_times_count_as_absent(alice: Client) -> None:
    answer = open_blog(alice, cache_expires=-1).get(R)  # protocol T-28
    assert answer.headers["Cache-Control"] == "no-cache, no-store"
