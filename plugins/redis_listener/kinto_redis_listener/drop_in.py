"""The settings ``event_listeners.*`` of the protocol world, on a durable consumer.

The settings, the list and the JSON are the same. The messages come from the event log, after the
commit, so that none tells of what was undone and none is lost while Redis is away.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from kinto_core import hookimpl
from kinto_core.settings import Settings
from kinto_redis_listener.publisher import check, consumer
from kinto_redis_listener.settings import (
    LIST,
    POOL_SIZE,
    POOL_TIMEOUT_SECONDS,
    Mode,
    Target,
    number,
    selector_of,
)

if TYPE_CHECKING:
    from kinto_core.eventlog.consumer import Consumer
    from kinto_core.listeners import ListenerConfig
    from kinto_core.server import Server

LOCAL = "redis://localhost:6379/0"
"""Where a listener without ``url`` finds Redis. Source: notifications N-5."""


class DurableListener:
    """A listener of the settings that works through hooks instead of being called.

    Args:
        alias: its name in ``event_listeners``.

    Attributes:
        alias: the same.
    """

    def __init__(self, alias: str) -> None:
        self.alias = alias

    @hookimpl
    def register_consumers(self, server: "Server") -> Iterable["Consumer"]:
        """Fill the list."""
        target = target_of(self.alias, server.settings)
        return [consumer(target, f"event_listeners.{self.alias}")]

    @hookimpl
    def register_heartbeats(self, server: "Server") -> Mapping[str, Callable[[], bool | None]]:
        """Ask Redis whether it answers."""
        target = target_of(self.alias, server.settings)
        return {f"event_listeners.{self.alias}": check((target,))}


def load_from_config(config: "ListenerConfig", prefix: str) -> DurableListener:  # noqa: ARG001  the protocol's signature
    """The listener of the settings that start with a prefix, such as ``event_listeners.redis.``.

    Source: events E-63.
    """
    return DurableListener(prefix.split(".")[1])


def target_of(alias: str, settings: Settings) -> Target:
    """The list that the settings of a listener name.

    Args:
        alias: its name.
        settings: of the server; ``event_listeners.ALIAS.*`` as written.

    Raises:
        ConfigurationError: a parameter cannot work.

    Source: notifications N-5.
    """
    prefix = f"event_listeners.{alias}."
    parameters = settings.listeners.get(alias, {})
    return Target(
        name=alias,
        url=parameters.get("url") or settings.redis_url or LOCAL,
        mode=Mode.LIST,
        key=parameters.get("listname") or LIST,
        selector=selector_of(parameters, prefix),
        pool_size=max(1, int(number(parameters, "pool_size", POOL_SIZE, prefix))),
        pool_timeout_seconds=number(parameters, "pool_timeout", POOL_TIMEOUT_SECONDS, prefix),
    )
