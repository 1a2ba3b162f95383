"""Groups: users who count as one principal."""

from kinto_core.resources.bodies import group_fields
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.definition import ResourceType

GROUP = ResourceType(name="group", parent=BUCKET, fields=group_fields, has_members=True)
"""The group type. Source: protocol M-23, M-24."""
