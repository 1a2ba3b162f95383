"""A server without HTTP: work, care, and what it tells."""

from pathlib import Path

import pytest

from kinto_core.errors import ConfigurationError, ReadOnly, WriteConflict
from kinto_core.objects import ObjectKey
from kinto_core.server import TRIES, Server
from kinto_core.storage.query import Filter, Operator, Query
from kinto_core.testing import make_server, make_settings
from kinto_core.testing.recorder import HookRecorder
from kinto_core.transactions import Transaction
from tests.unit.resources.operating import Actor, B, C, R, Watch

EVERYTHING = Query(filters=(Filter("last_modified", Operator.GREATER, 0),), include_deleted=True)


def test_work_that_met_other_work_is_done_again() -> None:
    tries: list[Transaction] = []

    def work(tx: Transaction) -> int:
        tries.append(tx)
        if len(tries) < 3:
            message = "met another"
            raise WriteConflict(message)
        return len(tries)

    with make_server() as server:
        assert server.transact(work) == 3  # protocol W-34
    assert len(set(map(id, tries))) == 3


def test_it_gives_up_in_the_end() -> None:
    tries: list[int] = []

    def work(_tx: Transaction) -> None:
        tries.append(1)
        message = "met another"
        raise WriteConflict(message)

    with make_server() as server, pytest.raises(WriteConflict):
        server.transact(work)
    assert len(tries) == TRIES


def test_grants_live_with_objects_unless_told_otherwise(tmp_path: Path) -> None:
    with make_server() as server:
        assert server.permission.database is server.storage.database
    apart = {"permission_url": f"sqlite:///{tmp_path}/p.db"}
    with make_server(apart) as server:
        assert server.permission.database is not server.storage.database
    file = {"storage_url": f"sqlite:///{tmp_path}/s.db"}
    with make_server(file) as server:
        assert server.permission.database is server.storage.database
        assert (tmp_path / "s.db").exists()


def test_a_prepared_server_has_its_tables(tmp_path: Path) -> None:
    values = {"storage_url": f"sqlite:///{tmp_path}/s.db"}
    with make_server(values) as server:
        Actor(server).put(B)
        assert server.check() == {"storage": None, "permission": None, "cache": None}
        assert set(server.migrate()) == {"sqlite: up to date"}
    with make_server(values) as server:
        assert Actor(server).get(B).object.id == "b"


def test_a_database_without_tables_is_a_problem(tmp_path: Path) -> None:
    with Server(make_settings({"storage_url": f"sqlite:///{tmp_path}/s.db"})) as server:
        problem = server.check()["storage"]
        assert problem is not None
        assert "kinto migrate" in problem
        planned = server.migrate(dry_run=True)
        assert all("would run" in line for line in planned)
        assert [line.replace("would run", "ran") for line in planned] == server.migrate()
        assert server.check()["storage"] is None


def test_a_read_only_server_changes_nothing(tmp_path: Path) -> None:
    values = {"storage_url": f"sqlite:///{tmp_path}/s.db"}
    make_server(values).close()
    with make_server({**values, "readonly": "true"}) as server:
        with pytest.raises(ReadOnly):
            server.migrate()
        with pytest.raises(ReadOnly):
            server.purge_deleted(["record"])
        assert set(server.migrate(dry_run=True)) == {"sqlite: up to date"}


def test_flushing_tells_plugins() -> None:
    with make_server() as server:
        recorder = HookRecorder()
        alice = Actor(server)
        alice.put(B)
        server.cache.set("key", "value", 60)
        server.plugins.add(recorder, "recorder")
        server.flush()
        assert recorder.texts == ["server_flushed"]
        assert server.cache.get("key") is None
        assert Actor(server).put(B).is_new


def test_old_tombstones_are_purged() -> None:
    watch = Watch()
    with Server(make_settings(), clock=watch) as server:
        server.prepare()
        alice = Actor(server)
        alice.put(B)
        alice.put(C)
        for name in "abc":
            alice.put(f"{R}/{name}")
            alice.delete(f"{R}/{name}")
            watch.now += 86_400_000
        alice.put(f"{R}/live")
        assert server.purge_deleted(["bucket"]) == 0
        assert server.purge_deleted(["record"], older_than_days=1.5) == 2
        left = [item.id for item in alice.list(R, EVERYTHING).objects]
        assert left == ["live", "c"]
        alice.delete(f"{R}/live")
        assert server.purge_deleted(["record", "bucket"], max_retained=1) == 1
        assert [item.id for item in alice.list(R, EVERYTHING).objects] == ["live"]


def test_wrong_settings_stop_the_start() -> None:
    with pytest.raises(ConfigurationError, match="record_id_generator"):
        Server(make_settings({"record_id_generator": "Nope"}))
    with pytest.raises(ConfigurationError, match="no_such_plugin"):
        Server(make_settings({"includes": "no_such_plugin"}))


def test_rules_follow_the_settings() -> None:
    values = {
        "explicit_permissions": "false",
        "anonymous_ownership": "false",
        "experimental_collection_schema_validation": "true",
    }
    with make_server(values) as server:
        rules = server.rules
        assert not rules.explicit_permissions
        assert not rules.anonymous_ownership
        assert rules.validates_schemas
        assert set(rules.types.by_name) >= {"bucket", "collection", "group", "record"}
        assert server.is_alive(server.storage.database)
        with server.transaction() as tx:
            assert tx.fetch(ObjectKey("", "bucket", "none")) is None
