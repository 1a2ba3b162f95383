"""Protocol section 9: several requests in one."""

import threading
from typing import Any

import pytest

from tests.protocol.client import ALICE, BOB, B, C, Client, Json, R, basic, quoted
from tests.protocol.conftest import MakeClient

Object = dict[str, Any]


def put(path: str, **data: Json) -> Object:
    """A request of a batch."""
    return {"method": "PUT", "path": path, "body": {"data": data}}


def statuses(responses: list[Object]) -> list[int]:
    """The status of each response."""
    return [one["status"] for one in responses]


def test_requests_see_what_came_before(alice: Client) -> None:
    responses = alice.batch(put(B), put(C), put(f"{R}/r", v=1), {"path": f"{R}/r"}, {"path": R})
    assert statuses(responses) == [201, 201, 201, 200, 200]  # protocol B-2, B-10
    assert responses[3]["body"]["data"]["v"] == 1
    assert responses[0]["body"]["permissions"] == {"write": [ALICE]}
    assert responses[4]["body"]["data"] == [responses[3]["body"]["data"]]
    assert alice.get(f"{R}/r").data == responses[2]["body"]["data"]


def test_a_response(blog: Client) -> None:
    [one] = blog.batch({"path": f"/v1{R}?_limit=5"})  # protocol B-11, B-16
    assert set(one) == {"status", "path", "headers", "body"}
    assert one["path"] == f"/v1{R}"
    assert {"ETag", "Content-Type", "Content-Length", "X-Content-Type-Options"} <= set(
        one["headers"]
    )
    [head] = blog.batch({"method": "HEAD", "path": R})
    assert (head["status"], head["body"], head["headers"]["Total-Objects"]) == (200, "", "0")


def test_errors_have_their_usual_body(blog: Client) -> None:
    responses = blog.batch({"path": f"{R}/none"}, {"path": "/nope"}, {"path": "/v2/buckets"})
    assert [one["body"]["errno"] for one in responses] == [110, 111, 111]  # protocol B-17, B-11
    assert responses[0]["body"] == blog.get(f"{R}/none").json


def test_defaults_fill_what_is_missing(blog: Client) -> None:
    defaults = {"method": "PUT", "body": {"data": {"d": 1}}, "headers": {"If-None-Match": "*"}}
    requests: list[Object] = [{"path": f"{R}/a", "body": {"data": {"e": 2}}}, {"path": f"{R}/a"}]
    responses = blog.batch(*requests, defaults=defaults)  # protocol B-3
    assert statuses(responses) == [201, 412]
    data = blog.get(f"{R}/a").data
    assert (data["d"], data["e"]) == (1, 2)


def test_the_number_of_requests_is_limited(make_client: MakeClient) -> None:
    client = make_client()
    requests = [{"path": "/"}] * 25
    assert statuses(client.batch(*requests)) == [200] * 25  # protocol B-4
    answer = client.post("/batch", {"requests": [*requests, {"path": "/"}]})
    assert answer.faults == [("body", "requests", "Number of requests is limited to 25")]
    assert (
        make_client({"batch_max_requests": "1"}).post("/batch", {"requests": requests[:2]}).status
        == 400
    )


@pytest.mark.parametrize("path", ["/batch", "/v1/batch", "/batch?x=1", "/batch/"])
def test_a_batch_holds_no_batch(alice: Client, path: str) -> None:
    answer = alice.post("/batch", {"requests": [put(B), {"method": "POST", "path": path}]})
    assert answer.error == (400, 107)  # protocol B-5
    assert "Recursive" in answer.faults[0][2]
    assert alice.get(B).status == 403


def test_objects_may_be_called_batch(alice: Client) -> None:
    path = "/buckets/batch"  # protocol W-14
    assert statuses(alice.batch(put(path), put(f"{path}/collections/batch-1"))) == [201, 201]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({}, "requests"),  # protocol B-1, B-7
        ({"requests": None}, "requests"),
        ({"requests": {}}, "requests"),
        ({"requests": [], "x": 1}, ""),
        ({"requests": [{}]}, "requests.0.path"),
        ({"requests": [{"path": 5}]}, "requests.0.path"),
        ({"requests": [{"path": "x"}]}, "requests.0.path"),
        ({"requests": [{"path": "/", "method": "FOO"}]}, "requests.0.method"),
        ({"requests": [{"path": "/", "method": "get"}]}, "requests.0.method"),
        ({"requests": [{"path": "/", "extra": 1}]}, "requests.0"),
        ({"requests": [{"path": "/", "body": 5}]}, "requests.0.body"),
        ({"requests": [{"path": "/", "headers": {"a": 1}}]}, "requests.0.headers"),
        ([], ""),  # protocol W-17
    ],
)
def test_faulty_batches_do_nothing(alice: Client, body: Json, name: str) -> None:
    if isinstance(body, dict) and body.get("requests"):
        body["requests"].append(put(B))
    answer = alice.post("/batch", body)
    assert [fault[:2] for fault in answer.faults] == [("body", name)]
    assert alice.get(B).status == 403


def test_an_empty_batch(alice: Client) -> None:
    assert alice.batch() == []  # protocol B-1


def test_the_type_of_a_batch(alice: Client) -> None:
    assert alice.post("/batch", b"{}", content_type="text/plain").error == (415, 107)  # B-6
    answer = alice.post("/batch", {"requests": []}, accept="text/html")
    assert answer.status == 200


