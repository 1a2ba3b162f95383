"""Who reaches which account. Built-in plugins section 2.3; the rest is in the recorded cases."""

from pathlib import Path

import pytest

from tests.unit.builtin.accounts.desk import Desk

NEW = {"data": {"password": "p"}}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/accounts/bob", NEW, 400),  # B-38
        ("PUT", "/accounts/carol", NEW, 400),  # B-39
        ("POST", "/accounts", {"data": {"id": "carol", "password": "p"}}, 400),  # B-40
        ("GET", "/accounts/carol", None, 403),  # B-43
        ("GET", "/accounts/nobody", None, 403),
        ("PATCH", "/accounts/carol", NEW, 403),  # B-45
        ("DELETE", "/accounts/carol", None, 403),
        ("PUT", "/accounts/alice", {}, 400),  # B-28
        ("PUT", "/accounts/alice", {"data": {"id": "x", "password": "p"}}, 400),  # B-42
    ],
)
def test_users_are_kept_to_their_own_account(
    desk: Desk, method: str, path: str, body: object, status: int
) -> None:
    desk.sign_up("alice")
    desk.sign_up("carol")
    assert desk.ask(method, path, body, user="alice").status_code == status
    assert desk.knows("carol")


def test_what_others_share_with_a_user_counts_for_nothing(desk: Desk) -> None:
    body = {**NEW, "permissions": {"read": ["account:bob"], "write": ["account:bob"]}}
    assert desk.ask("PUT", "/accounts/alice", body).status_code == 201  # B-36
    desk.sign_up("bob")
    assert desk.ask("GET", "/accounts/alice", user="bob").json["errno"] == 110
    assert desk.ask("PATCH", "/accounts/alice", NEW, user="bob").status_code == 403
    assert [one["id"] for one in desk.ask("GET", "/accounts", user="bob").json["data"]] == ["bob"]
    assert desk.ask("DELETE", "/accounts/alice", user="bob").status_code == 403


def test_the_list_of_a_user_is_as_old_as_the_account(desk: Desk) -> None:
    desk.sign_up("alice")
    before = desk.ask("GET", "/accounts", user="alice")
    desk.sign_up("bob")
    after = desk.ask("GET", "/accounts", user="alice")
    assert after.headers["ETag"] == before.headers["ETag"]  # nothing that alice may see changed
    conditional = {"If-None-Match": before.headers["ETag"]}
    assert desk.ask("GET", "/accounts", user="alice", headers=conditional).status_code == 304
    assert desk.ask("HEAD", "/accounts", user="alice").headers["Total-Objects"] == "1"


def test_deleting_the_list_deletes_the_own_account_only(desk: Desk) -> None:
    desk.sign_up("alice")
    desk.sign_up("bob")
    gone = desk.ask("DELETE", "/accounts", user="alice")  # B-47
    assert [one["id"] for one in gone.json["data"]] == ["alice"]
    assert desk.knows("bob")


def test_administrators_see_and_manage_all_accounts(stored: Desk) -> None:
    stored.sign_up("alice")
    found = stored.ask("GET", "/accounts?_sort=id", user="admin")  # BW-15: write implies read
    assert [one["id"] for one in found.json["data"]] == ["admin", "alice"]
    later = stored.sign_up("bob")["last_modified"]
    again = stored.ask("GET", "/accounts", user="admin")
    assert again.headers["ETag"] == f'"{later}"'  # BW-16
    page = stored.ask("GET", "/accounts?_limit=1&_sort=id", user="admin").headers["Next-Page"]
    path = page.partition("/v1")[2]
    assert [one["id"] for one in stored.ask("GET", path, user="admin").json["data"]] == ["alice"]
    made = stored.ask("PUT", "/accounts/carol", NEW, user="admin")
    assert made.json["permissions"] == {"write": ["account:carol"]}
    assert stored.ask("PATCH", "/accounts/carol", NEW, user="admin").status_code == 200
    assert stored.ask("GET", "/accounts/nobody", user="admin").status_code == 404
    assert stored.ask("DELETE", "/accounts/carol", user="admin").status_code == 200


