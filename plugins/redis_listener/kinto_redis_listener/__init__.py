"""What this plugin does to a server: its hooks, and nothing else.

``load_from_config`` makes it a listener of the settings as well; see ``drop_in.py``.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kinto_core import hookimpl
from kinto_core.embedded_redis import valkey_service
from kinto_redis_listener.drop_in import load_from_config
from kinto_redis_listener.publisher import check, consumer
from kinto_redis_listener.settings import RedisListenerSettings, targets_of

if TYPE_CHECKING:
    from kinto_core.eventlog.consumer import Consumer
    from kinto_core.server import Server
    from kinto_core.supervisor import Service

__all__ = ["load_from_config"]


@hookimpl
def register_settings() -> Iterable[type]:
    """Declare what an operator can set."""
    return [RedisListenerSettings]


@hookimpl
def register_consumers(server: "Server") -> Iterable["Consumer"]:
    """Deliver to each list and stream at its own pace."""
    return [
        consumer(target, f"redis_listener.{target.name}") for target in targets_of(server.settings)
    ]


@hookimpl
def register_heartbeats(server: "Server") -> Mapping[str, Callable[[], bool | None]]:
    """Ask every Redis server whether it answers."""
    return {"redis_listener": check(targets_of(server.settings))}


@hookimpl
def register_capabilities(server: "Server") -> Mapping[str, Mapping[str, Any]]:  # noqa: ARG001  the hook's signature
    """Announce the plugin in the root view, without saying where the messages go."""
    description = "Changes are pushed to Redis lists or streams."
    return {"redis_listener": {"description": description, "url": ""}}


@hookimpl
def register_services(server: "Server") -> Iterable["Service"]:
    """Run the embedded Valkey if a listener has no other server."""
    is_needed = any(target.is_embedded for target in targets_of(server.settings))
    service = valkey_service(server.settings) if is_needed else None
    return [service] if service else []
