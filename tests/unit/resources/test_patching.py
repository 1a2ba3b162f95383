"""From an object and a patch to the new object, and to the answer."""

import copy
from typing import Any

import pytest

from kinto_core.errors import InvalidInput
from kinto_core.resources.patching import (
    JSON_PATCH,
    MERGE_PATCH,
    Behavior,
    Patched,
    merge,
    parse_patch,
    respond,
)

PLAIN = "application/json"
NAMES = ("read", "write")
STORED: dict[str, Any] = {
    "id": "r", "last_modified": 5, "a": 1, "b": {"c": 2, "d": [1, 2, 3]}, "e": None,
}  # fmt: skip
GRANTS = {"read": {"alice"}, "write": {"bob"}}


def patched(media_type: str, value: Any) -> Patched:  # noqa: ANN401  any JSON value
    """The result of a patch that has no faults of form."""
    change, faults = parse_patch(media_type, value, NAMES)
    assert faults == []
    return change.apply(copy.deepcopy(STORED), copy.deepcopy(GRANTS), NAMES)


def answer(behavior: Behavior, media_type: str, value: Any) -> dict[str, Any]:  # noqa: ANN401  any JSON
    """The answer to a patch, stored at time 6."""
    result = patched(media_type, value)
    return respond(behavior, result, {**result.data, "last_modified": 6})


def test_a_plain_patch_replaces_whole_fields() -> None:
    result = patched(PLAIN, {"data": {"b": {"c": 9}, "a": None}})  # protocol X-7
    assert result.data == {**STORED, "b": {"c": 9}, "a": None}
    assert result.permissions == GRANTS


def test_a_plain_patch_replaces_the_named_lists() -> None:
    result = patched(PLAIN, {"permissions": {"write": ["dan"], "read": None}})  # protocol X-9
    assert result.permissions == {"read": {"alice"}, "write": {"dan"}}
    assert patched(PLAIN, {"permissions": {"read": []}}).permissions["read"] == set()


@pytest.mark.parametrize("media_type", [PLAIN, MERGE_PATCH])
@pytest.mark.parametrize("value", [None, {}])
def test_an_empty_patch_is_refused_when_it_is_applied(media_type: str, value: Any) -> None:  # noqa: ANN401  any JSON
    with pytest.raises(InvalidInput) as caught:
        patched(media_type, value)  # protocol, 0-27
    assert caught.value.faults[0].name == "data"


@pytest.mark.parametrize("media_type", [PLAIN, MERGE_PATCH])
def test_empty_data_or_permissions_are_accepted(media_type: str) -> None:
    assert patched(media_type, {"data": {}}).data == STORED  # protocol X-8
    assert patched(media_type, {"permissions": {}}).permissions == GRANTS


@pytest.mark.parametrize("media_type", [PLAIN, MERGE_PATCH])
@pytest.mark.parametrize(
    ("value", "name"),
    [([], ""), ({"data": {}, "x": 1}, ""), ({"data": None}, "data"),
     ({"permissions": {"x": ["a"]}}, "permissions"),
     ({"data": {"last_modified": 2**53}}, "last_modified")],
)  # fmt: skip
def test_faults_of_form_have_names_without_prefix(media_type: str, value: Any, name: str) -> None:  # noqa: ANN401  any JSON
    _, faults = parse_patch(media_type, value, NAMES)  # protocol X-5
    assert [fault.name for fault in faults] == [name]


def test_a_merge_patch_merges_objects_and_removes_nulls() -> None:
    result = patched(MERGE_PATCH, {"data": {"b": {"c": None}, "a": None, "n": {"p": None}}})
    assert result.data == {  # protocol X-10
        "id": "r", "last_modified": 5, "b": {"d": [1, 2, 3]}, "e": None, "n": {},
    }  # fmt: skip


