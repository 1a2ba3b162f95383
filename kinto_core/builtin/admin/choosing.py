"""Which console a server has, made once and shared by all hooks."""

from weakref import WeakKeyDictionary

from kinto_core.builtin.admin.bundle import Bundle
from kinto_core.builtin.admin.files import Console, other_policy
from kinto_core.builtin.admin.folder import Folder
from kinto_core.builtin.admin.settings import AdminSettings, chosen_folder
from kinto_core.server import Server
from kinto_core.settings import Settings

_known: WeakKeyDictionary[Server, Console] = WeakKeyDictionary()


def console_of(server: Server) -> Console:
    """The console of a server.

    Raises:
        ConfigurationError: the folder of the settings cannot be served.
    """
    found = _known.get(server)
    if found is None:
        found = _known[server] = _chosen(server.settings)
    return found


def _chosen(settings: Settings) -> Console:
    folder = chosen_folder(settings)
    if folder is None:
        return Bundle()
    may_eval = settings.plugin(AdminSettings).admin_assets_eval
    return Folder(folder, other_policy(may_eval=may_eval))
