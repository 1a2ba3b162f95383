"""Protocol 5.1, 5.2: who gets which timestamp."""

import threading

import pytest

from tests.protocol.client import Answer, C, Client, R
from tests.protocol.conftest import MakeClient, with_blog

PAST = 1000


def test_timestamps_of_a_list_are_unique_and_rise(blog: Client) -> None:
    stamps = [blog.post(R).etag for _ in range(20)]  # protocol T-1, T-3
    stamps += [blog.put(f"{R}/a").etag, blog.patch(f"{R}/a", {"data": {}}).etag]
    stamps += [blog.delete(f"{R}/a").etag, blog.post(R).etag]
    assert stamps == sorted(set(stamps))
    assert blog.get(R).etag == stamps[-1]  # protocol T-6


def test_lists_have_timestamps_of_their_own(blog: Client) -> None:
    collection, buckets = blog.get(C).etag, blog.get("/buckets").etag
    groups = blog.get("/buckets/b/groups").etag
    blog.post(R)  # protocol T-2, T-4
    assert blog.get(C).etag == collection
    assert blog.get("/buckets").etag == buckets
    assert blog.get("/buckets/b/groups").etag == groups


def test_an_untouched_list_keeps_its_timestamp(blog: Client) -> None:
    assert blog.get(R).etag == blog.get(R).etag  # protocol T-5


def test_filters_and_pages_do_not_change_the_list_timestamp(blog: Client) -> None:
    blog.put(f"{R}/a")
    blog.put(f"{R}/b")
    blog.delete(f"{R}/b")
    expected = blog.get(R).etag  # protocol T-5, T-6
    for query in ("?id=a", "?_limit=1", "?_since=0", "?v=none"):
        assert blog.get(R + query).etag == expected


def test_dates_lose_their_milliseconds(blog: Client) -> None:
    answer = blog.put(f"{R}/a", {"data": {"last_modified": 1795448532653}})
    assert answer.headers["Last-Modified"] == "Mon, 23 Nov 2026 15:42:12 GMT"  # protocol T-7
    later = blog.get(f"{R}/a", if_modified_since="Mon, 23 Nov 2099 15:42:12 GMT")
    assert later.status == 200


def test_wishes_for_new_objects(blog: Client) -> None:
    listed = blog.post(R).etag
    past = blog.put(f"{R}/past", {"data": {"last_modified": PAST}})  # protocol T-12, AX-6
    assert past.etag == past.data["last_modified"] == PAST
    assert blog.get(R).etag == listed
    equal = blog.put(f"{R}/equal", {"data": {"last_modified": listed}})
    assert equal.etag > listed
    assert blog.get(R).etag == equal.etag
    future = blog.put(f"{R}/future", {"data": {"last_modified": equal.etag + 5000}})
    assert future.etag == equal.etag + 5000 == blog.get(R).etag
    assert blog.put(f"{R}/after").etag == future.etag + 1  # protocol T-3
    assert blog.put(f"{R}/zero", {"data": {"last_modified": 0}}).etag == 0  # protocol T-13


@pytest.mark.parametrize("wish", ["12", None, 1.5, "x", [], {}])
def test_what_is_no_integer_is_no_wish(blog: Client, wish: object) -> None:
    before = blog.get(R).etag
    answer = blog.put(f"{R}/a", {"data": {"last_modified": wish}})  # protocol T-10
    assert answer.status == 201
    assert answer.etag > before


@pytest.mark.parametrize(
    "wish", [b"true", b"9223372036854775808", b"1e30", b"99999999999999999999"]
)
def test_bad_wishes_do_no_harm(blog: Client, wish: bytes) -> None:
    answer = blog.put(f"{R}/a", b'{"data":{"last_modified":' + wish + b"}}")  # protocol T-15, W-19
    assert answer.status in (201, 400)
    if answer.status == 201:
        assert type(answer.data["last_modified"]) is int
        assert answer.etag < 2**53
    after = blog.post(R)
    assert after.status == 201
    assert blog.get(f"{R}?_since=0").status == 200


def test_changes_are_never_dated_back(blog: Client) -> None:
    blog.put(f"{R}/a", {"data": {"last_modified": PAST}})
    listed = blog.post(R).etag
    between = (PAST + listed) // 2  # protocol T-11, T-13, W-21
    for method in ("PUT", "PATCH"):
        answer = blog.request(method, f"{R}/a", {"data": {"last_modified": between}})
        assert answer.etag > listed
        assert blog.get(f"{R}?_since={listed}").ids[0] == "a"
        listed = answer.etag
    older = blog.put(f"{R}/a", {"data": {"last_modified": 5}})
    assert older.etag > listed


def test_tombstones_are_never_dated_back(blog: Client) -> None:
    blog.put(f"{R}/a", {"data": {"last_modified": PAST}})
    listed = blog.post(R).etag
    answer = blog.delete(f"{R}/a?last_modified={PAST + 5}")  # protocol T-14, W-21
    assert answer.etag > listed
    assert blog.get(f"{R}?_since={listed}").ids == ["a"]


def test_wishes_for_tombstones(blog: Client) -> None:
    first, second = (blog.put(f"{R}/{name}").etag for name in "ab")
    wish = second + 5000
    assert blog.delete(f"{R}/a?last_modified={wish}").etag == wish  # protocol R-32, T-14
    assert blog.delete(f"{R}/b?last_modified={first}").etag > wish


@pytest.mark.parametrize("wish", ["abc", "1795450538288.7", "-5", "99999999999999999999"])
def test_bad_wishes_for_tombstones_do_no_harm(blog: Client, wish: str) -> None:
    blog.put(f"{R}/a")
    answer = blog.delete(f"{R}/a?last_modified={wish}")  # protocol W-19
    assert answer.status in (200, 400)
    after = blog.post(R)
    assert after.status == 201
    assert after.etag < 2**53


def test_a_list_in_the_far_future_can_be_polled(blog: Client) -> None:
    future = blog.get(R).etag + 400 * 86_400_000  # protocol F-42, W-21
    blog.put(f"{R}/a", {"data": {"last_modified": future}})
    blog.put(f"{R}/b")
    assert blog.get(f"{R}?_since={future}").ids == ["b"]
    first = blog.get(f"{R}?_limit=1")
    assert first.ids == ["b"]
    assert "Next-Page" in first.headers
    second = blog.get("/" + first.headers["Next-Page"].partition("/v1/")[2])
    assert second.ids == ["a"]


def test_objects_with_one_timestamp_are_all_kept(blog: Client) -> None:
    for name in "abcde":  # protocol T-13, W-25
        answer = blog.put(f"{R}/{name}", {"data": {"last_modified": PAST}})
        assert (answer.status, answer.etag) == (201, PAST)
    found: list[str] = []
    page = blog.get(f"{R}?_limit=2")
    while True:
        found += page.ids
        if "Next-Page" not in page.headers:
            break
        page = blog.get("/" + page.headers["Next-Page"].partition("/v1/")[2])
    assert sorted(found) == list("abcde")


def test_writers_at_one_moment_all_succeed(make_client: MakeClient) -> None:
    client = with_blog(make_client())
    answers: list[Answer] = []

    def work() -> None:
        answers.extend(client.post(R) for _ in range(5))  # protocol W-34

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [201] * 20
    assert len({answer.etag for answer in answers}) == 20


def test_creators_of_one_id_agree(make_client: MakeClient) -> None:
    client = with_blog(make_client())
    statuses = []

    def work() -> None:
        statuses.append(client.put(f"{R}/one", if_none_match="*").status)  # protocol W-34

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, *[412] * 5]
