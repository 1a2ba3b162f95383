"""Deleted accounts leave nothing that their name could be used for. Built-in plugins BW-7."""

from tests.unit.builtin.accounts.desk import Desk

GROUP = "/buckets/b/groups/g"


def test_permissions_and_memberships_go_with_the_account(stored: Desk) -> None:
    stored.sign_up("alice")
    stored.sign_up("bob")
    stored.ask("PUT", "/buckets/b", {"permissions": {"read": ["account:alice"]}}, user="bob")
    members = {"data": {"members": ["account:alice", "account:bob"]}}
    stored.ask("PUT", GROUP, members, user="bob")
    assert stored.ask("GET", "/buckets/b", user="alice").status_code == 200
    stored.recorder.clear()
    assert stored.ask("DELETE", "/accounts/alice", user="alice").status_code == 200
    told = [call for call in stored.recorder.texts if call.startswith("after")]
    assert told == ["after_resource_changed delete account", "after_resource_changed update group"]
    assert stored.ask("GET", GROUP, user="bob").json["data"]["members"] == ["account:bob"]
    stored.sign_up("alice")
    assert stored.ask("GET", "/buckets/b", user="alice").status_code == 403
    groups = stored.ask("GET", "/", user="alice").json["user"]["principals"]
    assert GROUP not in groups
    stored.ask("PATCH", GROUP, {"data": {"note": "x"}}, user="bob")
    assert GROUP not in stored.ask("GET", "/", user="alice").json["user"]["principals"]


def test_a_new_user_of_the_name_begins_with_an_empty_personal_bucket(stored: Desk) -> None:
    stored.sign_up("alice")
    path = "/buckets/default/collections/c/records"
    stored.ask("POST", path, {"data": {"x": 1}}, user="alice")
    assert stored.ask("DELETE", "/accounts/alice", user="admin").status_code == 200
    stored.sign_up("alice")
    assert stored.ask("GET", path, user="alice").json["data"] == []


def test_a_personal_bucket_that_is_shared_stays(desk: Desk) -> None:
    desk.sign_up("alice")
    desk.sign_up("bob")
    bucket = desk.ask("GET", "/", user="alice").json["user"]["bucket"]
    desk.ask("PUT", "/buckets/default", {"permissions": {"read": ["account:bob"]}}, user="alice")
    desk.ask("DELETE", "/accounts/alice", user="alice")
    assert desk.ask("GET", f"/buckets/{bucket}", user="bob").status_code == 200


def test_user_data_deletion_deletes_the_account_as_well() -> None:
    with Desk({"user-data_delete_principals": "account:admin"}) as desk:
        for name in ("admin", "alice"):
            desk.sign_up(name)
        answer = desk.ask("DELETE", "/__user_data__/account:alice", user="admin")
        assert answer.status_code == 200  # built-in plugins B-195
        assert not desk.knows("alice")
