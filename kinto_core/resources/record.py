"""Records: what clients store and synchronise."""

from kinto_core.resources.bodies import record_fields
from kinto_core.resources.collection import COLLECTION
from kinto_core.resources.definition import ResourceType

RECORD = ResourceType(
    name="record",
    parent=COLLECTION,
    fields=record_fields,
    id_generator="RelaxedUUID",
    has_schema=True,
    has_indexes=True,
)
"""The record type. Source: protocol M-25."""
