"""Where the Redis-protocol server that comes along is, for whoever needs one and was given none.

It is a Valkey server on a Unix socket in the data directory, run by ``kinto start`` when a plugin
asks for it. Every process finds it by the settings alone, so nothing has to be handed around. What
starts it is in ``kinto_core/cli/valkey.py``; nothing here connects to it.
"""

import hashlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from kinto_core.errors import ConfigurationError
from kinto_core.settings import Settings
from kinto_core.supervisor import Service, own_module

LONGEST_SOCKET_PATH = 100
"""Bytes; the limit of operating systems is 104 or 108."""

PRIVATE = 0o700

_SQLITE = re.compile(r"sqlite(?:\+\w+)?:///(?P<path>[^?]+)")


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """The places of one embedded server, all absolute.

    Attributes:
        data: the directory of what it keeps.
        socket: what it listens on, for its owner alone.
    """

    data: Path
    socket: Path

    @property
    def url(self) -> str:
        """The URL for client libraries."""
        return f"unix://{quote(str(self.socket))}?db=0"

    @property
    def is_in_temporary(self) -> bool:
        """Whether the socket is where others, too, may create directories."""
        return self.socket.parent != self.data.parent

    def prepare(self) -> None:
        """Create the directories; what is in them is for their owner alone.

        Raises:
            ConfigurationError: the directory of the socket belongs to somebody else.
        """
        self.data.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        self.data.chmod(PRIVATE)
        self.socket.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        self.refuse_foreign()

    def refuse_foreign(self) -> None:
        """Check that nobody else made the directory of the socket, to listen there in our place.

        Raises:
            ConfigurationError: somebody did, or others may write to it.
        """
        directory = self.socket.parent
        if not self.is_in_temporary or not os.path.lexists(directory):
            return
        found = directory.lstat()
        is_private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == PRIVATE
        if not is_private or found.st_uid != os.geteuid():
            problem = (
                f"{directory}, for the socket of the embedded Valkey, belongs to somebody else or "
                "is open to others: remove it, or set redis_url"
            )
            raise ConfigurationError([problem])


def embedded_redis(settings: Settings) -> EmbeddedRedis:
    """Where the embedded server of these settings is.

    Beside the SQLite file of the objects; without one in ``data`` beside the settings file that
    ``KINTO_INI`` names, else in the working directory. A path that is too long for a socket is
    replaced by a short one in the directory for temporary files.
    """
    directory = data_directory(settings)
    socket = directory / "valkey.sock"
    if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
        digest = hashlib.sha256(os.fsencode(socket)).hexdigest()[:16]
        socket = Path(tempfile.gettempdir()).resolve() / f"kinto-{digest}" / "valkey.sock"
    return EmbeddedRedis(directory / "valkey", socket)


def redis_url_of(settings: Settings) -> str:
    """The URL of the Redis-protocol server to use: ``redis_url``, else the embedded one.

    Raises:
        ConfigurationError: the directory of the embedded one's socket belongs to somebody else.
    """
    if settings.redis_url:
        return settings.redis_url
    place = embedded_redis(settings)
    place.refuse_foreign()
    return place.url


def valkey_service(settings: Settings) -> Service | None:
    """The process of the embedded server, for hook ``register_services``.

    ``None`` when ``redis_url`` names a server that runs anyway. Several plugins may ask for it:
    services of one name are run once.
    """
    if settings.redis_url:
        return None
    return Service("valkey", own_module("kinto_core.cli.valkey", "--supervised"))


def data_directory(settings: Settings) -> Path:
    """The absolute path of the directory where embedded servers keep what is theirs."""
    match = _SQLITE.fullmatch(settings.storage_url.partition("?")[0])
    if match and match["path"] != ":memory:":
        return Path(match["path"]).resolve().parent
    ini = os.environ.get("KINTO_INI")
    beside = Path(ini).resolve().parent if ini else Path.cwd()
    return beside / "data"
