"""Protocol 6.7: pages."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.protocol.client import Answer, Client, R
from tests.protocol.conftest import MakeClient, with_blog

INVALID = [("querystring", None, "_token has invalid content")]
USED = [("querystring", None, "_token was already used or has expired.")]


def fill(client: Client, count: int = 8) -> None:
    """Create records r0, r1, … with few different values."""
    client.batch(
        *(
            {"method": "PUT", "path": f"{R}/r{i}", "body": {"data": {"i": i // 3, "o": {"k": i}}}}
            for i in range(count)
        )
    )


def following(answer: Answer) -> str:
    """The path of the next page."""
    return "/" + answer.headers["Next-Page"].partition("/v1/")[2]


def walk(client: Client, path: str, method: str = "GET") -> Iterator[Answer]:
    """All pages."""
    answer = client.request(method, path)
    yield answer
    while "Next-Page" in answer.headers:
        answer = client.request(method, following(answer))
        yield answer


@pytest.mark.parametrize(
    "query", ["", "&_sort=i", "&_sort=-i", "&_sort=nope", "&_sort=o.k", "&i=1", "&_sort=id,-i"]
)
@pytest.mark.parametrize("limit", [1, 3, 4])
def test_pages_make_up_the_list(blog: Client, query: str, limit: int) -> None:
    fill(blog)
    blog.put(f"{R}/nomiss")
    whole = blog.get(f"{R}?x=&{query}".replace("?x=&", "?")).ids
    pages = [page.ids for page in walk(blog, f"{R}?_limit={limit}{query}")]  # protocol G-1, G-6
    assert [one for page in pages for one in page] == whole
    assert all(len(page) == limit for page in pages[:-1])
    assert 0 < len(pages[-1]) <= limit  # protocol G-4: a full last page has no next


def test_the_next_page_keeps_the_parameters(blog: Client) -> None:
    fill(blog)
    url = urlsplit(
        blog.get(f"{R}?_limit=2&_sort=i&has_zz=false&_fields=i&not_i=5&not_i=6").headers[
            "Next-Page"
        ]
    )
    assert url.scheme == "http"  # protocol G-4
    assert url.path == f"/v1{R}"
    query = parse_qs(url.query)
    assert query.pop("_token")
    assert query == {
        "_limit": ["2"],
        "_sort": ["i"],
        "has_zz": ["false"],
        "_fields": ["i"],
        "not_i": ["5", "6"],  # protocol W-25
    }


def test_pages_can_be_read_again(blog: Client) -> None:
    fill(blog)
    url = following(blog.get(f"{R}?_limit=3"))
    assert blog.get(url).json == blog.get(url).json  # protocol G-8


@pytest.mark.parametrize(
    ("query", "size"),
    [("", 3), ("?_limit=2", 2), ("?_limit=9", 3), ("?_limit=0", 3), ("?_limit=", 3)],
)
def test_the_server_limits_pages(make_client: MakeClient, query: str, size: int) -> None:
    client = with_blog(make_client({"paginate_by": "3"}))
    fill(client, 5)
    answer = client.get(R + query)  # protocol G-1, G-2, W-25
    assert len(answer.ids) == size
    assert parse_qs(urlsplit(answer.headers["Next-Page"]).query)["_limit"] == [str(size)]
    assert client.head(R).headers["Total-Objects"] == "5"


def test_the_largest_page_is_limited_too(make_client: MakeClient) -> None:
    client = with_blog(make_client({"storage_max_fetch_size": "4"}))
    fill(client, 6)
    assert len(client.get(R).ids) == 4  # protocol G-1
    assert sum(len(page.ids) for page in walk(client, R)) == 6


@pytest.mark.parametrize("limit", ["abc", "-1", "9223372036854775809"])
def test_bad_limits_are_refused(blog: Client, limit: str) -> None:
    [fault] = blog.get(f"{R}?_limit={limit}").faults  # protocol G-2
    assert fault[:2] == ("querystring", "_limit")


@pytest.mark.parametrize("limit", ["null", "2.5", '"2"'])
def test_other_spellings_of_limits(blog: Client, limit: str) -> None:
    fill(blog, 4)
    assert len(blog.get(f"{R}?_limit={limit}").ids) == (4 if limit == "null" else 2)  # G-2


def forged(content: object) -> str:
    """A token as anybody could write one."""
    return base64.b64encode(json.dumps(content).encode()).decode()


@pytest.mark.parametrize(
    "token",
    [
        "xxx",
        "%00",
        "{}",
        forged([]),
        forged({"last_object": {"last_modified": 5}, "offset": 1, "nonce": "x"}),
        forged({"last_object": {}, "offset": True}),
    ],
)
def test_foreign_tokens_are_refused(blog: Client, token: str) -> None:
    answer = blog.get(f"{R}?_token={token}")  # protocol G-7, W-25
    assert answer.faults == INVALID or "0x00" in answer.faults[0][2]


def test_tokens_are_bound_to_their_query(blog: Client) -> None:
    fill(blog)
    token = parse_qs(urlsplit(blog.get(f"{R}?_limit=2").headers["Next-Page"]).query)["_token"][0]
    assert blog.get(f"{R}?_limit=2&_sort=i&_token={token}").faults == INVALID  # protocol W-25
    assert blog.get(f"/buckets?_token={token}").faults == INVALID
    assert blog.get(f"{R}?_limit=2&_token={token[:-3]}AAA").faults == INVALID


def test_an_empty_token_is_none(blog: Client) -> None:
    fill(blog, 2)
    assert blog.get(f"{R}?_token=").ids == ["r1", "r0"]  # protocol G-7


@pytest.mark.parametrize("query", ["", "&_sort=i", "&_sort=last_modified", "&_sort=id"])
def test_lists_are_deleted_page_by_page(blog: Client, query: str) -> None:
    fill(blog)
    whole = blog.get(f"{R}?_sort=-last_modified{query.replace('&_sort=', ',')}").ids
    pages = [page.ids for page in walk(blog, f"{R}?_limit=3{query}", "DELETE")]
    assert [len(page) for page in pages] == [3, 3, 2]  # protocol G-12, G-13, W-25
    assert sorted(one for page in pages for one in page) == sorted(whole)
    assert blog.get(R).data == []


def test_pages_of_deletions_are_deleted_once(blog: Client) -> None:
    fill(blog)
    first = blog.delete(f"{R}?_limit=2")
    url = following(first)
    assert blog.delete(url).status == 200
    assert blog.delete(url).faults == USED  # protocol G-12
    assert len(blog.get(R).ids) == 4


def test_tokens_of_reads_do_not_delete(blog: Client) -> None:
    fill(blog)
    url = following(blog.get(f"{R}?_limit=2"))
    assert blog.delete(url).status == 400  # protocol G-12
    assert len(blog.get(R).ids) == 8
