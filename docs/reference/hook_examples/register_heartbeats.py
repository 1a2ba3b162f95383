"""Reports in the heartbeat whether there is room on the disk."""

import shutil
from collections.abc import Callable, Mapping

from kinto_core import hookimpl


def has_room() -> bool:
    """Whether a gigabyte is free."""
    return shutil.disk_usage(".").free > 1_000_000_000


@hookimpl
def register_heartbeats() -> Mapping[str, Callable[[], bool | None]]:
    """The check under its name in ``/__heartbeat__``."""
    return {"disk": has_room}
