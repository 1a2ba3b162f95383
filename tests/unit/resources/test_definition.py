"""What a resource type is."""

import pytest

from kinto_core.errors import ConfigurationError
from kinto_core.ids import UUID4, NameGenerator, RelaxedUUID
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.collection import COLLECTION
from kinto_core.resources.definition import ResourceType, ResourceTypes, any_fields
from kinto_core.resources.group import GROUP
from kinto_core.resources.record import RECORD

ALL = (BUCKET, COLLECTION, GROUP, RECORD)


def test_paths_follow_from_the_declaration() -> None:
    assert BUCKET.plural_path == "/buckets"
    assert RECORD.plural_path == "/buckets/{bucket_id}/collections/{collection_id}/records"
    assert RECORD.object_path == RECORD.plural_path + "/{id}"  # protocol M-1
    assert RECORD.ancestors == (BUCKET, COLLECTION)


def test_permission_names_follow_from_the_children() -> None:
    types = ResourceTypes.build(ALL, {})
    assert types.permission_names(BUCKET) == (
        "read",
        "write",
        "collection:create",
        "group:create",
    )  # protocol P-10
    assert types.permission_names(COLLECTION) == ("read", "write", "record:create")
    assert types.permission_names(RECORD) == ("read", "write")


def test_generators_are_chosen_by_the_settings() -> None:
    types = ResourceTypes.build(ALL, {"bucket": "UUID4"})  # protocol M-6, M-7
    assert isinstance(types.ids["bucket"], UUID4)
    assert type(types.ids["collection"]) is NameGenerator
    assert type(types.ids["record"]) is RelaxedUUID


def test_every_problem_of_a_declaration_is_told() -> None:
    twice = ResourceType(name="bucket")
    with pytest.raises(ConfigurationError) as caught:
        ResourceTypes.build((*ALL, twice), {"record": "Nope"})
    assert len(caught.value.problems) == 2
    assert "declared twice" in caught.value.problems[1]
    assert "record_id_generator" in caught.value.problems[0]


def test_a_type_accepts_every_field_unless_it_says_otherwise() -> None:
    data = {"x": object()}
    assert any_fields(data, "data.") == (data, [])
    assert ResourceType(name="thing").fields is any_fields
