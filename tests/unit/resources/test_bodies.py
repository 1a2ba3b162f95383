"""The envelope of a request and the typed fields of the four kinds of objects."""

from typing import Any

import pytest

from kinto_core.resources.bodies import (
    bucket_fields,
    collection_fields,
    group_fields,
    parse_body,
    record_fields,
)

NAMES = ("read", "write")


def names_at_fault(value: Any) -> list[Any]:  # noqa: ANN401  any JSON value
    """The names in the faults of a body."""
    _, faults = parse_body(value, permission_names=NAMES)
    return [fault.name for fault in faults]


@pytest.mark.parametrize("value", [None, {}])
def test_data_and_permissions_are_optional(value: Any) -> None:  # noqa: ANN401  any JSON value
    body, faults = parse_body(value, permission_names=NAMES)  # protocol M-11
    assert (body.data, body.permissions, faults) == (None, None, [])


def test_a_body_holds_data_and_permissions() -> None:
    value = {"data": {"a": 1}, "permissions": {"read": ["x", "x"], "write": None}}
    body, faults = parse_body(value, permission_names=NAMES)
    assert faults == []
    assert body.data == {"a": 1}
    assert body.permissions == {"read": ["x", "x"]}  # protocol X-9: null is a list not given


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ([], [""]),
        ({"data": {}, "x": 1}, [""]),  # protocol M-10
        ({"data": 5, "x": 1}, [""]),  # protocol E-11
        ({"data": None}, ["data"]),
        ({"data": []}, ["data"]),
        ({"permissions": None}, ["permissions"]),
        ({"data": 1, "permissions": 2}, ["data", "permissions"]),  # protocol 0-21
        ({"permissions": {"bogus": []}}, ["permissions"]),  # protocol P-12
        ({"permissions": {"read": "x"}}, ["permissions.read"]),
        ({"permissions": {"read": {}}}, ["permissions.read"]),
        ({"permissions": {"read": ["a", 1, "", None]}},
         ["permissions.read.1", "permissions.read.2", "permissions.read.3"]),
    ],
)  # fmt: skip
def test_every_fault_is_named(value: Any, names: list[str]) -> None:  # noqa: ANN401  any JSON value
    assert names_at_fault(value) == names


def test_the_known_permissions_are_listed_in_order() -> None:
    _, faults = parse_body({"permissions": {"bogus": []}}, permission_names=NAMES)
    assert faults[0].description == '"bogus" is not one of read, write'


@pytest.mark.parametrize("given", [1.5, "5", None, True, [], {}])
def test_a_timestamp_that_is_no_integer_is_dropped(given: Any) -> None:  # noqa: ANN401  any JSON
    value = {"data": {"last_modified": given}}
    body, faults = parse_body(value, permission_names=NAMES)  # protocol T-10
    assert (body.last_modified, faults) == (None, [])


@pytest.mark.parametrize("given", [-1, 0, 1500000000000, 2**53 - 1])
def test_an_integer_is_a_wanted_timestamp(given: int) -> None:
    value = {"data": {"last_modified": given}}
    body, faults = parse_body(value, permission_names=NAMES)  # protocol T-13
    assert (body.last_modified, faults) == (given, [])


@pytest.mark.parametrize("given", [2**53, 2**64, -(2**53)])
def test_a_timestamp_beyond_exact_numbers_is_refused(given: int) -> None:
    value = {"data": {"last_modified": given}}
    assert names_at_fault(value) == ["data.last_modified"]  # protocol W-19


@pytest.mark.parametrize(
    ("given", "kept"), [("5", 5), (1.7, 1), (True, 1), (-3, -3), (False, 0), (0, 0)]
)
def test_cache_expires_becomes_an_integer(given: Any, kept: int) -> None:  # noqa: ANN401  any JSON
    data, faults = collection_fields({"cache_expires": given, "a": 1}, "data.")  # protocol M-21
    assert (data, faults) == ({"cache_expires": kept, "a": 1}, [])


@pytest.mark.parametrize("given", [None, "", []])
def test_an_empty_cache_expires_is_dropped(given: Any) -> None:  # noqa: ANN401  any JSON value
    assert collection_fields({"cache_expires": given}, "data.") == ({}, [])


@pytest.mark.parametrize("given", ["x", [1], {"a": 1}, 1e300])
def test_another_cache_expires_is_refused(given: Any) -> None:  # noqa: ANN401  any JSON value
    _, faults = collection_fields({"cache_expires": given}, "")
    assert [fault.name for fault in faults] == ["cache_expires"]


def test_field_rules_change_nothing_in_place() -> None:
    data = {"cache_expires": "5"}
    collection_fields(data, "data.")
    assert data == {"cache_expires": "5"}


@pytest.mark.parametrize("schema", [12, None, "x", [], True, {"type": "Washmachine"}])
def test_a_schema_is_checked_when_it_is_stored(schema: Any) -> None:  # noqa: ANN401  any JSON
    _, faults = collection_fields({"schema": schema}, "data.")  # protocol J-2
    assert [fault.name for fault in faults] == ["data.schema"]
    for field in ("collection:schema", "group:schema", "record:schema"):  # protocol M-22
        _, faults = bucket_fields({field: schema}, "")
        assert [fault.name for fault in faults] == [field]


def test_members_are_users() -> None:
    members = ["a", "system.Authenticated", "system.Everyone", "/buckets/b/groups/g"]
    _, faults = group_fields({"members": members}, "data.")  # protocol M-23
    assert [fault.name for fault in faults] == ["data.members.2", "data.members.3"]


@pytest.mark.parametrize(
    ("members", "name"),
    [(None, "members"), ("a", "members"), ({}, "members"), ([""], "members.0"),
     ([None], "members.0"), (["a", 1], "members.1")],
)  # fmt: skip
def test_members_are_a_list_of_texts(members: Any, name: str) -> None:  # noqa: ANN401  any JSON
    _, faults = group_fields({"members": members}, "")
    assert [fault.name for fault in faults] == [name]


def test_a_group_without_members_has_an_empty_list() -> None:
    assert group_fields({"a": 1}, "data.") == ({"a": 1, "members": []}, [])  # protocol M-24


def test_records_have_any_field() -> None:
    data = {"": 1, "a.b": 2, "__permissions__": {"read": ["x"]}}  # protocol M-17, M-20
    assert record_fields(data, "data.") == (data, [])


def test_descriptions_stay_short() -> None:
    _, faults = parse_body({"data": "x" * 100_000}, permission_names=NAMES)
    assert len(faults[0].description) < 1000
