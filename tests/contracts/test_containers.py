"""What processes remember about the containers of objects is never out of date."""

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from kinto_core.clock import system_clock
from kinto_core.database.connection import Connection, Statement
from kinto_core.database.containers import Containers, replace_versions
from kinto_core.database.engine import Database
from kinto_core.database.lookup import Question, read
from kinto_core.hooks import Plugins
from kinto_core.objects import ObjectKey, Snapshot, StoredObject, tombstone
from kinto_core.permission.sql import SqlPermission
from kinto_core.storage.pages import PageText
from kinto_core.storage.query import Filter, Operator, Query, Sort
from kinto_core.storage.sql import SqlStorage
from kinto_core.transactions import Backends, Transaction

B = ObjectKey("", "bucket", "b")
C = ObjectKey("/buckets/b", "collection", "c")
R = ObjectKey("/buckets/b/collections/c", "record", "r")
G = "/buckets/b/groups/g"
BUCKETS, COLLECTIONS, RECORDS = ("", "bucket"), ("/buckets/b", "collection"), (C.uri, "record")
USERS = ("alice", "bob", None)
PRINCIPALS = ("alice", "bob", G, "system.Everyone", "system.Authenticated")
QUESTIONS = [
    question
    for user in USERS
    for bodies in (False, True)
    for question in (
        Question((B, C, R), user, None, bodies),
        Question((B, C), user, RECORDS, bodies, target_is_list=True),
        Question((B, C, R), user, RECORDS, bodies),
    )
]


class Undone(Exception):
    """Ends a transaction that shall not be kept."""


