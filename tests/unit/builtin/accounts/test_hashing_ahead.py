"""Passwords are hashed before a transaction begins, so that nobody waits for a lock meanwhile."""

import pytest

from kinto_core.builtin.accounts.passwords import make_proof
from kinto_core.transactions import ListKey, Transaction
from tests.unit.builtin.accounts.desk import Desk

OPERATIONS = {"Content-Type": "application/json-patch+json"}
PATCH = [{"op": "replace", "path": "/data/password", "value": "new"}]
DATA = {"data": {"id": "alice", "password": "p"}}


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happens, in order: hashes and locks."""
    found: list[str] = []

    def hashed(password: str) -> str:
        found.append("hash")
        return make_proof(password)

    lock_list = Transaction.lock_list

    def locked(self: Transaction, key: ListKey) -> object:
        found.append("lock")
        return lock_list(self, key)

    monkeypatch.setattr("kinto_core.builtin.accounts.office.make_proof", hashed)
    monkeypatch.setattr(Transaction, "lock_list", locked)
    return found


def test_every_way_to_set_a_password_hashes_it_once_and_first(desk: Desk, order: list[str]) -> None:
    steps = [
        desk.ask("POST", "/accounts", DATA),
        desk.ask("PUT", "/accounts/alice", DATA, user="alice", password="p"),
        desk.ask(
            "PATCH", "/accounts/alice", {"data": {"password": "p2"}}, user="alice", password="p"
        ),
        desk.ask(
            "PATCH", "/accounts/alice", PATCH, user="alice", password="p2", headers=OPERATIONS
        ),
    ]
    assert [step.status_code for step in steps] == [201, 200, 200, 200]
    assert order == ["hash", "lock"] * 4
    assert desk.knows("alice", "new")


def test_what_sets_no_password_hashes_nothing(desk: Desk, order: list[str]) -> None:
    data = desk.sign_up("alice")
    order.clear()
    desk.ask("PATCH", "/accounts/alice", {"data": {"x": 1}}, user="alice")
    desk.ask("PUT", "/accounts/alice", {"data": data}, user="alice")
    desk.ask("PATCH", "/accounts/alice", {"data": {"password": 5}}, user="alice")
    desk.ask("PUT", "/accounts/bob", {"data": {"password": "p"}}, user="alice")
    assert "hash" not in order


def test_strangers_hash_nothing_where_they_may_create_nothing(order: list[str]) -> None:
    closed = {"account_create_principals": "", "account_write_principals": "account:admin"}
    with Desk(closed) as desk:
        assert desk.ask("PUT", "/accounts/alice", DATA).status_code == 401
    assert order == []
