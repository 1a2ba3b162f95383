"""Forgets the addresses of users whose data are erased."""

from kinto_core import hookimpl

addresses: dict[str, str] = {}


@hookimpl
def principal_erased(principal: str) -> None:
    """Forget this one's."""
    addresses.pop(principal, None)
