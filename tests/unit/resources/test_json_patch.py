"""The operations of JSON patches on an object and its permissions."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinto_core.errors import InvalidInput
from kinto_core.objects import Grants
from kinto_core.resources.json_patch import OPERATIONS, apply_operations, parse_operations

NAMES = ("read", "write", "record:create")
STORED: dict[str, Any] = {"id": "r", "last_modified": 5, "a": 1, "b": {"c": 2}, "l": [1, 2]}
GRANTS: Grants = {"write": {"bob"}}
GROUP = "/buckets/b/groups/g"


def apply(*operations: dict[str, Any]) -> tuple[dict[str, Any], Grants]:
    """The result of operations that have no faults of form."""
    parsed, faults = parse_operations(list(operations))
    assert faults == []
    return apply_operations(parsed, STORED, GRANTS, NAMES)


def refused(*operations: dict[str, Any]) -> Any:  # noqa: ANN401  the name may be any JSON value
    """The name in the fault of operations that do not fit."""
    before = copy.deepcopy(STORED)
    with pytest.raises(InvalidInput) as caught:
        apply(*operations)
    assert before == STORED  # protocol X-21: nothing is changed
    return caught.value.faults[0].name


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (None, [""]),  # protocol X-15
        ({"op": "add"}, [""]),
        ([5], ["0"]),
        ([{"op": "add", "path": "/data/n", "value": 1, "more": 1}], ["0"]),  # protocol X-16
        ([{"path": "/data/a"}], ["0.op"]),
        ([{"op": "ADD", "path": "/a"}, {"op": ["add"], "path": "/a"}], ["0.op", "1.op"]),
        ([{"op": "add"}], ["0.path"]),
        ([{"op": "add", "path": ""}], ["0.path"]),
        ([{"op": "add", "path": 5}], ["0.path"]),
        ([{"op": "add", "path": "data/a"}], ["0.path"]),
        ([{"op": "move", "path": "/data/a", "from": "data"}], ["0.from"]),
    ],
)
def test_faults_of_form_are_named_by_operation(value: Any, names: list[str]) -> None:  # noqa: ANN401  any JSON
    _, faults = parse_operations(value)
    assert [fault.name for fault in faults] == names


def test_no_operations_change_nothing() -> None:
    assert apply() == (STORED, {"read": set(), "write": {"bob"}})


def test_operations_change_fields() -> None:
    data, _ = apply(
        {"op": "test", "path": "/data/a", "value": 1},
        {"op": "add", "path": "/data/n", "value": None},
        {"op": "remove", "path": "/data/b/c"},
        {"op": "add", "path": "/data/l/-", "value": 3},
        {"op": "copy", "from": "/data/l", "path": "/data/m"},
        {"op": "move", "from": "/data/a", "path": "/data/x~1y"},
    )
    assert data == {
        "id": "r", "last_modified": 5, "n": None, "b": {}, "l": [1, 2, 3], "m": [1, 2, 3], "x/y": 1,
    }  # fmt: skip


def test_principals_need_no_value() -> None:
    _, grants = apply(  # protocol X-18
        {"op": "add", "path": "/permissions/read/~1buckets~1b~1groups~1g"},
        {"op": "add", "path": "/permissions/read/carol", "value": "dan"},
        {"op": "remove", "path": "/permissions/write/bob"},
    )
    assert grants == {"read": {GROUP, "carol"}, "write": set()}


def test_a_principal_moves_between_lists() -> None:
    _, grants = apply(
        {"op": "move", "from": "/permissions/write/bob", "path": "/permissions/read/bob"}
    )
    assert grants == {"read": {"bob"}, "write": set()}


def test_other_lists_are_given_as_a_whole() -> None:
    path = "/permissions/record:create"  # protocol X-19
    _, grants = apply({"op": "add", "path": path, "value": {"basicauth:n": 1}})
    assert grants["record:create"] == {"basicauth:n"}
    assert refused({"op": "add", "path": f"{path}/x", "value": 1}) is None


def test_a_list_is_emptied_by_replacing_it_not_by_removing_it() -> None:
    _, grants = apply({"op": "remove", "path": "/permissions/write"})  # protocol X-20
    assert grants["write"] == {"bob"}
    _, grants = apply({"op": "replace", "path": "/permissions/write", "value": {}})
    assert grants["write"] == set()


@pytest.mark.parametrize(
    ("path", "value", "name"),
    [
        ("/permissions/bogus", {"a": 1}, "permissions"),  # protocol W-3
        ("/permissions/read", "abc", "permissions.read"),
        ("/permissions/read", [1], "permissions.read.0"),
        ("/permissions/read", {"": 1}, "permissions.read.0"),
    ],
)
def test_the_resulting_permissions_are_checked(path: str, value: Any, name: str) -> None:  # noqa: ANN401  any JSON
    assert refused({"op": "add", "path": path, "value": value}) == name


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/data/a", "value": 2},
        {"op": "test", "path": "/data/a", "value": True},
        {"op": "test", "path": "/data/a"},
        {"op": "remove", "path": "/data/zz"},
        {"op": "replace", "path": "/data/zz", "value": 1},
        {"op": "add", "path": "/data/l/9", "value": 1},
        {"op": "add", "path": "/data/l/" + "9" * 5000, "value": 1},
        {"op": "add", "path": "/data/a/b", "value": 1},
        {"op": "add", "path": "/data/~2", "value": 1},
        {"op": "move", "path": "/data/a"},
        {"op": "move", "from": "/data", "path": "/data/x"},
        {"op": "copy", "from": "/data/zz", "path": "/data/z"},
        {"op": "remove", "path": "/data"},  # protocol X-23, W-17
        {"op": "replace", "path": "/data", "value": 5},
        {"op": "remove", "path": "/permissions"},
        {"op": "add", "path": "/permissions", "value": []},
    ],
)
def test_what_does_not_fit_is_refused(operation: dict[str, Any]) -> None:
    assert refused(operation) is None  # protocol X-21


def test_other_paths_have_no_effect() -> None:
    data, _ = apply({"op": "add", "path": "/x", "value": 1})  # protocol X-22
    assert data == STORED


def test_data_can_be_replaced_as_a_whole() -> None:
    data, _ = apply({"op": "add", "path": "/data", "value": {"only": 1}})
    assert data == {"only": 1}


def test_a_patch_can_be_applied_again() -> None:
    operations, _ = parse_operations(
        [
            {"op": "add", "path": "/data/n", "value": []},
            {"op": "add", "path": "/data/n/-", "value": 1},
        ]
    )
    results = [apply_operations(operations, STORED, GRANTS, NAMES)[0]["n"] for _ in range(2)]
    assert results == [[1], [1]]


def test_copies_cannot_grow_without_bounds() -> None:
    copies = [{"op": "copy", "from": "/data", "path": f"/data/x{i}"} for i in range(60)]
    assert refused(*copies) is None


def test_objects_cannot_become_bottomless() -> None:
    path, operations = "/data", []
    for _ in range(300):
        path += "/x"
        operations.append({"op": "add", "path": path, "value": {}})
    assert refused(*operations) is None


paths = st.lists(
    st.sampled_from(["data", "permissions", "read", "a", "b", "l", "0", "-", "", "~0", "c"]),
    max_size=4,
).map(lambda parts: "/" + "/".join(parts))
operation = st.fixed_dictionaries(
    {"op": st.sampled_from(OPERATIONS), "path": paths},
    optional={
        "from": paths,
        "value": st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=3),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner),
            max_leaves=3,
        ),
    },
)


@given(st.lists(operation, max_size=6))
def test_a_patch_is_applied_or_refused(operations: list[dict[str, Any]]) -> None:
    parsed, faults = parse_operations(operations)
    if faults:
        return
    before = copy.deepcopy(STORED)
    try:
        data, grants = apply_operations(parsed, STORED, GRANTS, NAMES)
    except InvalidInput:
        pass
    else:
        assert isinstance(data, dict)
        assert grants.keys() <= set(NAMES)
    assert before == STORED
