"""Unique indexes: no two records of a collection have the same values in their fields."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.protocol.client import Answer, B, C, Client, R
from tests.protocol.conftest import MakeClient

CONFLICT = (409, 122)  # protocol E-3
ANN = {"email": "ann@example.org"}
BEN = {"email": "ben@example.org"}
LONG = "x" * 300


def declare(client: Client, *names: str) -> Answer:
    """Declare these unique indexes and no others."""
    return client.patch(C, {"data": {"unique": list(names)}})


def put(client: Client, name: str, **fields: object) -> Answer:
    """Write a record."""
    return client.put(f"{R}/{name}", {"data": fields})


def state(client: Client) -> tuple[Any, int]:
    """Everything that a refused write must leave as it is."""
    answer = client.get(f"{R}?_since=0")
    return answer.json, answer.etag


@pytest.fixture
def people(blog: Client) -> Client:
    """Alice with a collection in which addresses are unique, and one record."""
    assert declare(blog, "email", "country,number").status == 200
    assert put(blog, "a", **ANN, country="fr", number=1).status == 201
    return blog


def test_every_way_to_write_is_refused(people: Client) -> None:
    put(people, "b", **BEN)
    before = state(people)
    patches: Sequence[tuple[Any, str]] = (
        ({"data": ANN}, "application/json"),
        ({"data": ANN}, "application/merge-patch+json"),
        (
            [{"op": "add", "path": "/data/email", "value": ANN["email"]}],
            "application/json-patch+json",
        ),
    )
    answers = [
        people.post(R, {"data": ANN}),
        people.post(R, {"data": {**ANN, "id": "c"}}),
        people.put(f"{R}/c", {"data": ANN}),
        people.put(f"{R}/b", {"data": ANN}),
        *(people.patch(f"{R}/b", body, content_type=kind) for body, kind in patches),
    ]
    for answer in answers:
        assert answer.error == CONFLICT
        assert answer.json["error"] == "Constraint violated"
        assert answer.json["message"] == "Another object has the same value in 'email'"
        assert answer.json["details"] == {"field": "email", "existing": people.get(f"{R}/a").data}
        assert "Retry-After" not in answer.headers
    assert state(people) == before


def test_a_record_may_keep_what_it_has(people: Client) -> None:
    assert put(people, "a", **ANN, country="fr", number=1, age=5).status == 200
    assert people.patch(f"{R}/a", {"data": {"age": 6}}).status == 200
    assert people.post(R, {"data": {"id": "a", **ANN}}).status == 200  # protocol R-6
    assert put(people, "b", **BEN, country="fr", number=2).status == 201
    assert people.patch(f"{R}/b", {"data": {"number": 1}}).json["details"]["field"] == (
        "country,number"
    )


def test_what_changes_or_goes_is_free_at_once(people: Client) -> None:
    put(people, "a", email="new@example.org")
    assert put(people, "b", **ANN).status == 201
    people.delete(f"{R}/b")
    assert put(people, "c", **ANN).status == 201
    people.delete(R)
    assert put(people, "b", **ANN).status == 201
    assert put(people, "c", **ANN).error == CONFLICT
    people.delete(C)
    people.put(C, {"data": {"unique": ["email"]}})  # protocol R-30
    assert put(people, "c", **ANN).status == 201
    assert put(people, "d", **ANN).error == CONFLICT


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        ([1, "a"], [1.0, "a"]),
        ({"x": 1, "y": None}, {"y": None, "x": 1}),
        (10**25, 10**25),
        (LONG, LONG),
        ("", ""),
        (False, False),
    ],
)
def test_equal_is_what_filters_find(blog: Client, one: object, other: object) -> None:
    declare(blog, "email")  # protocol F-30, F-31
    put(blog, "a", email=one)
    assert put(blog, "b", email=other).error == CONFLICT


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (0, False),
        (1, "1"),
        ("Ann", "ann"),
        (10**25, 10**25 + 1),
        (LONG + "a", LONG + "b"),
        (LONG, LONG + "b"),
        ([], {}),
        (None, None),
    ],
)
def test_anything_else_differs(blog: Client, one: object, other: object) -> None:
    declare(blog, "email")
    put(blog, "a", email=one)
    assert put(blog, "b", email=other).status == 201


def test_who_lacks_a_field_is_free(blog: Client) -> None:
    declare(blog, "country,number", "owner.name")
    lacking: tuple[dict[str, Any], ...] = ({}, {"country": "fr"}, {"country": "fr", "number": None})
    for name, fields in enumerate(lacking):
        assert put(blog, f"one{name}", **fields, owner=None).status == 201
        assert put(blog, f"two{name}", **fields, owner={"name": None}).status == 201
    put(blog, "a", owner={"name": "Ann"})
    assert put(blog, "b", owner={"name": "Ann", "x": 1}).json["details"]["field"] == "owner.name"


def test_the_other_record_is_shown_to_who_may_read_it(people: Client) -> None:
    people.patch(C, {"permissions": {"record:create": ["system.Everyone"]}})
    bob = people.as_("bob")
    answer = bob.post(R, {"data": ANN})
    assert answer.error == CONFLICT
    assert answer.json["details"] == {"field": "email"}
    assert b"fr" not in answer.text
    people.patch(f"{R}/a", {"permissions": {"read": ["system.Authenticated"]}})
    assert bob.post(R, {"data": ANN}).json["details"]["existing"]["country"] == "fr"
    assert people.as_(None).post(R, {"data": ANN}).json["details"] == {"field": "email"}


def test_a_batch_goes_on_after_the_refusal(people: Client) -> None:
    def request(method: str, name: str, **fields: object) -> dict[str, Any]:
        body = {"body": {"data": fields}} if fields else {}
        return {"method": method, "path": f"{R}/{name}", **body}

    responses = people.batch(
        request("PUT", "b", **BEN),
        request("PUT", "c", **BEN),
        request("PUT", "c", **ANN),
        request("DELETE", "a"),
        request("PUT", "c", **ANN),
        request("PATCH", "b", email="new@example.org"),
        request("PUT", "d", **BEN),
        request("PUT", "e", **ANN),
    )
    assert [one["status"] for one in responses] == [201, 409, 409, 200, 201, 200, 201, 409]
    assert responses[1]["body"]["details"]["existing"]["id"] == "b"
    found = {item["id"]: item["email"] for item in people.get(R).data}
    assert found == {"b": "new@example.org", "c": ANN["email"], "d": BEN["email"]}


def test_a_batch_declares_and_obeys(blog: Client) -> None:
    def write(path: str, **fields: object) -> dict[str, Any]:
        return {"method": "PUT", "path": path, "body": {"data": fields}}

    responses = blog.batch(
        write(f"{R}/a", **ANN),
        write(f"{R}/b", **ANN),
        write(C, unique=["email"], title="no"),
        write(f"{R}/b", **BEN),
        write(C, unique=["email"]),
        write(f"{R}/c", **BEN),
        write(C),
        write(f"{R}/c", **BEN),
    )
    assert [one["status"] for one in responses] == [201, 201, 400, 200, 200, 409, 200, 201]


@pytest.mark.parametrize("known", [[], ["email"]])
def test_what_is_there_twice_cannot_become_unique(blog: Client, known: list[str]) -> None:
    blog.patch(C, {"data": {"indexes": known}})
    put(blog, "z", email=None)
    put(blog, "y")
    put(blog, "b", **ANN)
    put(blog, "a", **ANN)
    before = blog.get(C).json
    for answer in (
        declare(blog, "name", "email"),
        blog.put(C, {"data": {"unique": ["email"]}}),
    ):
        [(location, name, text)] = answer.faults
        assert (location, name) == ("body", "unique")
        assert text == "'email': the records 'a' and 'b' have the same value"
    assert blog.get(C).json == before
    assert put(blog, "c", **ANN).status == 201
    blog.delete(f"{R}/c")
    blog.delete(f"{R}/a")
    assert declare(blog, "email").status == 200
    assert put(blog, "a", **ANN).error == CONFLICT


def test_values_that_begin_alike_can_become_unique(blog: Client) -> None:
    for number in range(5):
        put(blog, f"r{number}", email=f"{LONG}{number}")
        put(blog, f"n{number}", email=f"{LONG}{number}", number=None)
    assert declare(blog, "email,number").status == 200
    [(_, _, text)] = declare(blog, "email").faults
    assert "'n0' and 'r0'" in text


def test_what_is_no_longer_unique_is_free(people: Client) -> None:
    people.patch(C, {"data": {"unique": [], "indexes": ["email"]}})
    assert put(people, "b", **ANN).status == 201
    assert people.get(f"{R}?email=ann@example.org&_sort=id").ids == ["a", "b"]


def test_unique_fields_are_found_like_indexed_ones(people: Client) -> None:
    put(people, "b", **BEN, country="fr", number=0)
    assert people.get(f"{R}?email=ben@example.org").ids == ["b"]
    assert people.get(f"{R}?country=fr&_sort=number").ids == ["b", "a"]


@pytest.mark.parametrize(
    "value", ["email", None, [1], ["id"], ["a b"], ["a", "a"], [str(n) for n in range(9)]]
)
def test_bad_declarations_are_refused(blog: Client, value: object) -> None:
    for answer in (
        blog.put(C, {"data": {"unique": value}}),
        blog.post(f"{B}/collections", {"data": {"unique": value}}),
    ):
        assert [name for _, name, _ in answer.faults] == ["data.unique"]
    assert blog.patch(C, {"data": {"unique": value}}).status == 400
    assert "unique" not in blog.get(C).data


def test_both_fields_share_a_limit(blog: Client) -> None:
    names = [f"f{number}" for number in range(8)]
    assert blog.patch(C, {"data": {"indexes": names, "unique": names[:3]}}).status == 200
    assert blog.patch(C, {"data": {"indexes": names, "unique": ["g"]}}).status == 400


def test_personal_buckets_are_like_any_other(make_client: MakeClient) -> None:
    client = make_client({"includes": "default_bucket", "default_bucket_hmac_secret": "salt"})
    collection = "/buckets/default/collections/people"
    client.put(collection, {"data": {"unique": ["email"]}})
    assert client.post(f"{collection}/records", {"data": ANN}).status == 201
    assert client.post(f"{collection}/records", {"data": ANN}).error == CONFLICT
    responses = client.batch(
        {"method": "POST", "path": f"{collection}/records", "body": {"data": BEN}},
        {"method": "POST", "path": f"{collection}/records", "body": {"data": BEN}},
    )
    assert [one["status"] for one in responses] == [201, 409]
