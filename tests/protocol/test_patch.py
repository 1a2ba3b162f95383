"""Protocol section 4: the three kinds of patches."""

from typing import Any

import pytest

from tests.protocol.client import ALICE, BOB, EVERYONE, Answer, B, C, Client, G, Json, R

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STORED = {"a": 1, "o": {"b": 1, "c": 2}, "l": [1, 2], "n": None}
X = f"{R}/x"


@pytest.fixture
def stored(blog: Client) -> Client:
    """Alice with the record of AX-5."""
    blog.put(X, {"data": STORED, "permissions": {"read": [BOB]}})
    return blog


def fields(answer: Answer) -> dict[str, Any]:
    """The fields of an object, its own aside."""
    assert answer.status == 200, answer.text
    return {name: v for name, v in answer.data.items() if name not in ("id", "last_modified")}


def operate(client: Client, *operations: dict[str, Any], **headers: str) -> Answer:
    """Send a JSON patch."""
    return client.patch(X, list(operations), content_type=JSON_PATCH, **headers)


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "application/jsonx"])
def test_other_types_are_refused(stored: Client, media_type: str) -> None:
    answer = stored.patch(X, b"{}", content_type=media_type)  # protocol X-1
    assert answer.error == (415, 107)
    assert answer.json["message"].startswith("Content-Type header should be one of [")


def test_types_are_compared_without_case_and_parameters(stored: Client) -> None:
    merged = stored.patch(
        X, {"data": {"a": None}}, content_type="Application/Merge-Patch+JSON; x=1"
    )
    assert "a" not in fields(merged)  # protocol X-2, W-16
    operation = b'[{"op": "add", "path": "/data/z", "value": 5}]'
    answer = stored.patch(X, operation, content_type=JSON_PATCH + "; charset=utf-8")
    assert fields(answer)["z"] == 5
    assert stored.patch(X, {"data": {}}, content_type="Application/JSON").status == 200


@pytest.mark.parametrize("body", [{"data": {}}, {"permissions": {}}, {"data": {"a": 1}}])
def test_every_patch_moves_the_timestamp(stored: Client, body: Json) -> None:
    before = stored.get(X).etag
    answer = stored.patch(X, body)  # protocol X-4, X-6, X-8
    assert answer.etag == answer.data["last_modified"] > before


@pytest.mark.parametrize("body", [None, {}])
@pytest.mark.parametrize("media_type", ["application/json", MERGE])
def test_an_empty_patch_is_refused(stored: Client, body: Json, media_type: str) -> None:
    expected = [("body", "data", "Provide at least one of data or permissions")]
    assert stored.patch(X, body, content_type=media_type).faults == expected  # protocol X-8, X-13
    assert stored.patch(f"{R}/none", body, content_type=media_type).error == (404, 110)


@pytest.mark.parametrize(
    ("media_type", "change", "expected"),
    [
        ("application/json", {"o": {"z": 1}}, {**STORED, "o": {"z": 1}}),  # protocol X-7, AX-5
        ("application/json", {"a": None}, {**STORED, "a": None}),
        (MERGE, {"a": None}, {k: v for k, v in STORED.items() if k != "a"}),  # protocol X-10
        (MERGE, {"o": {"z": 1, "b": None}}, {**STORED, "o": {"c": 2, "z": 1}}),
        (MERGE, {"new": {"p": None, "q": {"r": 1}}}, {**STORED, "new": {"q": {"r": 1}}}),
        (MERGE, {"l": [3, None]}, {**STORED, "l": [3, None]}),
        (MERGE, {"a": {"b": 1}}, {**STORED, "a": {"b": 1}}),  # protocol X-11, W-17
        (MERGE, {"l": {"b": None}}, {**STORED, "l": {}}),
    ],
)
def test_fields_are_merged(
    stored: Client, media_type: str, change: dict[str, Any], expected: dict[str, Any]
) -> None:
    answer = stored.patch(X, {"data": change}, content_type=media_type)
    assert fields(answer) == expected
    assert fields(stored.get(X)) == expected


