"""Buckets: what everything else is in."""

from kinto_core.resources.bodies import bucket_fields
from kinto_core.resources.definition import ResourceType

BUCKET = ResourceType(name="bucket", fields=bucket_fields)
"""The bucket type. Source: protocol M-22."""
