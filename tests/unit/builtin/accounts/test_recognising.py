"""Names and passwords become users: what is remembered, upgraded, limited."""

import threading
import time

import bcrypt
import pytest

from kinto_core.builtin.accounts import sql
from kinto_core.builtin.accounts.office import office_of
from kinto_core.builtin.accounts.passwords import is_outdated, make_proof, proves
from kinto_core.builtin.accounts.remembered import MAX_ANSWERS, Remembered
from kinto_core.errors import TooManyRequests
from kinto_core.testing.server import make_app
from tests.unit.builtin.accounts.desk import PASSWORD, SETTINGS, Desk


def counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The proofs that are checked from now on."""
    checked: list[str | None] = []

    def check(proof: str | None, password: str) -> bool:
        checked.append(proof)
        return proves(proof, password)

    monkeypatch.setattr("kinto_core.builtin.accounts.office.proves", check)
    del desk
    return checked


def test_a_password_is_hashed_once_and_then_remembered(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sign_up("alice")
    checked = counted(desk, monkeypatch)
    assert [desk.knows("alice") for _ in range(3)] == [True] * 3
    assert len(checked) == 1  # built-in plugins B-58
    assert [desk.knows("alice", "wrong") for _ in range(3)] == [False] * 3
    assert len(checked) == 2


def test_an_unknown_account_costs_the_same_work(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sign_up("alice")
    checked = counted(desk, monkeypatch)
    assert not desk.knows("alice", "wrong")
    assert not desk.knows("nobody", "wrong")  # built-in plugins BW-5
    assert [proof is None for proof in checked] == [False, True]
    assert not proves(None, "any password")


def test_what_is_remembered_ends_with_its_lifetime_however_often_it_is_used() -> None:
    moment = [0.0]
    remembered = Remembered(30, now=lambda: moment[0])  # built-in plugins BW-6
    digest = remembered.digest("alice", "pw")
    remembered.keep(digest, "v1", is_right=True)
    for moment[0] in (10.0, 20.0, 29.0):
        assert remembered.answer(digest, "v1") is True
    assert remembered.answer(digest, "v2") is None
    moment[0] = 30.0
    assert remembered.answer(digest, "v1") is None


def test_no_more_is_remembered_than_fits() -> None:
    remembered = Remembered(30)
    digests = [remembered.digest("alice", str(number)) for number in range(MAX_ANSWERS + 1)]
    for digest in digests:
        remembered.keep(digest, "v", is_right=True)
    assert remembered.answer(digests[0], "v") is None
    assert remembered.answer(digests[-1], "v") is True


def test_a_changed_password_stops_in_every_process_at_once(stored: Desk) -> None:
    stored.sign_up("alice")
    assert stored.knows("alice")
    with stored.server.storage.database.writing() as connection:  # as another process would
        sql.write(connection, "alice", sql.Password(make_proof("new"), "hidden:other"))
    assert not stored.knows("alice")  # built-in plugins BW-6
    assert stored.knows("alice", "new")


def test_a_deleted_account_and_a_flushed_server_know_nobody(stored: Desk) -> None:
    stored.sign_up("alice")
    assert stored.knows("alice")
    assert stored.ask("DELETE", "/accounts/alice", user="alice").status_code == 200
    assert not stored.knows("alice")
    assert stored.row("alice") is None
    assert stored.knows("admin")
    stored.server.flush()
    assert not stored.knows("admin")  # clients C-98


def test_hashes_of_bcrypt_are_accepted_and_replaced(stored: Desk) -> None:
    stored.sign_up("alice")
    row = stored.row("alice")
    assert row is not None
    old = bcrypt.hashpw(b"legacy", bcrypt.gensalt(4)).decode()
    with stored.server.storage.database.writing() as connection:
        sql.write(connection, "alice", row._replace(proof=old))
    assert not stored.knows("alice", "other")
    assert stored.knows("alice", "legacy")
    upgrades = office_of(stored.server)._upgrades
    upgrades.submit(lambda: None).result()
    new = stored.row("alice")
    assert new is not None
    assert new.proof.startswith("$argon2id$")
    assert new.version == row.version
    assert stored.knows("alice", "legacy")


def test_bcrypt_looks_at_all_of_a_password_or_refuses_it() -> None:
    proof = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    assert proves(proof, "x" * 72)
    assert not proves(proof, "x" * 73)
    assert is_outdated(proof)
    assert not proves("$2b$damaged", "x")
    assert not proves("", "x")


def test_too_many_failures_on_a_name_give_429_but_sessions_go_on() -> None:
    with Desk({"account_failures_per_name": "3"}) as desk:
        desk.sign_up("alice")
        assert desk.knows("alice")
        for number in range(3):
            assert not desk.knows("alice", f"wrong{number}", address=f"192.0.2.{number}")
        refused = desk.ask("GET", "/", user="alice", password="guess")
        assert refused.status_code == 429  # built-in plugins BW-5
        assert refused.json["errno"] == 117
        assert 0 < int(refused.headers["Retry-After"]) <= 300
        assert desk.knows("alice")  # known to be right already
        assert not desk.knows("bob", "x")


def test_too_many_failures_from_a_network_give_429() -> None:
    with Desk({"account_failures_per_address": "3"}) as desk:
        desk.sign_up("alice")
        for name in ("a", "b", "c"):
            assert not desk.knows(name, address="2001:db8::1")
        refused = desk.ask("GET", "/", user="alice", address="2001:db8::2")
        assert refused.status_code == 429
        assert desk.knows("alice", address="2001:db8:1::1")


def test_the_same_wrong_password_counts_once() -> None:
    with Desk({"account_failures_per_name": "2"}) as desk:
        for _ in range(5):
            assert not desk.knows("alice", "wrong")


def test_users_of_basicauth_are_no_failures() -> None:
    limits = {"account_failures_per_address": "3", "account_failures_per_name": "3"}
    with Desk({**limits, "multiauth.policies": "account basicauth"}) as desk:
        desk.sign_up("alice")
        for number in range(5):  # clients C-28
            assert desk.knows("guest", f"mine{number}")
        for number in range(3):
            desk.knows("alice", f"guess{number}")
        assert desk.ask("GET", "/", user="alice", password="more").status_code == 429


def test_strangers_create_only_so_many_accounts_an_hour() -> None:
    with Desk({"account_creations_per_address": "2"}) as desk:
        for name in ("a", "b"):
            desk.sign_up(name)
        refused = desk.ask("PUT", "/accounts/c", {"data": {"password": "p"}})
        assert refused.status_code == 429


def test_short_passwords_are_refused_where_they_are_too_short() -> None:
    with Desk({"account_min_password_length": "8"}) as desk:
        answer = desk.ask("PUT", "/accounts/a", {"data": {"password": "seven77"}})
        assert answer.status_code == 400
        desk.sign_up("a", "eight888")


def test_credentials_that_nobody_can_have_cost_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = counted(desk, monkeypatch)
    assert not desk.knows("-bad", "x")
    assert not desk.knows("alice", "x" * 1025)
    assert checked == []


def test_a_flood_of_logins_leaves_threads_for_others() -> None:
    with Desk({"account_checks_at_once": "1", "account_failures_per_address": "0"}) as desk:
        office = office_of(desk.server)
        busy, done = threading.Event(), threading.Event()

        def slow() -> bool:
            busy.set()
            return done.wait(10)

        thread = threading.Thread(target=office._turns.run, args=(slow,))
        thread.start()
        assert busy.wait(10)
        refused = desk.ask("GET", "/", user="alice")
        assert (refused.status_code, refused.json["errno"]) == (503, 201)
        assert "Retry-After" in refused.headers
        assert desk.ask("GET", "/").status_code == 200
        done.set()
        thread.join()
        assert not desk.knows("alice")


def test_who_asks_the_same_at_once_shares_one_check() -> None:
    with Desk({"account_checks_at_once": "1"}) as desk:
        desk.sign_up("alice")
        office = office_of(desk.server)
        answers: list[bool] = []

        def ask() -> None:
            answers.append(office.is_right("alice", PASSWORD))

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [True] * 6


def test_sockets_without_address_are_limited_by_name_alone(desk: Desk) -> None:
    office = office_of(desk.server)
    assert office.network() is None
    for number in range(20):
        office.attempts.failed("alice", None)
        del number
    with pytest.raises(TooManyRequests):
        office.is_right("alice", "guess")


def test_a_policy_by_its_long_names_works() -> None:
    for path in (
        "kinto.plugins.accounts.AccountsPolicy",
        "kinto.plugins.accounts.authentication.AccountsAuthenticationPolicy",
    ):
        values = {**SETTINGS, "multiauth.policy.account.use": path}  # built-in plugins B-18
        app = make_app({**values, "includes": "kinto.plugins.accounts"})
        assert [one.name for one in app.registry.site.server.policies] == ["account"]
        app.close()


def test_time_is_taken_from_a_clock_that_never_goes_back() -> None:
    assert Remembered(1)._now is time.monotonic
