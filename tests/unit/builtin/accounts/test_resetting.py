"""Codes with which users choose a new password. Built-in plugins BW-25."""

from typing import Any

from tests.unit.builtin.accounts.desk import Desk

PATH = "/accounts/alice/reset-password"


def code_of(desk: Desk) -> str:
    """A code that an administrator gets for alice."""
    answer = desk.ask("POST", PATH, user="admin")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    code: str = answer.json["data"]["code"]
    return code


def test_a_code_sets_the_password_once(stored: Desk) -> None:
    stored.sign_up("alice")
    body = {"data": {"code": code_of(stored), "password": "chosen"}}
    stored.recorder.clear()
    answer = stored.ask("POST", PATH, body)
    assert (answer.status_code, answer.json) == (200, {"data": {"id": "alice"}})
    assert [event.payload["user_id"] for event in stored.recorder.events()] == ["account:alice"]
    assert stored.knows("alice", "chosen")
    assert not stored.knows("alice")
    assert stored.ask("POST", PATH, body).status_code == 403
    owners = stored.ask("GET", "/accounts/alice", user="alice", password="chosen")
    assert owners.json["permissions"] == {"write": ["account:alice"]}


def test_a_code_is_stored_as_a_digest_and_ends(ruled: Desk) -> None:
    ruled.sign_up("alice")
    code = code_of(ruled)
    row = ruled.row("alice")
    assert row is not None
    assert code not in str(tuple(row))
    now = ruled.server.clock
    ruled.server.clock = lambda: now() + 86_400_000
    answer = ruled.ask("POST", PATH, {"data": {"code": code, "password": "x"}})
    assert answer.status_code == 403


def test_another_password_makes_a_code_void(ruled: Desk) -> None:
    ruled.sign_up("alice")
    code = code_of(ruled)
    ruled.ask("PATCH", "/accounts/alice", {"data": {"password": "new"}}, user="alice")
    answer = ruled.ask("POST", PATH, {"data": {"code": code, "password": "x"}})
    assert answer.status_code == 403
    assert ruled.knows("alice", "new")


def test_codes_cannot_be_guessed_and_tell_no_names() -> None:
    with Desk({"account_failures_per_name": "2"}) as desk:
        desk.sign_up("alice")
        body = {"data": {"code": "guess", "password": "x"}}
        known = [desk.ask("POST", PATH, body) for _ in range(3)]
        unknown = [desk.ask("POST", "/accounts/bob/reset-password", body) for _ in range(3)]
        assert [one.status_code for one in known] == [403, 403, 429]
        assert [one.text for one in known[:2]] == [one.text for one in unknown[:2]]


def test_only_administrators_get_codes(ruled: Desk) -> None:
    ruled.sign_up("alice")
    assert ruled.ask("POST", PATH, user="alice").status_code == 403
    assert ruled.ask("POST", PATH).status_code == 401
    missing = ruled.ask("POST", "/accounts/nobody/reset-password", user="admin")
    assert missing.status_code == 404


def test_a_code_needs_a_password_and_the_other_way_round(ruled: Desk) -> None:
    ruled.sign_up("alice")
    code = code_of(ruled)
    bodies: list[Any] = [{"code": code}, {"password": "x"}, {"code": code, "password": ""}, []]
    for data in bodies:
        assert ruled.ask("POST", PATH, {"data": data}).status_code == 400
    assert ruled.ask("POST", PATH, {"data": {"code": code, "password": "x"}}).status_code == 200
