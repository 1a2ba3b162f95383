"""The principals that every caller has, whatever resources or plugins add."""

from collections.abc import Iterable
from typing import Final

EVERYONE: Final = "system.Everyone"
"""All requests. Source: protocol P-1."""

AUTHENTICATED: Final = "system.Authenticated"
"""All requests of somebody known. Source: protocol P-1."""

ANONYMOUS_PRINCIPALS: Final = frozenset({EVERYONE})
"""What an anonymous request has."""


def principals_of(user_id: str | None, groups: Iterable[str] = ()) -> frozenset[str]:
    """Everything that a caller counts as.

    Args:
        user_id: prefixed; ``None`` for an anonymous caller, who belongs to no group.
        groups: URIs of the groups that list the user or ``system.Authenticated``.

    Source: protocol P-3.
    """
    if user_id is None:
        return ANONYMOUS_PRINCIPALS
    return frozenset((user_id, AUTHENTICATED, EVERYONE, *groups))
