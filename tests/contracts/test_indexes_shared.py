"""Indexes are declared while several servers write: none misses an entry, none keeps one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import webtest
from sqlalchemy import select

from kinto_core import json
from kinto_core.authentication.principals import EVERYONE
from kinto_core.database.engine import DatabaseOptions
from kinto_core.database.migrating import migrate
from kinto_core.database.opening import Databases
from kinto_core.database.tables import indexed_values, objects
from kinto_core.resources.access import Access
from kinto_core.resources.addresses import ObjectAddress, list_address, object_address
from kinto_core.resources.bodies import ObjectBody
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.calls import Call, Rules, keys_of
from kinto_core.resources.collection import COLLECTION
from kinto_core.resources.indexes import declaration_of
from kinto_core.resources.record import RECORD
from kinto_core.resources.writing import replace as write
from kinto_core.storage.sort_keys import object_key, sort_key
from kinto_core.testing import make_app, make_server
from kinto_core.transactions import Transaction
from tests.protocol.client import SECRET, B, C, Client, R

WRITERS = 3
WRITES = 24
NAMES = 5
DECLARATIONS: tuple[list[str], ...] = (["a"], ["a", "a,b"], [], ["b", "a,b"])


@pytest.fixture(params=["sqlite_file", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database of each kind that several servers can share."""
    if request.param == "postgresql":
        found: str = request.getfixturevalue("postgresql_url")
        return found
    return f"sqlite:///{tmp_path / 'kinto.db'}"


@pytest.fixture
def clients(url: str) -> Iterator[list[Client]]:
    """A client of each of several servers on one database."""
    with closing(Databases(DatabaseOptions())) as databases:
        migrate(databases.get(url))
    with ExitStack() as stack:
        apps = [
            stack.enter_context(
                closing(make_app({"userid_hmac_secret": SECRET, "storage_url": url}))
            )
            for _ in range(WRITERS + 1)
        ]
        yield [Client(webtest.TestApp(app, lint=False)) for app in apps]


def entries(url: str) -> tuple[set[tuple[str, bytes, str]], set[tuple[str, bytes, str]]]:
    """The entries that there are, and those that follow from the collection and its records."""
    with closing(Databases(DatabaseOptions())) as databases, databases.get(url).reading() as found:
        columns = (indexed_values.c.field, indexed_values.c.value, indexed_values.c.object_id)
        actual = {
            (field, bytes(value), name)
            for field, value, name in found.execute(
                select(*columns).where(indexed_values.c.value != b"")
            )
        }
        stored = found.execute(
            select(objects.c.resource, objects.c.data).where(objects.c.deleted.is_(False))
        )
    data = [(kind, json.parse(text)) for kind, text in stored]
    indexes = declaration_of(next(one for kind, one in data if kind == "collection")).names
    expected = {
        (name, object_key(one, name.split(",")), one["id"])
        for kind, one in data
        if kind == "record"
        for name in indexes
    }
    return actual, expected


def test_declarations_and_writes_of_several_servers_agree(clients: list[Client], url: str) -> None:
    for path in (B, C):
        assert clients[0].put(path).status == 201

    def write(number: int) -> None:
        for count in range(WRITES):
            path = f"{R}/r{(number + count) % NAMES}"
            if count % 6 == number:
                clients[number].delete(path)
            else:
                body = {"data": {"a": count % 3, "b": number}}
                assert clients[number].put(path, body).status in (200, 201)

    def declare() -> None:
        for indexes in DECLARATIONS * 3:
            assert clients[-1].patch(C, {"data": {"indexes": indexes}}).status == 200

    with ThreadPoolExecutor(WRITERS + 1) as pool:
        declaring = pool.submit(declare)
        list(pool.map(write, range(WRITERS)))
        declaring.result()
    actual, expected = entries(url)
    assert actual == expected
    assert expected


def test_a_batch_that_read_an_older_declaration_reads_it_again(url: str) -> None:
    with closing(Databases(DatabaseOptions())) as databases:
        migrate(databases.get(url))
    with make_server({"storage_url": url}) as server:
        everyone = Access(server.types, {}, administrators=(EVERYONE,))
        rules = Rules(server.types, everyone, explicit_permissions=False)
        collection = object_address(COLLECTION, ("b", "c"))
        records = list_address(RECORD, ("b", "c"))

        def put(tx: Transaction, address: ObjectAddress, **data: object) -> None:
            write(tx, rules, address, Call(read=lambda: ObjectBody(data, None)))

        with server.transaction() as tx:
            put(tx, object_address(BUCKET, ("b",)))
            put(tx, collection)
        with server.transaction(remembers=True) as batch:
            key = (records.parent_id, "record")
            batch.look_up(keys_of(records), user_id=None, list_of=key, target_is_list=True)
            with server.transaction() as tx:
                put(tx, collection, indexes=["a"])
            put(batch, records.object("r"), a=1)
    actual, expected = entries(url)
    assert actual == expected == {("a", sort_key(1), "r")}
