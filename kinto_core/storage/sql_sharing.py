"""The objects of a list that are shared with somebody, as SQL.

On its own because grants are another table, and not a field that filters know.
"""

from sqlalchemy import ColumnElement, select

from kinto_core.database.tables import grants, objects
from kinto_core.storage.query import SharedWith


def is_shared(shared: SharedWith) -> ColumnElement[bool]:
    """Objects on which one of the principals has one of the permissions. Source: protocol P-31."""
    return objects.c.id.in_(
        select(grants.c.object_id).where(
            grants.c.principal.in_(sorted(shared.principals)),
            grants.c.parent_id == objects.c.parent_id,
            grants.c.resource == objects.c.resource,
            grants.c.permission.in_(shared.permissions),
        )
    )