def test_headers_are_inherited(blog: Client) -> None:
    etag = blog.put(f"{R}/a").etag
    requests = [
        put(f"{R}/a"),
        {**put(f"{R}/a"), "headers": {"If-Match": quoted(etag)}},
        {"path": "/", "headers": {"Authorization": basic("bob:pw")}},
        {"path": "/", "headers": {"authorization": ""}},
    ]
    answer = blog.post("/batch", {"requests": requests}, if_match=quoted(5))  # protocol B-12
    one, two, bob, nobody = answer.json["responses"]
    assert (one["status"], two["status"]) == (412, 200)
    assert bob["body"]["user"]["id"] == BOB
    assert "user" not in nobody["body"]


def test_patches_of_all_kinds(blog: Client) -> None:
    blog.put(f"{R}/a", {"data": {"v": 1, "w": 2}})
    merge = {"Content-Type": "application/merge-patch+json"}
    operations = {"Content-Type": "application/json-patch+json"}
    responses = blog.batch(
        {"method": "PATCH", "path": f"{R}/a", "headers": merge, "body": {"data": {"v": None}}},
        {
            "method": "PATCH",
            "path": f"{R}/a",
            "headers": operations,
            "body": [{"op": "add", "path": "/data/z", "value": 3}],
        },
    )
    assert statuses(responses) == [200, 200]  # protocol W-14
    data = blog.get(f"{R}/a").data
    assert "v" not in data
    assert (data["w"], data["z"]) == (2, 3)


def test_what_is_known_is_not_sent_again(blog: Client) -> None:
    etag = blog.put(f"{R}/a").etag
    known = {"path": f"{R}/a", "headers": {"If-None-Match": quoted(etag)}}
    responses = blog.batch(put(f"{R}/b"), known)
    assert statuses(responses) == [201, 304]  # protocol B-15, W-5
    assert responses[1]["body"] == ""
    assert blog.get(f"{R}/b").status == 200


def test_refused_requests_change_nothing_for_others(blog: Client) -> None:
    responses = blog.batch(
        put(f"{R}/a"), put(f"{R}/-bad"), put("/buckets/b/collections/none/records/x"), put(f"{R}/b")
    )
    assert statuses(responses) == [201, 400, 404, 201]  # protocol B-20
    assert blog.get(R).ids == ["b", "a"]


def test_redirects_are_followed(blog: Client) -> None:
    responses = blog.batch({"path": f"{R}/"}, {"path": f"{R}/none/"})  # protocol B-14, W-15
    assert statuses(responses) == [200, 404]
    assert responses[0]["path"] == f"/v1{R}"
    assert responses[1]["body"]["errno"] == 110


@pytest.mark.parametrize("path", ["/buckets/é", "/buckets/%E9", "/buckets/%zz", "/é"])
def test_odd_paths_get_an_entry_of_their_own(alice: Client, path: str) -> None:
    responses = alice.batch(put(B), {"method": "PUT", "path": path})  # protocol W-15
    assert responses[0]["status"] == 201
    assert responses[1]["status"] in (400, 404)
    assert responses[1]["body"]["errno"] in (107, 111)


def test_cascades_come_at_once(blog: Client) -> None:
    blog.put(f"{R}/old")
    responses = blog.batch(
        {"method": "DELETE", "path": B}, put(B), put(C), {"path": R}, put(f"{R}/new")
    )
    assert statuses(responses) == [200, 201, 201, 200, 201]  # protocol W-7, B-23
    assert responses[3]["body"]["data"] == []
    assert blog.get(R).ids == ["new"]
    assert blog.get(B).permissions == {"write": {ALICE}}


def test_deleted_collections_take_no_records(blog: Client) -> None:
    responses = blog.batch(
        put(f"{R}/a"), {"method": "DELETE", "path": C}, put(f"{R}/b"), {"path": R}
    )
    assert statuses(responses) == [201, 200, 404, 404]  # protocol W-7, B-24


def test_groups_count_at_once(blog: Client) -> None:
    blog.put("/buckets/b/groups/g")
    blog.patch(C, {"permissions": {"read": ["/buckets/b/groups/g"]}})
    as_bob = {"path": R, "headers": {"Authorization": basic("bob:pw")}}
    responses = blog.batch(as_bob, put("/buckets/b/groups/g", members=[BOB]), as_bob)
    assert statuses(responses) == [403, 200, 200]  # protocol W-7, B-22


def test_batches_that_meet_all_succeed(blog: Client) -> None:
    blog.put("/buckets/b/collections/d")
    paths = [R, "/buckets/b/collections/d/records"]
    answers: list[list[int]] = []

    def work(number: int) -> None:
        for round_ in range(2):
            order = paths if number % 2 else paths[::-1]  # each holds what the other waits for
            requests = [put(f"{path}/r{number}-{round_}") for path in order]
            answers.append(statuses(blog.batch(*requests)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[201, 201]] * 4  # protocol W-6, W-34
    assert [len(blog.get(path).ids) for path in paths] == [4, 4]


def test_schemas_count_at_once(make_client: MakeClient) -> None:
    client = make_client({"experimental_collection_schema_validation": "true"})
    schema = {"type": "object", "required": ["title"]}
    responses = client.batch(
        put(B), put(C), put(f"{R}/a"), put(C, schema=schema), put(f"{R}/b"), put(f"{R}/c", title="")
    )
    assert statuses(responses) == [201, 201, 201, 200, 400, 201]  # protocol W-7, B-24
