"""The settings ``statsd_*`` and what follows from them. Resolves no name, opens no socket.

Source: settings S-213, S-214, SW-20.
"""

import logging
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from kinto_core.errors import ConfigurationError
from kinto_core.settings import Settings
from kinto_core.settings.conversion import masked
from kinto_core.settings.setting import setting

logger = logging.getLogger(__name__)

URL = "statsd_url"
USUAL_PORT = 8125

_HOST = re.compile(r"[\w.:%-]+")
_LONGEST_HOST = 253


@dataclass(frozen=True, kw_only=True)
class StatsdSettings:
    """Where measurements are sent, and how they are called."""

    statsd_url: str | None = setting(
        None,
        example="udp://127.0.0.1:8125",
        help="Where measurements are sent: `udp://host:port`. The plugin needs it.",
    )
    statsd_prefix: str = setting(
        "kinto.core",
        example="storage",
        help="Starts every name, unless `project_name` is set, which does then. When neither is "
        "set, names start with `kinto`.",
    )
    statsd_counters: bool = setting(
        default=False,
        help="Whether requests and logins are sent as counters as well, with labels in their "
        "names. Sets tell how many different ones there were, not how many.",
    )
    statsd_user_ids: bool = setting(
        default=False,
        help="Whether users are sent as a set, which puts each user id on the network.",
    )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a statsd server listens.

    Attributes:
        host: its name or address.
        port: its UDP port.
    """

    host: str
    port: int


def endpoint_of(settings: Settings) -> Endpoint:
    """Where to send.

    Raises:
        ConfigurationError: the URL is missing, or none of a statsd server.
    """
    text = settings.plugin(StatsdSettings).statsd_url
    if text is None:
        problem = f"{URL} is empty: the plugin statsd needs a URL such as udp://127.0.0.1:8125"
        raise ConfigurationError([problem])
    try:
        return _endpoint(urlsplit(text))
    except ValueError:
        words = "udp://host:port, such as udp://127.0.0.1:8125"
        raise unusable(settings, words) from None


def unusable(settings: Settings, expected: str) -> ConfigurationError:
    """The error about the URL that is written.

    Args:
        settings: have it.
        expected: in its place.
    """
    shown = masked(settings.plugin(StatsdSettings).statsd_url or "", is_secret=False)
    origin = settings.origins.get(URL, "default")
    return ConfigurationError([f"{URL} = {shown} ({origin}): expected {expected}"])


def prefix_of(settings: Settings) -> str:
    """What starts every name, without a dot at the end; ``""`` for nothing. Source: S-214."""
    project = settings.project_name
    own = settings.plugin(StatsdSettings).statsd_prefix
    has_project = bool(project) and "project_name" in settings.origins
    has_own = "statsd_prefix" in settings.origins
    if has_own and has_project and own != project:
        logger.warning(
            "statsd_prefix = %s has no effect: names of metrics start with project_name = %s",
            own,
            project,
        )
    if has_project:
        return project
    return own if has_own or not project else project


def _endpoint(url: SplitResult) -> Endpoint:
    """The endpoint of a URL.

    Raises:
        ValueError: it has none, or something that means nothing here.
    """
    host = url.hostname or ""
    port = USUAL_PORT if url.port is None else url.port
    is_plain = not (url.path.strip("/") or url.query or url.fragment or "@" in url.netloc)
    is_host = _HOST.fullmatch(host) is not None and len(host) <= _LONGEST_HOST
    if url.scheme != "udp" or port == 0 or not is_plain or not is_host:
        raise ValueError
    return Endpoint(host, port)
