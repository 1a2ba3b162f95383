"""What the root view and the heartbeat say. Source: attachment A-56, A-57."""

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from kinto_attachment.names import with_slash
from kinto_attachment.plugin import Attachments
from kinto_attachment.store.interface import BLOBS, StoreUnavailable, new_key

_PROBE = b'{"test": "write"}'


def capability(plugin: Attachments) -> Callable[[str], Mapping[str, Any]]:
    """The entry of the root view; clients of resumable uploads ask with ``OPTIONS``.

    Files are at this server unless the settings say otherwise. Source: clients C-95, C-131.
    """
    settings = plugin.settings
    base_url = with_slash(settings.extra_base_url or settings.base_url)
    entry = {
        "description": "Add file attachments to records",
        "url": "https://github.com/Kinto/kinto-attachment/",
        "version": version("kinto-attachment"),
    }
    return lambda api: {**entry, "base_url": base_url or f"{api}attachments/"}


def heartbeat(plugin: Attachments) -> Callable[[], bool]:
    """Whether the store takes a file and gives it up; on a read-only server nothing is tried."""

    def check() -> bool:
        if plugin.server.settings.readonly:
            return True
        key = new_key(BLOBS)
        try:
            plugin.store.save(key, [_PROBE], "application/json")
            plugin.store.delete([key])
        except StoreUnavailable:
            return False
        return True

    return check