def test_administrators_do_not_delete_everybody_by_accident(ruled: Desk) -> None:
    for name in ("alice", "bob"):
        ruled.sign_up(name)
    refused = ruled.ask("DELETE", "/accounts", user="admin")  # BW-15
    assert refused.status_code == 400
    one = ruled.ask("DELETE", "/accounts?id=alice", user="admin").json["data"]
    assert [item["id"] for item in one] == ["alice"]
    rest = ruled.ask("DELETE", "/accounts?_since=0", user="admin").json["data"]
    assert [item["id"] for item in rest] == ["bob"]
    assert ruled.knows("admin")


def test_groups_can_be_administrators() -> None:
    group = "/buckets/staff/groups/admins"
    with Desk({"account_write_principals": group}) as desk:  # B-51
        for name in ("root", "alice"):
            desk.sign_up(name)
        desk.ask("PUT", "/buckets/staff", {}, user="root")
        desk.ask("PUT", group, {"data": {"members": ["account:root"]}}, user="root")
        assert len(desk.ask("GET", "/accounts", user="root").json["data"]) == 2
        assert len(desk.ask("GET", "/accounts", user="alice").json["data"]) == 1


def test_users_of_other_policies_have_no_account() -> None:
    with Desk({"multiauth.policies": "account basicauth"}) as desk:
        desk.sign_up("alice")  # B-52, B-70
        assert desk.ask("GET", "/accounts", user="guest", password="x").json["data"] == []
        answer = desk.ask("PUT", "/accounts/guest", NEW, user="guest", password="x")
        assert answer.status_code == 400
        user = desk.ask("GET", "/", user="alice", password="wrong").json["user"]["id"]
        assert user.startswith("basicauth:")


def test_closed_registration_refuses_strangers_and_users() -> None:
    closed = {"account_create_principals": "account:admin"}
    with Desk({**closed, "account_write_principals": "account:admin"}) as desk:
        answers = [  # B-48
            desk.ask("PUT", "/accounts/alice", NEW),
            desk.ask("POST", "/accounts", {"data": {"id": "a", "password": "p"}}),
            desk.ask("GET", "/accounts"),
        ]
        assert [answer.json["errno"] for answer in answers] == [104, 104, 104]


def test_creation_and_first_use_in_one_batch(stored: Desk) -> None:
    requests = [
        {"method": "PUT", "path": "/accounts/alice", "body": NEW},
        {
            "method": "PUT",
            "path": "/buckets/b",
            "headers": {"Authorization": "Basic YWxpY2U6cA=="},  # alice:p
        },
    ]
    answers = stored.ask("POST", "/batch", {"requests": requests}).json["responses"]  # B-61
    assert [one["status"] for one in answers] == [201, 201]
    assert answers[1]["body"]["permissions"] == {"write": ["account:alice"]}


def test_names_that_mean_something_else_never_authenticate(desk: Desk) -> None:
    desk.sign_up("system.Everyone")  # B-57
    assert not desk.knows("system.Everyone")


def test_an_account_that_is_open_to_everybody_is_open_to_strangers_only(desk: Desk) -> None:
    body = {**NEW, "permissions": {"read": ["system.Everyone"]}}
    desk.ask("PUT", "/accounts/alice", body)  # B-36
    desk.sign_up("bob")
    opened = desk.ask("GET", "/accounts/alice")
    assert opened.status_code == 200
    assert opened.json["data"]["password"].startswith("hidden:")
    assert opened.json["permissions"] == {}
    assert desk.ask("GET", "/accounts/alice", user="bob").status_code == 404


def test_a_read_only_server_knows_its_users(tmp_path: Path) -> None:
    values = {"storage_url": f"sqlite:///{tmp_path}/kinto.db"}
    with Desk(values) as desk:
        desk.sign_up("alice")
    with Desk({**values, "readonly": "true"}) as desk:  # B-54
        assert desk.knows("alice")
        assert desk.ask("PATCH", "/accounts/alice", NEW, user="alice").status_code == 405
        assert desk.ask("GET", "/accounts/alice", user="alice").status_code == 200