def test_permissions_are_replaced_one_by_one(stored: Client) -> None:
    stored.patch(C, {"permissions": {"read": [BOB], "record:create": [BOB]}})
    answer = stored.patch(C, {"permissions": {"read": []}})  # protocol X-9
    assert answer.permissions == {"record:create": {BOB}, "write": {ALICE}}
    assert stored.patch(C, {"permissions": {"read": None}}).status == 200
    assert stored.patch(C, {"permissions": {"bogus": [BOB]}}).status == 400


def test_merging_permissions(stored: Client) -> None:
    assert stored.patch(
        X, {"permissions": {"write": [EVERYONE]}}, content_type=MERGE
    ).permissions == {
        "read": {BOB},
        "write": {EVERYONE, ALICE},
    }  # protocol X-12
    removed = {"permissions": {"read": None, "bogus": None}}
    assert "read" not in stored.patch(X, removed, content_type=MERGE).permissions
    bad = {"permissions": {"bogus": [BOB]}}
    assert stored.patch(X, bad, content_type=MERGE).status == 400


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([], STORED),  # protocol X-15
        ([{"op": "add", "path": "/data/l/-", "value": 3}], {**STORED, "l": [1, 2, 3]}),
        ([{"op": "replace", "path": "/data/a", "value": 2}], {**STORED, "a": 2}),
        ([{"op": "copy", "from": "/data/a", "path": "/data/z"}], {**STORED, "z": 1}),
        (
            [{"op": "test", "path": "/data/a", "value": 1}, {"op": "remove", "path": "/data/n"}],
            {k: v for k, v in STORED.items() if k != "n"},
        ),
        ([{"op": "add", "path": "/data", "value": {"q": 1}}], {"q": 1}),  # protocol X-22
        ([{"op": "remove", "path": "/data/id"}], STORED),
        ([{"op": "remove", "path": "/data/last_modified"}], STORED),
    ],
)
def test_operations_on_data(
    stored: Client, operations: list[dict[str, Any]], expected: dict[str, Any]
) -> None:
    answer = operate(stored, *operations)
    assert fields(answer) == expected
    assert answer.data["id"] == "x"
    assert answer.permissions == {"read": {BOB}, "write": {ALICE}}


@pytest.mark.parametrize(
    ("operations", "read"),
    [
        ([{"op": "add", "path": "/permissions/read/basicauth:n"}], {BOB, "basicauth:n"}),
        ([{"op": "add", "path": "/permissions/read/~1buckets~1b~1groups~1g"}], {BOB, G}),
        ([{"op": "remove", "path": f"/permissions/read/{BOB}"}], set()),
        ([{"op": "replace", "path": "/permissions/read", "value": {}}], set()),  # protocol X-20
        ([{"op": "add", "path": "/permissions/read/x", "value": "y"}], {BOB, "x"}),
    ],
)
def test_operations_on_permissions(
    stored: Client, operations: list[dict[str, Any]], read: set[str]
) -> None:
    answer = operate(stored, *operations)  # protocol X-17, X-18
    assert answer.permissions.get("read", set()) == read
    assert answer.permissions["write"] == {ALICE}


def test_other_permissions_are_added_as_a_whole(stored: Client) -> None:
    path = "/permissions/record:create"
    add = [{"op": "add", "path": path, "value": {"basicauth:n": 1}}]
    answer = stored.patch(C, add, content_type=JSON_PATCH)  # protocol X-19
    assert answer.permissions["record:create"] == {"basicauth:n"}
    below = [{"op": "add", "path": "/permissions/nope/basicauth:n", "value": 1}]
    assert stored.patch(C, below, content_type=JSON_PATCH).status == 400


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/data/a", "value": 2},
        {"op": "remove", "path": "/data/nope"},
        {"op": "replace", "path": "/data/nope", "value": 1},
        {"op": "add", "path": "/data/z"},
        {"op": "move", "from": "/data/nope", "path": "/data/z"},
    ],
)
def test_nothing_is_written_when_an_operation_fails(
    stored: Client, operation: dict[str, Any]
) -> None:
    before = stored.get(X).json
    [fault] = operate(stored, {"op": "add", "path": "/data/b", "value": 1}, operation).faults
    assert fault[:2] == ("body", None)  # protocol X-21
    assert fault[2].startswith("JSON Patch operation failed: ")
    assert stored.get(X).json == before


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ({"op": "add", "path": "/data/z", "value": 1, "extra": 2}, "0"),
        ({"op": "add", "value": 1}, "0.path"),
        ({"op": "add", "path": "", "value": 1}, "0.path"),
        ({"op": "add", "path": "data/z", "value": 1}, "0.path"),
        ({"op": "bogus", "path": "/data/z"}, "0.op"),
    ],
)
def test_malformed_operations(stored: Client, operation: dict[str, Any], name: str) -> None:
    [fault] = operate(stored, operation).faults  # protocol X-16
    assert fault[:2] == ("body", name)


