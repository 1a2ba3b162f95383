"""What everything of this plugin shares on one server: its settings, its store, its policy."""

import logging
from collections.abc import Iterable
from weakref import WeakKeyDictionary, ref

from kinto_attachment.metadata import parse_types
from kinto_attachment.policy import Extensions
from kinto_attachment.rules import RuleBook
from kinto_attachment.settings import AttachmentSettings
from kinto_attachment.store.interface import Store, StoreUnavailable
from kinto_attachment.store.opening import open_store
from kinto_core.metrics import methods_of, timed
from kinto_core.server import Server

METRIC = "backend_attachments_seconds"
"""How long the store takes, by method. Source: attachment A-58."""

logger = logging.getLogger(__name__)


class Attachments:
    """The plugin on one server.

    Args:
        server: with the settings.

    Attributes:
        settings: of the plugin.
        store: keeps the bytes.
        extensions: the accepted ones.
        types: media types that extensions always have.
        rules: of each collection.

    Raises:
        ConfigurationError: the settings cannot work.
    """

    def __init__(self, server: Server) -> None:
        self._server = ref(server)
        self.settings = server.settings.plugin(AttachmentSettings)
        self.rules = RuleBook(self.settings)
        self.types = parse_types(self.settings.mimetypes)
        self.extensions = Extensions.parse(self.settings.extensions)
        self.store: Store = timed(
            open_store(self.settings), server.metrics, METRIC, methods_of(Store)
        )

    @property
    def server(self) -> Server:
        """The server; it keeps the plugin, not the other way round."""
        found = self._server()
        if found is None:
            message = "the server of this plugin is gone"
            raise ReferenceError(message)
        return found

    def discard(self, keys: Iterable[str]) -> None:
        """Delete files that nobody knows; what cannot be deleted now is found by the sweep."""
        try:
            self.store.delete(keys)
        except StoreUnavailable as error:
            logger.warning("Files stay until the next kinto attachment gc: %s", error)


_known: WeakKeyDictionary[Server, Attachments] = WeakKeyDictionary()


def attachments_of(server: Server) -> Attachments:
    """The plugin on a server, made once.

    Raises:
        ConfigurationError: the settings cannot work.
    """
    found = _known.get(server)
    if found is None:
        found = _known[server] = Attachments(server)
    return found
