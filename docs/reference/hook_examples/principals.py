"""Makes everybody whose name starts with ``staff-`` a member of the staff."""

from collections.abc import Iterable

from kinto_core import hookimpl
from kinto_core.authentication.interface import Identity


@hookimpl
def principals(identity: Identity) -> Iterable[str]:
    """A principal that permissions can name: ``role:staff``."""
    return ["role:staff"] if identity.identifier.startswith("staff-") else []
