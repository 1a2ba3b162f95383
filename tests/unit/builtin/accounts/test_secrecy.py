"""Passwords are kept as proofs, and nobody is told more than that one was changed."""

import logging
from typing import Any

import pytest

from kinto_core import json
from kinto_core.builtin.accounts.passwords import MAX_BYTES
from tests.unit.builtin.accounts.desk import PASSWORD, Desk

MERGE = {"Content-Type": "application/merge-patch+json"}
OPERATIONS = {"Content-Type": "application/json-patch+json"}


def test_answers_show_a_stand_in_that_changes_with_the_password(desk: Desk) -> None:
    created = desk.sign_up("alice", age=42)  # built-in plugins BW-2
    assert created["password"].startswith("hidden:")
    same = desk.ask("PATCH", "/accounts/alice", {"data": {"age": 43}}, user="alice").json["data"]
    assert (same["password"], same["age"]) == (created["password"], 43)
    new = desk.ask("PATCH", "/accounts/alice", {"data": {"password": "new"}}, user="alice")
    assert new.json["data"]["password"] not in {created["password"], "new"}
    listed = desk.ask("GET", "/accounts", user="alice", password="new").json["data"]
    assert [one["password"] for one in listed] == [new.json["data"]["password"]]


def test_proofs_are_argon2id_of_the_recommended_cost(desk: Desk) -> None:
    desk.sign_up("alice")
    row = desk.row("alice")
    assert row is not None
    assert row.proof.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert row.proof not in repr(row)


def test_neither_password_nor_proof_is_in_objects_events_errors_or_logs(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "an-unlikely-password"
    answers = [
        desk.ask("PUT", "/accounts/alice", {"data": {"password": secret}}),
        desk.ask(  # built-in plugins BW-1
            "PUT",
            "/accounts/alice",
            {"data": {"password": secret}},
            headers={"If-None-Match": "*"},
        ),
        desk.ask("PUT", "/accounts/alice", {"data": {"password": secret, "id": "bob"}}),
        desk.ask("PUT", "/accounts/bob", {"data": {"password": [secret]}}),
        desk.ask("PATCH", "/accounts/alice", {"data": {"x": 1}}, user="alice", password=secret),
    ]
    assert [answer.status_code for answer in answers] == [201, 412, 401, 400, 200]
    row = desk.row("alice")
    assert row is not None
    events = [change for event in desk.recorder.events() for change in event.changes]
    texts = [answer.text for answer in answers] + [f"{one.new} {one.old}" for one in events]
    for text in (*texts, caplog.text):
        assert secret not in text
        assert "argon2" not in text
        assert row.proof not in text
    assert "existing" not in answers[1].json.get("details", {})


def test_filters_find_nothing_that_is_not_shown(ruled: Desk) -> None:
    ruled.sign_up("alice")
    for query in (f"password={PASSWORD}", "like_password=argon2", "gt_password=%22%24%22"):
        found = ruled.ask("GET", f"/accounts?{query}", user="admin").json["data"]
        assert [one for one in found if not one["password"].startswith("hidden:")] == []
    assert ruled.ask("GET", "/accounts?like_password=argon2", user="admin").json["data"] == []


@pytest.mark.parametrize("op", ["replace", "add"])
def test_a_json_patch_of_the_password_stores_a_proof(desk: Desk, op: str) -> None:
    desk.sign_up("alice")  # built-in plugins BW-3
    patch = [{"op": op, "path": "/data/password", "value": "new"}]
    answer = desk.ask("PATCH", "/accounts/alice", patch, user="alice", headers=OPERATIONS)
    assert answer.status_code == 200
    assert "new" not in json.dumps(answer.json["data"])
    assert desk.knows("alice", "new")
    assert not desk.knows("alice")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ([{"op": "remove", "path": "/data/password"}], OPERATIONS),
        ([{"op": "replace", "path": "/data/password", "value": None}], OPERATIONS),
        ({"data": {"password": None}}, MERGE),
        ({"data": {"password": ""}}, {}),
        ({"data": {"password": 12}}, {}),
        ({"data": {"password": "x" * (MAX_BYTES + 1)}}, {}),
        ({"data": {"password": "hidden:0123456789abcdef"}}, {}),
    ],
)
def test_a_patch_without_a_usable_password_is_refused(
    desk: Desk,
    body: Any,  # noqa: ANN401  JSON
    headers: dict[str, str],
) -> None:
    desk.sign_up("alice")  # built-in plugins B-28
    answer = desk.ask("PATCH", "/accounts/alice", body, user="alice", headers=headers)
    assert answer.status_code == 400, answer.text
    assert desk.knows("alice")


def test_an_account_sent_back_as_it_came_keeps_its_password(desk: Desk) -> None:
    data = desk.sign_up("alice")
    answer = desk.ask("PUT", "/accounts/alice", {"data": {**data, "age": 1}}, user="alice")
    assert answer.status_code == 200
    assert desk.knows("alice")
    assert not desk.knows("alice", data["password"])


def test_light_answers_tell_that_the_password_changed(desk: Desk) -> None:
    desk.sign_up("alice", age=1)
    body = {"data": {"password": "new", "age": 1}}
    headers = {"Response-Behavior": "light"}
    answer = desk.ask("PATCH", "/accounts/alice", body, user="alice", headers=headers)
    assert set(answer.json["data"]) == {"password"}


def test_long_and_odd_passwords_work(desk: Desk) -> None:
    for name, password in (("a", "é" * (MAX_BYTES // 2)), ("b", "with:colon"), ("c", " ")):
        desk.sign_up(name, password)
        assert desk.knows(name, password)
    assert not desk.knows("a", "é" * (MAX_BYTES // 2) + "x")  # built-in plugins BW-4
