"""A cache in Redis or Valkey, shared by every process and machine that uses the same server.

No error of the client library leaves this file, and no password of a URL enters a message.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from kinto_core import json
from kinto_core.cache.interface import lifetime_milliseconds, not_a_count
from kinto_core.errors import BackendUnavailable, ConfigurationError

_TIMEOUT_SECONDS = 5.0
_BATCH = 500
_GLOB = str.maketrans({character: f"\\{character}" for character in "\\*?[]^-"})


class RedisCache:
    """Keeps values under a prefix; see ``Cache`` for each method.

    A lost connection is opened anew once, without waiting. Needs Redis 6.2 or later.

    Args:
        url: ``redis://``, ``rediss://`` (TLS) or ``unix://``, with user, password, database and
            the client's options; all of it is honoured. Source: settings SW-10.
        prefix: put before every key.

    Raises:
        ConfigurationError: the URL has a part that is not understood.
    """

    def __init__(self, url: str, *, prefix: str) -> None:
        self._prefix = prefix
        self._client = connect(url)

    def get(self, key: str) -> Any | None:  # noqa: ANN401  any JSON value
        """See ``Cache.get``."""
        with _translated():
            return _value(self._client.get(self._prefix + key))

    def set(self, key: str, value: Any, ttl_seconds: float) -> None:  # noqa: ANN401  any JSON value
        """See ``Cache.set``."""
        lifetime = lifetime_milliseconds(ttl_seconds)
        with _translated():
            self._client.set(self._prefix + key, json.dumpb(value), px=lifetime)

    def add(self, key: str, value: Any, ttl_seconds: float) -> bool:  # noqa: ANN401  any JSON value
        """See ``Cache.add``."""
        lifetime = lifetime_milliseconds(ttl_seconds)
        with _translated():
            text = json.dumpb(value)
            return bool(self._client.set(self._prefix + key, text, px=lifetime, nx=True))

    def delete(self, key: str) -> Any | None:  # noqa: ANN401  any JSON value
        """See ``Cache.delete``."""
        with _translated():
            return _value(self._client.getdel(self._prefix + key))

    def expire(self, key: str, ttl_seconds: float) -> bool:
        """See ``Cache.expire``."""
        lifetime = lifetime_milliseconds(ttl_seconds)
        with _translated():
            return bool(self._client.pexpire(self._prefix + key, lifetime))

    def ttl(self, key: str) -> float | None:
        """See ``Cache.ttl``."""
        with _translated():
            rest = int(self._client.pttl(self._prefix + key))
        return None if rest < 0 else rest / 1000

    def increment(self, key: str, ttl_seconds: float) -> int:
        """See ``Cache.increment``; a transaction of two commands in one round trip."""
        lifetime = lifetime_milliseconds(ttl_seconds)
        with _translated(), self._client.pipeline(transaction=True) as pipeline:
            pipeline.set(self._prefix + key, b"0", px=lifetime, nx=True)
            pipeline.incr(self._prefix + key)
            try:
                return int(pipeline.execute()[1])
            except redis.ResponseError as error:
                if "not an integer" not in str(error):
                    raise
                raise not_a_count(key) from error

    def flush(self) -> None:
        """See ``Cache.flush``; in steps, so that others are served meanwhile."""
        pattern = self._prefix.translate(_GLOB) + "*"
        with _translated():
            keys: list[bytes] = []
            for key in self._client.scan_iter(match=pattern, count=_BATCH):
                keys.append(key)
                if len(keys) >= _BATCH:
                    self._client.unlink(*keys)
                    keys.clear()
            if keys:
                self._client.unlink(*keys)

    def ping(self) -> None:
        """See ``Cache.ping``."""
        with _translated():
            self._client.ping()

    def close(self) -> None:
        """See ``Cache.close``."""
        self._client.close()


def connect(url: str) -> redis.Redis:
    """A client for a URL; it connects at the first command.

    Raises:
        ConfigurationError: the scheme, a number or an option is not understood.
    """
    try:
        client = redis.Redis.from_url(
            url,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            health_check_interval=30,
            retry=Retry(NoBackoff(), 1),
        )
        client.connection_pool.make_connection()  # only checks the options
    except TypeError as error:
        raise _refusal(url, str(error)) from error
    except (ValueError, redis.RedisError):  # their texts may hold a part of the password
        raise _refusal(url, "scheme, port, database or the value of an option") from None
    return client


def _refusal(url: str, fault: str) -> ConfigurationError:
    """The error for a URL, shown without user and password."""
    scheme, _, rest = url.partition("://")
    shown = f"{scheme[:10]}://…@{rest.rpartition('@')[2]}" if "@" in rest else url
    problem = (
        f"Redis URL {shown!r} cannot be used: {fault}; expected redis://host:port/0, rediss://… "
        "or unix:///path, with options of the client library after a question mark"
    )
    return ConfigurationError([problem])


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        message = f"the cache cannot be used now: {error}"
        raise BackendUnavailable(message) from error


def _value(text: object) -> Any | None:  # noqa: ANN401  any JSON value
    return None if text is None else json.parse(cast("bytes", text))
