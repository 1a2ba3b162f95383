"""Declared indexes: no answer changes, whatever is declared, written and deleted."""

from collections.abc import Sequence

import pytest

from tests.protocol.client import ALICE, B, C, Client, R

QUESTIONS = (
    "status=open",
    "status=open&_sort=-score",
    "_sort=score",
    "min_score=2&_sort=score",
    "in_status=open,done&_sort=-score",
    "status=open&min_score=2&_sort=score,status",
    "has_score=false",
    "author.name=Ann",
)
INDEXES = ["status", "score", "status,score", "author.name"]


def declare(client: Client, indexes: Sequence[str]) -> None:
    """Declare these indexes and no others."""
    answer = client.patch(C, {"data": {"indexes": list(indexes)}})
    assert answer.status == 200, answer.text


def put(client: Client, name: str, **fields: object) -> None:
    """Write a record."""
    assert client.put(f"{R}/{name}", {"data": fields}).status in (200, 201)


def pages(client: Client, question: str) -> list[str]:
    """The ids of all pages."""
    ids: list[str] = []
    answer = client.get(f"{R}?{question}&_limit=2")
    while True:
        ids += answer.ids
        following = answer.headers.get("Next-Page")
        if following is None:
            return ids
        answer = client.get(following.partition("/v1")[2])


def answers(client: Client) -> dict[str, tuple[list[str], str, list[str]]]:
    """What a client gets, with the number of records and of the first page's objects."""
    return {
        question: (
            pages(client, question),
            client.head(f"{R}?{question}").headers["Total-Records"],
            client.get(f"{R}?{question}").ids,
        )
        for question in QUESTIONS
    }


def check(client: Client) -> None:
    """The answers are the same with and without indexes, made before or after the records."""
    indexed = answers(client)
    declare(client, [])
    assert answers(client) == indexed
    declare(client, INDEXES)
    assert answers(client) == indexed


@pytest.fixture
def shop(blog: Client) -> Client:
    """Alice with a collection that has indexes and a few records."""
    declare(blog, INDEXES)
    put(blog, "a", status="open", score=3, author={"name": "Ann"})
    put(blog, "b", status="open", score=1)
    put(blog, "c", status="done", score=2.5)
    put(blog, "d", status="open", author={"name": "Ann"})
    put(blog, "e", status=None, score="high")
    return blog


def test_records_are_found(shop: Client) -> None:
    assert shop.get(f"{R}?status=open&_sort=score").ids == ["b", "a", "d"]
    assert shop.get(f"{R}?author.name=Ann").ids == ["d", "a"]
    check(shop)


def test_records_that_change_are_found_by_what_they_are_now(shop: Client) -> None:
    put(shop, "a", status="done", score=3)
    shop.patch(f"{R}/b", {"data": {"score": 9}})
    shop.patch(
        f"{R}/c",
        [{"op": "replace", "path": "/data/status", "value": "open"}],
        content_type="application/json-patch+json",
    )
    assert shop.get(f"{R}?status=open&_sort=score").ids == ["c", "b", "d"]
    check(shop)


def test_deleted_records_are_not_found(shop: Client) -> None:
    shop.delete(f"{R}/a")
    assert shop.delete(f"{R}?status=done").ids == ["c"]
    assert shop.delete(f"{R}?status=open&_sort=-score&_limit=1").ids == ["d"]
    assert shop.get(f"{R}?status=open").ids == ["b"]
    check(shop)
    shop.delete(R)
    put(shop, "a", status="open")
    assert shop.get(f"{R}?status=open").ids == ["a"]
    check(shop)


def test_a_batch_sees_its_own_writes(blog: Client) -> None:
    record = {"data": {"status": "open", "score": 1}}
    responses = blog.batch(
        {"method": "PATCH", "path": C, "body": {"data": {"indexes": INDEXES}}},
        {"method": "PUT", "path": f"{R}/a", "body": record},
        {"method": "PUT", "path": f"{R}/b", "body": record},
        {"method": "PUT", "path": f"{R}/a", "body": {"data": {"status": "done"}}},
        {"method": "GET", "path": f"{R}?status=open"},
        {"method": "PATCH", "path": C, "body": {"data": {"indexes": ["score"]}}},
        {"method": "PUT", "path": f"{R}/c", "body": record},
        {"method": "GET", "path": f"{R}?score=1"},
    )
    lists = [one["body"]["data"] for one in responses if isinstance(one["body"]["data"], list)]
    assert [[item["id"] for item in found] for found in lists] == [["b"], ["c", "b"]]
    check(blog)


def test_a_collection_made_anew_begins_without_entries(shop: Client) -> None:  # protocol R-30
    shop.delete(B)
    shop.put(B)
    shop.put(C, {"data": {"indexes": INDEXES}})
    put(shop, "z", status="open")
    assert shop.get(f"{R}?status=open").ids == ["z"]
    check(shop)


def test_only_what_is_shared_is_found(shop: Client) -> None:  # protocol P-31
    shop.patch(f"{R}/b", {"permissions": {"read": ["system.Everyone"]}})
    bob = shop.as_("bob")
    assert bob.get(f"{R}?status=open&_sort=-score").ids == ["b"]
    assert bob.get(f"{R}?status=open").ids == ["b"]
    assert shop.as_(None).get(f"{R}?_sort=score").ids == ["b"]
    assert bob.get(f"{R}?status=done").ids == []


def test_tombstones_are_there_when_asked_for(shop: Client) -> None:  # protocol F-40
    shop.delete(f"{R}/a")
    assert shop.get(f"{R}?_since=0&gt_score=100&_sort=score").ids[-2:] == ["a", "d"]


@pytest.mark.parametrize("value", ["status", [1], ["id"], ["a b"], [str(n) for n in range(9)]])
def test_bad_declarations_are_refused(blog: Client, value: object) -> None:
    for answer in (
        blog.put(C, {"data": {"indexes": value}}),
        blog.post(f"{B}/collections", {"data": {"indexes": value}}),
    ):
        assert [name for _, name, _ in answer.faults] == ["data.indexes"]
    assert blog.patch(C, {"data": {"indexes": value}}).status == 400
    assert "indexes" not in blog.get(C).data


def test_a_declaration_is_an_attribute_like_any_other(shop: Client) -> None:
    found = shop.get(C)
    assert found.data["indexes"] == INDEXES
    assert found.permissions == {"write": {ALICE}}
    before = shop.get(R).etag
    declare(shop, ["score"])
    assert shop.get(R).etag == before
