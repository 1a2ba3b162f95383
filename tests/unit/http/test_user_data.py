"""Erasing what one principal owns, over HTTP."""

from tests.unit.http.conftest import MakeApp


def test_principals_with_odd_characters(app_with: MakeApp) -> None:
    app = app_with({"user-data_delete_principals": "system.Authenticated"})
    answer = app.delete("/v1/__user_data__/account:a/b%20c%C3%A9")  # protocol V-27
    assert answer.json == {"data": {"principal": "account:a/b cé"}}


def test_erasing_inside_a_batch_is_undone_with_it(app_with: MakeApp) -> None:
    app = app_with({"user-data_delete_principals": "system.Authenticated"})
    user = app.get("/v1/").json["user"]["id"]
    app.put_json("/v1/buckets/b", {})
    requests = [{"method": "DELETE", "path": f"/__user_data__/{user}"}, {"path": "/buckets/b"}]
    responses = app.post_json("/v1/batch", {"requests": requests}).json["responses"]
    assert [one["status"] for one in responses] == [200, 403]


def test_nobody_may_unless_the_settings_say_so(app_with: MakeApp) -> None:
    app = app_with()
    user = app.get("/v1/").json["user"]["id"]
    app.put_json("/v1/buckets/b", {})
    app.delete(f"/v1/__user_data__/{user}", status=403)
    app.get("/v1/buckets/b", status=200)
