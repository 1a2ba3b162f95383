"""Collections: lists of records with a schema and other attributes of their own."""

from kinto_core.resources.bodies import collection_fields
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.definition import ResourceType

COLLECTION = ResourceType(name="collection", parent=BUCKET, fields=collection_fields)
"""The collection type. Source: protocol M-21."""
