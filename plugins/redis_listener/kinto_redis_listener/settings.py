"""What an operator can set, and the targets that follow from it.

A target is one list or stream. Everything that cannot work is refused at the start, all of it at
once. The settings of ``event_listeners`` are the business of ``drop_in.py``.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from kinto_core import setting
from kinto_core.embedded_redis import redis_url_of
from kinto_core.errors import ConfigurationError
from kinto_core.events.event import Action
from kinto_core.events.selector import Selector
from kinto_core.settings import Settings

LIST = "kinto.core.events"
"""The list that consumers of the protocol world read. Source: notifications N-5."""

STREAM = "kinto:events"
MAXLEN = 100_000
POOL_SIZE = 25
POOL_TIMEOUT_SECONDS = 20.0

_FILTERS = ("actions", "resources", "buckets", "collections")
_OF_A_MODE: Mapping[str, str] = {"listname": "list", "stream": "stream", "maxlen": "stream"}
_PARAMETERS = frozenset({"url", "mode", "pool_timeout", *_FILTERS, *_OF_A_MODE})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}\Z")
_NOTHING: Mapping[str, Mapping[str, str]] = {}


class Mode(StrEnum):
    """What the messages are put into."""

    LIST = "list"
    STREAM = "stream"


@dataclass(frozen=True, kw_only=True)
class RedisListenerSettings:
    """The settings ``kinto.redis_listener.*``."""

    prefix: ClassVar[str] = "redis_listener."

    listeners: tuple[str, ...] = setting(
        ("redis",),
        example="search audit",
        help="Names of the lists and streams to push to, each with parameters of its own.",
    )
    parameters: Mapping[str, Mapping[str, str]] = setting(
        _NOTHING,
        pattern="{name}.{parameter}",
        listed_in="redis_listener.listeners",
        example="redis_listener.search.stream = kinto:search",
        help="`url` (default: `redis_url`, else the embedded Valkey), `mode` (`stream` or `list`), "
        "`stream` (`kinto:events`), `maxlen` (about how many entries a stream keeps: 100000; 0: "
        "all), `listname` (`kinto.core.events`), `pool_timeout` (seconds to wait for a "
        "connection), and the filters `actions`, `resources`, `buckets`, `collections`.",
    )


@dataclass(frozen=True, kw_only=True)
class Target:
    """One list or stream.

    Attributes:
        name: of the listener.
        url: of the Redis server; holds a password, perhaps.
        mode: list or stream.
        key: of the list or stream.
        maxlen: about how many entries a stream keeps; 0: all.
        selector: the wanted changes.
        pool_size: at most so many connections for each process.
        pool_timeout_seconds: how long to wait for one of them.
        is_embedded: whether the server is the embedded one.
    """

    name: str
    url: str = field(repr=False)
    mode: Mode
    key: str
    maxlen: int = 0
    selector: Selector = field(default_factory=Selector)
    pool_size: int = POOL_SIZE
    pool_timeout_seconds: float = POOL_TIMEOUT_SECONDS
    is_embedded: bool = False


def targets_of(settings: Settings) -> tuple[Target, ...]:
    """The targets of ``redis_listener.*``, in the order of ``redis_listener.listeners``.

    Raises:
        ConfigurationError: a sentence for each parameter that cannot work.
    """
    table = settings.plugin(RedisListenerSettings)
    names = tuple(dict.fromkeys(table.listeners))
    problems = [
        f"redis_listener.{name}.{next(iter(table.parameters[name]))} is set, but {name!r} is not "
        "in redis_listener.listeners: add it"
        for name in table.parameters
        if name not in names
    ]
    found: list[Target] = []
    for name in names:
        try:
            found.append(_target(name, table.parameters.get(name, {}), settings))
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    return tuple(found)


def number(parameters: Mapping[str, str], name: str, default: float, prefix: str) -> float:
    """A parameter that is a number, 0 or more.

    Args:
        parameters: texts by name.
        name: of the parameter.
        default: when it is missing or empty.
        prefix: names the setting in the message.

    Raises:
        ConfigurationError: it is none.
    """
    text = parameters.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", text):
        raise ConfigurationError([f"{prefix}{name} = {text}: expected a number, at least 0"])
    return float(text)


def selector_of(parameters: Mapping[str, str], prefix: str) -> Selector:
    """The filters of a listener.

    Raises:
        ConfigurationError: an action does not exist, or leaves no trace.
    """
    selector = Selector.parse(parameters, prefix)
    if Action.READ in selector.actions:
        problem = f"{prefix}actions: reads are not recorded; take create, update and delete"
        raise ConfigurationError([problem])
    return selector


def _target(name: str, parameters: Mapping[str, str], settings: Settings) -> Target:
    prefix = f"redis_listener.{name}."
    problems = _faults(name, parameters, prefix)
    if problems:
        raise ConfigurationError(problems)
    mode = Mode(parameters.get("mode") or Mode.STREAM)
    is_list = mode is Mode.LIST
    key = parameters.get("listname") or LIST if is_list else parameters.get("stream") or STREAM
    url = parameters.get("url", "")
    return Target(
        name=name,
        url=url or redis_url_of(settings),
        mode=mode,
        key=key,
        maxlen=0 if is_list else int(number(parameters, "maxlen", MAXLEN, prefix)),
        selector=selector_of(parameters, prefix),
        pool_timeout_seconds=number(parameters, "pool_timeout", POOL_TIMEOUT_SECONDS, prefix),
        is_embedded=not url and not settings.redis_url,
    )


def _faults(name: str, parameters: Mapping[str, str], prefix: str) -> list[str]:
    """What is wrong with the names of a listener and its parameters, and with its mode."""
    if not _NAME.match(name):
        return [f"redis_listener.listeners: {name!r} is no name: letters, digits and dashes"]
    problems = []
    for unknown in sorted(set(parameters) - _PARAMETERS):
        near = difflib.get_close_matches(unknown, _PARAMETERS, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        problems.append(f"{prefix}{unknown} is not a parameter of a Redis listener{hint}")
    mode = parameters.get("mode") or Mode.STREAM.value
    if mode not in set(Mode):
        problems.append(f"{prefix}mode = {mode}: expected list or stream")
    problems += [
        f"{prefix}{parameter} is for {prefix}mode = {needed}"
        for parameter, needed in _OF_A_MODE.items()
        if parameter in parameters and mode != needed
    ]
    return problems