class Process:
    """A process of a server: what it remembers is its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.backends = Backends(
            SqlStorage(database),
            SqlPermission(database),
            Plugins(),
            system_clock,
            containers=frozenset({"bucket", "collection"}),
        )

    def look_up(self, question: Question) -> Snapshot:
        """What the process believes."""
        with Transaction(self.backends) as tx:
            return tx.look_up(
                question.keys,
                user_id=question.user_id,
                ancestor_bodies=question.ancestor_bodies,
                list_of=question.list_of,
                target_is_list=question.target_is_list,
            )


def plain(snapshot: Snapshot) -> tuple[object, ...]:
    """A snapshot as a value that can be compared."""
    return list(snapshot.objects), list(snapshot.grants), snapshot.groups, snapshot.list


def truth(database: Database, question: Question) -> Snapshot:
    """What the database says."""
    with database.reading() as connection:
        return read(connection, question).snapshot


def write(tx: Transaction, key: ObjectKey, grants: dict[str, list[str]] | None) -> None:
    """Save an object with these grants, or its tombstone when there are none."""
    place = (key.parent_id, key.resource)
    tx.open_list(place, 1)
    state = tx.lock_list(place)
    assert state is not None
    time = state.timestamp + 1
    if grants is None:
        tx.delete_below(key.uri)
        tx.delete_grants([key])
        tx.save(place, [tombstone(key.id, time)], time)
    else:
        text = f'{{"id":"{key.id}","last_modified":{time}}}'
        tx.save(place, [StoredObject(key.id, time, text)], time)
        tx.set_grants(key, grants)


def some_grants(chance: random.Random) -> dict[str, list[str]]:
    """Grants by lot."""
    return {
        name: chance.sample(PRINCIPALS, chance.randint(0, 2))
        for name in ("read", "write", "record:create")
    }


def steps(chance: random.Random) -> list[Callable[[Transaction], object]]:
    """Everything that may change the answers, in an order by lot."""
    return chance.sample(
        [
            lambda tx: write(tx, B, some_grants(chance)),
            lambda tx: write(tx, C, some_grants(chance)),
            lambda tx: write(tx, R, some_grants(chance)),
            lambda tx: write(tx, C, None),
            lambda tx: write(tx, R, None),
            lambda tx: write(tx, B, None),
            lambda tx: tx.set_grants(C, some_grants(chance)),
            lambda tx: tx.delete_grants([chance.choice([B, C, R])]),
            lambda tx: tx.set_members(G, chance.sample(["alice", "bob"], chance.randint(0, 2))),
            lambda tx: tx.forget_principal(chance.choice(["alice", "bob"])),
            lambda tx: tx.flush(),
        ],
        k=chance.choice([1, 1, 2, 3]),
    )


def _keep(*, kept: bool) -> None:
    if not kept:
        raise Undone


@pytest.mark.parametrize("seed", range(6))
def test_every_process_knows_what_is_true(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    processes = [Process(database) for _ in range(2)]
    with Transaction(processes[0].backends) as tx:
        for key in (B, C, R):
            write(tx, key, some_grants(chance))
    for _ in range(25):
        writer = chance.choice(processes)
        is_kept = chance.random() < 0.8
        try:
            with Transaction(writer.backends) as tx:
                for step in steps(chance):
                    step(tx)
                question = chance.choice(QUESTIONS)
                inside = tx.look_up(
                    question.keys,
                    user_id=question.user_id,
                    ancestor_bodies=question.ancestor_bodies,
                    target_is_list=question.target_is_list,
                )
                own = read(tx.connection, question._replace(list_of=None)).snapshot
                assert plain(inside) == plain(own)
                _keep(kept=is_kept)
        except Undone:
            assert not is_kept
        for question in chance.sample(QUESTIONS, 6):
            for process in processes:
                assert plain(process.look_up(question)) == plain(truth(database, question))


@pytest.fixture
def asked(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[Statement]:
    """The statements that were run since the list was emptied."""
    found: list[Statement] = []
    with database.reading() as connection:
        kind = type(connection)
    run = kind.run

    def noting(
        self: Connection, statement: Statement, parameters: Mapping[str, object]
    ) -> list[tuple[Any, ...]]:
        found.append(statement)
        return run(self, statement, parameters)

    monkeypatch.setattr(kind, "run", noting)
    return found


def test_what_did_not_change_is_not_read_again(database: Database, asked: list[Statement]) -> None:
    process = Process(database)
    with Transaction(process.backends) as tx:
        for key in (B, C, R):
            write(tx, key, {"write": ["alice"]})
    question = Question((B, C, R), "alice")
    first = process.look_up(question)
    with Transaction(process.backends) as tx:
        write(tx, R, {"write": ["alice", "bob"]})
    del asked[:]
    again = process.look_up(question)
    assert len(asked) == 1
    assert again.grants[:2] == tuple(first.grants[:2])
    assert again.grants[2] == {"write": {"alice", "bob"}}


@pytest.mark.parametrize(
    ("query", "statements"),
    [
        (Query(limit=10), 1),
        (Query(limit=10, after={"last_modified": 100, "id": "x"}), 1),
        (Query(limit=10_000, filters=(Filter("last_modified", Operator.GREATER, 150),)), 1),
        (Query(limit=10_000), 2),
        (Query(limit=10, sorts=(Sort("x"),)), 1),
        (Query(), 1),
    ],
)
def test_a_page_is_read_with_what_decides_about_it(
    database: Database, asked: list[Statement], query: Query, statements: int
) -> None:
    process = Process(database)
    with Transaction(process.backends) as tx:
        for key in (B, C, R):
            write(tx, key, {"write": ["alice"]})
        rows = [StoredObject(f"r{n}", n, f'{{"id":"r{n}"}}') for n in range(2, 202)]
        tx.save(RECORDS, rows, 300)

    def read() -> PageText:
        with Transaction(process.backends) as tx:
            tx.look_up([B, C], user_id="alice", list_of=RECORDS, target_is_list=True, page=query)
            return tx.page_text(*RECORDS, query)

    with database.reading() as connection:
        truth = process.backends.storage.page_text(connection, *RECORDS, query)
    assert read() == truth
    del asked[:]
    assert read() == truth
    assert len(asked) == statements


def test_a_page_that_was_read_is_not_for_who_wrote_since(database: Database) -> None:
    process = Process(database)
    query = Query(limit=10)
    with Transaction(process.backends) as tx:
        for key in (B, C, R):
            write(tx, key, {"write": ["alice"]})
    for _ in range(2):
        with Transaction(process.backends) as tx:
            tx.look_up([B, C], user_id="alice", list_of=RECORDS, target_is_list=True, page=query)
            write(tx, R, None)
            assert tx.page_text(*RECORDS, query).size == 0
            write(tx, R, {})


def test_what_is_remembered_is_bounded(database: Database) -> None:
    containers = Containers(max_characters=1000)
    with database.writing() as connection:
        storage = SqlStorage(database)
        for number in range(40):
            name = f"b{number}"
            storage.save(connection, "", "bucket", [StoredObject(name, number, f'"{"x" * 100}"')])
            replace_versions(connection, [f"/buckets/{name}"])
    with database.reading() as connection:
        for _ in range(2):
            for number in range(40):
                key = ObjectKey("", "bucket", f"b{number}")
                inside = ObjectKey(key.uri, "collection", "c")
                question = Question((key, inside), "alice", None, ancestor_bodies=True)
                assert containers.look_up(connection, question).snapshot.objects[0] is not None
    assert containers.characters <= 1000
