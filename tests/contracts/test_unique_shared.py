"""Unique indexes hold while several servers write at once, each with several threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contracts.test_indexes_shared import clients, entries, url
from tests.protocol.client import Answer, B, C, Client, R

__all__ = ["clients", "url"]

THREADS = 2
VALUES = 8
ROUNDS = 10
CREATED, WRITTEN, REFUSED = 201, (200, 201), (409, 122)


@pytest.fixture
def writers(clients: list[Client]) -> list[Client]:
    """Several threads of each of several servers, on one collection with unique addresses."""
    assert clients[0].put(B).status == CREATED
    assert clients[0].put(C, {"data": {"unique": ["email"]}}).status == CREATED
    return clients * THREADS


def values(client: Client) -> list[str]:
    """The addresses that there are."""
    return sorted(item["email"] for item in client.get(R).data if "email" in item)


def test_one_of_many_gets_the_value(writers: list[Client], url: str) -> None:
    start = threading.Barrier(len(writers))

    def write(client: Client) -> list[Answer]:
        start.wait()
        return [client.post(R, {"data": {"email": f"{n}@x.org"}}) for n in range(VALUES)]

    with ThreadPoolExecutor(len(writers)) as pool:
        answers = list(pool.map(write, writers))
    for rivals in zip(*answers, strict=True):
        created = [one for one in rivals if one.status == CREATED]
        refused = [one for one in rivals if one.status != CREATED]
        assert len(created) == 1
        assert {one.error for one in refused} == {REFUSED}
        shown = [one.json["details"] for one in refused]
        assert shown == [{"field": "email", "existing": created[0].data}] * len(refused)
    assert values(writers[0]) == [f"{n}@x.org" for n in range(VALUES)]
    actual, expected = entries(url)
    assert actual == expected


def test_values_that_move_are_never_there_twice(writers: list[Client]) -> None:
    start = threading.Barrier(len(writers))
    statuses: set[int] = set()

    def write(number: int) -> None:
        start.wait()
        client = writers[number]
        for count in range(ROUNDS):
            value = f"{(number + count) % 3}@x.org"
            path = f"{R}/r{(number * 5 + count) % 7}"
            if count % 4 == 3:
                client.delete(path)
                continue
            answer = client.put(path, {"data": {"email": value}})
            assert answer.status in WRITTEN or answer.error == REFUSED
            statuses.add(answer.status)

    with ThreadPoolExecutor(len(writers)) as pool:
        list(pool.map(write, range(len(writers))))
    found = values(writers[0])
    assert found == sorted(set(found))
    assert statuses >= {201, 409}


@pytest.mark.parametrize("attempt", range(3))
def test_a_declaration_meets_writers(clients: list[Client], attempt: int) -> None:
    for path in (B, C):
        assert clients[0].put(path).status == CREATED
    start = threading.Barrier(len(clients))

    def write(client: Client) -> None:
        start.wait()
        for count in range(ROUNDS):
            client.post(R, {"data": {"email": f"{attempt} {count}"}})

    def declare() -> None:
        start.wait()
        for _ in range(ROUNDS):
            answer = clients[-1].patch(C, {"data": {"unique": ["email"]}})
            if answer.status == 200:
                return
            assert [name for _, name, _ in answer.faults] == ["unique"]
            clients[-1].delete(R)

    with ThreadPoolExecutor(len(clients)) as pool:
        declaring = pool.submit(declare)
        list(pool.map(write, clients[:-1]))
        declaring.result()
    found = values(clients[0])
    if "unique" in clients[0].get(C).data:
        assert found == sorted(set(found))
    else:
        assert len(found) > len(set(found))
