"""Protocol section 13: the personal bucket."""

from urllib.parse import urlsplit

import pytest

from tests.protocol.client import ALICE, Client
from tests.protocol.conftest import MakeClient

D = "/buckets/default"
ENABLED = {"includes": "default_bucket", "default_bucket_hmac_secret": "salt"}
REAL = "c0e113dc-5c2f-f046-06ae-63bd9cb2ebcd"


@pytest.fixture
def owner(make_client: MakeClient) -> Client:
    """Alice, who has a personal bucket."""
    return make_client(ENABLED)


def test_the_real_id(owner: Client) -> None:
    assert owner.get(D).data["id"] == REAL  # protocol D-2, D-3
    hello = owner.get("/").json
    assert hello["user"]["bucket"] == REAL  # protocol D-15
    assert "default_bucket" in hello["capabilities"]  # protocol D-1


def test_nobody_has_no_bucket(owner: Client) -> None:
    for path in (D, f"{D}/nope", f"{D}/collections/c/records"):
        for method in ("GET", "PUT", "POST", "DELETE"):
            assert owner.as_(None).request(method, path).error == (401, 104)  # protocol D-4


def test_the_bucket_is_created(make_client: MakeClient) -> None:
    client = make_client({**ENABLED, "bucket_create_principals": "nobody"})
    answer = client.get(D)  # protocol D-5
    assert answer.status == 200
    assert answer.permissions == {"write": {ALICE}}
    assert client.get(f"/buckets/{REAL}").json == answer.json


def test_collections_are_created(owner: Client) -> None:
    created = owner.post(f"{D}/collections/tasks/records", {"data": {"x": 1}})  # protocol D-6
    assert created.status == 201
    assert owner.get(f"{D}/collections").ids == ["tasks"]
    art = owner.get(f"{D}/collections/art")
    assert art.permissions == {"write": {ALICE}}
    assert owner.put(f"{D}/collections/new").status == 201
    assert owner.get(f"{D}/groups/g").status == 404


def test_any_record_may_be_put_first(owner: Client) -> None:
    path = f"{D}/collections/foo/records/xfoo"
    assert owner.put(path, {"data": {"v": 1}}).status == 201  # protocol D-7, W-33
    assert owner.get(path).data["v"] == 1


def test_bad_names_are_refused(owner: Client) -> None:
    answer = owner.get(f"{D}/collections/-bad/records")  # protocol D-6
    assert answer.faults == [("path", None, "Invalid collection id")]


def test_only_the_id_of_the_bucket_is_replaced(owner: Client) -> None:
    assert owner.put(D, {"data": {"id": "default"}}).data["id"] == REAL  # protocol D-9
    other = owner.put(D, {"data": {"id": "other"}})
    assert other.faults[0][2] == "Object id does not match existing object"
    created = owner.post(f"{D}/collections/c/records", {"data": {"id": "my-default"}})
    assert created.data["id"] == "my-default"  # protocol W-33
    plain = owner.post(f"{D}/collections/c/records", {"data": {"id": "default"}})
    assert plain.data["id"] == "default"


def test_other_names_are_other_buckets(owner: Client) -> None:
    assert owner.put("/buckets/default2").data["id"] == "default2"  # protocol D-11


def test_pages_lead_to_the_real_bucket(owner: Client) -> None:
    for _ in range(3):
        owner.post(f"{D}/collections/c/records")
    url = urlsplit(owner.get(f"{D}/collections/c/records?_limit=1").headers["Next-Page"])
    assert url.path == f"/v1/buckets/{REAL}/collections/c/records"  # protocol D-8, G-4
    assert len(owner.get(f"{url.path.removeprefix('/v1')}?{url.query}").ids) == 1


def test_the_bucket_can_be_deleted(owner: Client) -> None:
    owner.post(f"{D}/collections/c/records")
    assert owner.delete(D).data["id"] == REAL  # protocol D-12
    assert owner.get(f"{D}/collections").data == []


def test_users_have_buckets_of_their_own(owner: Client) -> None:
    owner.put(f"{D}/collections/c", {"permissions": {"read": ["system.Authenticated"]}})
    bob = owner.as_("bob")
    assert bob.get(D).data["id"] != REAL
    assert bob.get(f"/buckets/{REAL}").status == 403  # protocol D-16
    assert bob.get(f"/buckets/{REAL}/collections/c").status == 200


def test_a_batch_uses_the_alias(owner: Client) -> None:
    records = f"{D}/collections/c/records"
    requests = [{"method": "PUT", "path": f"{records}/r{i}"} for i in range(3)]
    responses = owner.batch(
        *requests, {"method": "DELETE", "path": f"{D}/collections/c"}, *requests
    )
    assert [one["status"] for one in responses] == [201, 201, 201, 200, 201, 201, 201]
    assert responses[0]["path"] == f"/v1{records}/r0"  # protocol D-13, W-7
    assert owner.get(records).ids == ["r2", "r1", "r0"]


def test_a_read_only_server_has_no_alias(make_client: MakeClient) -> None:
    client = make_client({**ENABLED, "readonly": "true"})
    assert client.get(D).error == (405, 115)  # protocol D-4, E-28
    assert client.as_(None).get(D).error == (401, 104)


def test_preflights_need_no_user(owner: Client) -> None:
    headers = {"Origin": "http://x.org", "Access-Control-Request-Method": "PUT"}
    answer = owner.as_(None).request("OPTIONS", f"{D}/collections/c", None, headers)
    assert answer.status == 200  # protocol D-4, C-7
    assert answer.headers["Access-Control-Allow-Methods"] == "GET,HEAD,PUT,PATCH,DELETE,OPTIONS"


def test_a_trailing_slash_is_redirected(owner: Client) -> None:
    assert owner.get(f"{D}/").status == 307  # protocol D-10
