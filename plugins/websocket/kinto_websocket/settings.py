"""The settings of the socket server."""

from dataclasses import dataclass
from typing import ClassVar

from kinto_core.settings import setting


@dataclass(frozen=True)
class WebsocketSettings:
    """Where it listens, who may connect, and its limits."""

    prefix: ClassVar[str] = "websocket."

    host: str = setting("127.0.0.1", help="Address that the socket server listens on.")
    port: int = setting(
        8889, minimum=0, maximum=65535, help="Port that the socket server listens on; 0: any."
    )
    url: str = setting(
        "",
        help="Public URL of the socket server, shown to clients in the root view. By default it"
        " is made of the host and the port.",
        example="wss://live.example.com/v1/",
    )
    origins: tuple[str, ...] = setting(
        (),
        help="Origins of web pages that may connect, or `*` for all. Clients that are no browsers"
        " send none and are accepted.",
        example="https://app.example.com",
    )
    connect_timeout_seconds: float = setting(
        5.0, minimum=0.01, maximum=300, unit="seconds", help="Time to send the first frame."
    )
    ping_seconds: float = setting(
        25.0, minimum=0.01, maximum=3600, unit="seconds", help="Time between pings, ±20 %."
    )
    pong_seconds: float = setting(
        10.0, minimum=0.01, maximum=3600, unit="seconds", help="Time to answer a ping."
    )
    grace_seconds: float = setting(
        10.0,
        minimum=0,
        maximum=3600,
        unit="seconds",
        help="Time to send a new token when the old one is no longer valid.",
    )
    recheck_seconds: float = setting(
        60.0,
        minimum=0.05,
        maximum=86400,
        unit="seconds",
        help="How often the token of each connection is checked anew.",
    )
    max_frame_bytes: int = setting(
        65536, minimum=256, maximum=1048576, unit="bytes", help="Largest frame of a client."
    )
    max_subscriptions: int = setting(
        128, minimum=1, maximum=100_000, help="Subscriptions of one connection."
    )
    max_subscribes_per_second: int = setting(
        10, minimum=1, maximum=10_000, help="Subscribe requests of one connection in a second."
    )
    max_connections_per_user: int = setting(
        5, minimum=1, maximum=1_000_000, help="Connections of one user to one server process."
    )
    max_anonymous_connections: int = setting(
        10_000, minimum=0, maximum=10_000_000, help="Connections of anonymous clients together."
    )
    max_queued_bytes: int = setting(
        1_048_576,
        minimum=1024,
        maximum=1_073_741_824,
        unit="bytes",
        help="Events that may wait for one slow client.",
    )
    max_queued_events: int = setting(
        1000, minimum=1, maximum=1_000_000, help="How many events may wait for one slow client."
    )
    max_recovered_events: int = setting(
        1000,
        minimum=0,
        maximum=100_000,
        help="Events that one subscription may recover; beyond, the client has to read anew.",
    )
    max_shared_objects: int = setting(
        10_000,
        minimum=1,
        maximum=1_000_000,
        help="Individually shared objects that one subscription can follow.",
    )
    window_events: int = setting(
        20_000, minimum=0, maximum=10_000_000, help="Recent events that are kept in memory."
    )
    window_bytes: int = setting(
        33_554_432,
        minimum=0,
        maximum=68_719_476_736,
        unit="bytes",
        help="Memory for the recent events.",
    )
    threads: int = setting(
        4, minimum=1, maximum=64, help="Threads that ask the database, in each process."
    )


def public_url(settings: WebsocketSettings) -> str:
    """Where clients connect to."""
    return settings.url or f"ws://{settings.host}:{settings.port}/v1/"