def test_a_merge_patch_keeps_nulls_in_lists() -> None:
    assert patched(MERGE_PATCH, {"data": {"l": [None, {"x": None}]}}).data["l"] == [
        None,
        {"x": None},
    ]


@pytest.mark.parametrize("field", ["a", "e", "missing"])
def test_an_object_replaces_what_is_no_object(field: str) -> None:
    assert patched(MERGE_PATCH, {"data": {field: {"x": 1}}}).data[field] == {"x": 1}  # W-17


def test_a_merge_patch_restores_the_id() -> None:
    assert patched(MERGE_PATCH, {"data": {"id": None}}).data["id"] == "r"  # protocol M-19


def test_a_plain_patch_does_not_restore_the_id() -> None:
    assert patched(PLAIN, {"data": {"id": None}}).data["id"] is None  # protocol M-19


def test_merging_changes_nothing_in_place() -> None:
    target = {"b": {"c": 1}}
    assert merge(target, {"b": {"d": 2}}) == {"b": {"c": 1, "d": 2}}
    assert target == {"b": {"c": 1}}  # protocol W-18


def test_a_merge_patch_removes_lists() -> None:
    result = patched(MERGE_PATCH, {"permissions": {"read": None, "bogus": None}})
    assert result.permissions == {"read": set(), "write": {"bob"}}  # protocol X-12, W-1


def test_a_merge_patch_that_leaves_no_list_changes_none() -> None:
    result = patched(MERGE_PATCH, {"permissions": {"read": None, "write": None}})
    assert result.permissions == GRANTS  # protocol X-12, P-22


@pytest.mark.parametrize(
    ("media_type", "value", "light", "diff"),
    [
        (PLAIN, {"data": {"a": 7, "e": None, "q": 3}}, {"a": 7, "q": 3}, {}),  # protocol X-26
        (PLAIN, {"data": {"a": 1}}, {}, {}),
        (PLAIN, {"data": {"a": True}}, {"a": True}, {}),
        (PLAIN, {"permissions": {"read": ["z"]}}, {}, {}),
        (PLAIN, {"data": {"last_modified": 1}}, {"last_modified": 6}, {"last_modified": 6}),
        (MERGE_PATCH, {"data": {"b": {"c": 5}, "a": None}},
         {"b": {"c": 5, "d": [1, 2, 3]}}, {}),  # protocol X-27, W-18
        (JSON_PATCH, [{"op": "add", "path": "/data/n", "value": 5},
                      {"op": "remove", "path": "/data/a"}],
         {"last_modified": 6, "n": 5}, {"last_modified": 6}),
    ],
)  # fmt: skip
def test_light_and_diff_answers(
    media_type: str,
    value: Any,  # noqa: ANN401  any JSON value
    light: dict[str, Any],
    diff: dict[str, Any],
) -> None:
    assert answer(Behavior.LIGHT, media_type, value) == light
    assert answer(Behavior.DIFF, media_type, value) == diff


def test_a_full_answer_is_the_stored_object() -> None:
    assert answer(Behavior.FULL, PLAIN, {"data": {"a": 2}}) == {
        **STORED,
        "a": 2,
        "last_modified": 6,
    }


def test_the_wanted_timestamp_is_the_one_of_the_result() -> None:
    operations = [{"op": "replace", "path": "/data/last_modified", "value": 9}]
    assert patched(JSON_PATCH, operations).last_modified == 9  # protocol X-22
    assert patched(PLAIN, {"data": {"last_modified": 9}}).last_modified == 9
    assert patched(PLAIN, {"data": {"last_modified": "9"}}).last_modified is None  # protocol T-10


def test_a_json_patch_cannot_set_a_timestamp_beyond_exact_numbers() -> None:
    with pytest.raises(InvalidInput) as caught:
        patched(JSON_PATCH, [{"op": "add", "path": "/data/last_modified", "value": 2**53}])
    assert caught.value.faults[0].name == "last_modified"  # protocol W-19
