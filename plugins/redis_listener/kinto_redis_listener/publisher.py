"""Talks to Redis: the only file here that does.

No error of the client library leaves it, and no password of a URL enters a message.
"""

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.typing import EncodableT, FieldT

from kinto_core.cache.redis import connect
from kinto_core.errors import BackendUnavailable
from kinto_core.eventlog.consumer import Consumer
from kinto_core.eventlog.interface import LoggedEvent
from kinto_redis_listener.message import fields_size, list_message, portions, stream_fields
from kinto_redis_listener.settings import Mode, Target

TIMEOUT_SECONDS = 5.0
"""How long a connection or an answer may take."""


class Publisher:
    """Puts events into one list or stream; connects when it is first used.

    Args:
        target: which.

    Raises:
        ConfigurationError: the URL has a part that is not understood.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._client = _client(target)
        # Consumers are not told when their server is closed: the connections end with this object.
        weakref.finalize(self, self._client.close)

    def deliver(self, batch: Sequence[LoggedEvent]) -> None:
        """Push events in order; returns once the server has them.

        Each portion is pushed as a whole or not at all, so that an error never leaves a gap.

        Raises:
            BackendUnavailable: the server is away, full or refuses; a part may have been pushed.
        """
        with _translated(self._target):
            if self._target.mode is Mode.LIST:
                self._push(batch)
            else:
                self._add(batch)

    def ping(self) -> None:
        """Ask whether the server answers.

        Raises:
            BackendUnavailable: it does not.
        """
        with _translated(self._target):
            self._client.ping()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _push(self, batch: Sequence[LoggedEvent]) -> None:
        messages = (list_message(one, self._target.selector) for one in batch)
        for portion in portions(messages, len):
            self._client.lpush(self._target.key, *portion)

    def _add(self, batch: Sequence[LoggedEvent]) -> None:
        entries = (stream_fields(one, self._target.selector) for one in batch)
        maxlen = self._target.maxlen or None
        for portion in portions(entries, fields_size):
            with self._client.pipeline(transaction=True) as pipeline:
                for entry in portion:
                    fields = cast("dict[FieldT, EncodableT]", entry)
                    pipeline.xadd(self._target.key, fields, maxlen=maxlen, approximate=True)
                pipeline.execute()


def consumer(target: Target, name: str) -> Consumer:
    """The durable consumer that fills a list or stream.

    Raises:
        ConfigurationError: the URL of the target has a part that is not understood.
    """
    return Consumer(name=name, deliver=Publisher(target).deliver, selector=target.selector)


def check(targets: Sequence[Target]) -> Callable[[], bool | None]:
    """A health check: every server answers; ``None`` when there is no target.

    Raises:
        ConfigurationError: the URL of a target has a part that is not understood.
    """
    publishers = [Publisher(one) for one in {target.url: target for target in targets}.values()]

    def answer() -> bool | None:
        for publisher in publishers:
            publisher.ping()
        return True if publishers else None

    return answer


def _client(target: Target) -> redis.Redis:
    connect(target.url).close()  # refuses what cannot be used, without telling its password
    pool = redis.BlockingConnectionPool.from_url(
        target.url,
        max_connections=target.pool_size,
        timeout=target.pool_timeout_seconds,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 1),
    )
    return redis.Redis.from_pool(pool)


@contextmanager
def _translated(target: Target) -> Iterator[None]:
    """Turn errors of the client library into ours."""
    try:
        yield
    except redis.RedisError as error:
        message = f"Redis listener {target.name!r} cannot push to {target.key!r} now: {error}"
        raise BackendUnavailable(message) from error