@pytest.mark.parametrize("body", [{}, None])
def test_a_json_patch_is_a_list(stored: Client, body: Json) -> None:
    [fault] = stored.patch(X, body, content_type=JSON_PATCH).faults  # protocol X-15
    assert fault[:2] == ("body", "")


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/data", "value": 5},
        {"op": "remove", "path": "/data"},
        {"op": "remove", "path": "/permissions"},
        {"op": "add", "path": "/permissions", "value": []},
        {"op": "add", "path": "/permissions/bogus", "value": {"x": 1}},  # protocol W-3
        {"op": "replace", "path": "/permissions/read", "value": "abc"},
    ],
)
def test_the_parts_cannot_be_broken(stored: Client, operation: dict[str, Any]) -> None:
    before = stored.get(X).json
    assert operate(stored, operation).error == (400, 107)  # protocol X-23, W-17, W-3
    assert stored.get(X).json == before


def test_the_response_can_be_shorter(stored: Client) -> None:
    change = {"data": {"a": 7, "l": [1, 2], "q": 3}}
    light = stored.patch(X, change, response_behavior="light")  # protocol X-26
    assert light.json == {"data": {"a": 7, "q": 3}}
    again = {"data": {"a": 8}}
    assert stored.patch(X, again, response_behavior="diff").json == {"data": {}}
    answer = stored.patch(X, {"data": {"a": 8, "last_modified": 123}}, response_behavior="light")
    assert answer.json == {"data": {"last_modified": answer.etag}}
    add = {"op": "add", "path": "/data/n2", "value": 5}
    answer = operate(stored, add, response_behavior="light")
    assert answer.json == {"data": {"last_modified": answer.etag, "n2": 5}}


def test_nested_changes_show_in_short_responses(stored: Client) -> None:
    merged = {"data": {"o": {"z": 1}}}
    answer = stored.patch(X, merged, content_type=MERGE, response_behavior="light")
    assert answer.json == {"data": {"o": {"b": 1, "c": 2, "z": 1}}}  # protocol X-27, W-18


def test_unknown_behaviors_are_refused(stored: Client) -> None:
    answer = stored.patch(X, {"data": {}}, response_behavior="Light")  # protocol X-25
    expected = '"Light" is not one of full, light, diff'
    assert answer.faults == [("header", "Response-Behavior", expected)]
    assert "permissions" in stored.patch(X, {"data": {}}, response_behavior="").json


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (JSON_PATCH, [{"op": "add", "path": "/data/z", "value": 1}]),
        (MERGE, {"data": {"z": 1}}),
        (MERGE, {"permissions": {"read": ["x"]}}),
        ("application/json", {"data": {"z": 1}}),
    ],
)
def test_inherited_writers_keep_the_permissions(
    stored: Client, media_type: str, body: Json
) -> None:
    stored.patch(B, {"permissions": {"write": [BOB]}})
    stored.patch(X, {"permissions": {"write": ["basicauth:carol"]}})
    answer = stored.as_("bob").patch(X, body, content_type=media_type)  # protocol W-1, X-24
    assert answer.status == 200
    assert stored.get(X).permissions["write"] == {ALICE, BOB, "basicauth:carol"}
    assert stored.get(X).permissions["read"] == ({"x"} if "permissions" in body else {BOB})
