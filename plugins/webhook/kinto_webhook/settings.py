"""What an operator can set. Everything that cannot work is refused at the start, all at once."""

import difflib
import ipaddress
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from kinto_core import setting
from kinto_core.embedded_redis import redis_url_of
from kinto_core.errors import ConfigurationError
from kinto_core.events.selector import Selector
from kinto_core.settings import Settings
from kinto_webhook import sealing
from kinto_webhook.attempt import Limits
from kinto_webhook.endpoints import (
    MAX_LANES,
    OPERATOR,
    Endpoint,
    header_fault,
    settings_uri,
)
from kinto_webhook.signing import InvalidSecret, kind_of
from kinto_webhook.targets import Network, UnusableURL, parse

_NOTHING: Mapping[str, Mapping[str, str]] = {}
_FILTERS = frozenset({"actions", "resources", "buckets", "collections"})
_PARAMETERS = _FILTERS | {
    "url", "secret", "headers", "thin", "fifo", "concurrency", "exhausted",
}  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}\Z")
_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0", ""})


@dataclass(frozen=True, kw_only=True)
class WebhookSettings:
    """The settings ``kinto.webhook.*``."""

    prefix: ClassVar[str] = "webhook."

    endpoints: tuple[str, ...] = setting(
        (), example="search audit", help="Names of server-wide endpoints, each with parameters."
    )
    parameters: Mapping[str, Mapping[str, str]] = setting(
        _NOTHING,
        pattern="{name}.{parameter}",
        listed_in="webhook.endpoints",
        example="webhook.search.url = https://search.example.com/changes",
        secret=True,  # headers and URLs often are, not only what is called so
        help="`url`, `secret` (two, separated by a space, while the receiver changes over), "
        "`headers` (a line `Name: value` for each), `thin` (ids only), `fifo` (one at a time, in "
        "order), `concurrency`, `exhausted` (hear of deliveries "
        "that failed for good), and the filters `actions`, `resources`, `buckets`, `collections`.",
    )
    broker_url: str | None = setting(
        None,
        example="redis://localhost:6379/1",
        help="The Redis server of Celery. Default: `redis_url`, else the embedded Valkey.",
    )
    allow_http: bool = setting(
        default=False,
        help="Accept URLs that begin with `http://`: whoever is on the way reads along.",
    )
    allowed_networks: tuple[str, ...] = setting(
        (),
        example="10.20.0.0/16",
        help="Networks that messages may be sent to in addition to the public internet, such as "
        "`127.0.0.0/8`. Everybody who may write a webhook can reach what is in them.",
    )
    timeout_seconds: float = setting(
        15.0, minimum=0.1, maximum=60, unit="seconds", help="How long an attempt may take."
    )
    connect_timeout_seconds: float = setting(
        5.0, minimum=0.1, maximum=60, unit="seconds", help="How long connecting may take."
    )
    concurrency: int = setting(
        4, minimum=1, maximum=MAX_LANES, help="How many messages an endpoint gets at once."
    )
    max_per_bucket: int = setting(
        100, minimum=1, help="How many webhooks a bucket may have: each change goes to all of them."
    )
    threads: int = setting(
        32, minimum=1, maximum=1000, help="How many messages a worker process sends at once."
    )
    max_payload_bytes: int = setting(
        256 * 1024,
        minimum=1024,
        unit="bytes",
        help="A larger message is sent without the objects themselves, and says so.",
    )
    retention_days: int = setting(
        30, minimum=1, unit="days", help="How long deliveries and their attempts are kept."
    )
    alarm_seconds: int = setting(
        600,
        minimum=10,
        unit="seconds",
        help="The heartbeat fails when a delivery has been due for longer.",
    )
    ca_file: Path | None = setting(
        None, help="Certificates of authorities to trust in addition to the system's (PEM)."
    )
    encryption_keys: tuple[str, ...] = setting(
        (),
        secret=True,
        help="Random texts of 32 characters or more, with which secrets of webhooks are sealed in "
        "the database. The first one seals, all of them open: put a new one before the former, and "
        "run `kinto webhook reseal` before you take that away.",
    )


def settings_of(settings: Settings) -> WebhookSettings:
    """The plugin's table."""
    return settings.plugin(WebhookSettings)


def broker_url(settings: Settings) -> str:
    """The URL of the broker as redis-py spells it."""
    return settings_of(settings).broker_url or redis_url_of(settings)


def limits_of(settings: Settings) -> Limits:
    """How attempts are made."""
    table = settings_of(settings)
    context = ssl.create_default_context()
    if table.ca_file is not None:
        context.load_verify_locations(cafile=table.ca_file)
    return Limits(
        timeout_seconds=table.timeout_seconds,
        connect_seconds=table.connect_timeout_seconds,
        allowed=_networks(table, []),
        context=context,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerWide:
    """An endpoint of the settings.

    Attributes:
        endpoint: where and what.
        secrets: the newest first.
        hears_of_exhausted: whether it is told of deliveries, to whomever, that failed for good.
    """

    endpoint: Endpoint
    secrets: tuple[str, ...] = field(repr=False)
    hears_of_exhausted: bool = False


def server_wide(settings: Settings) -> Mapping[str, ServerWide]:
    """The endpoints of the settings by URI.

    Raises:
        ConfigurationError: a sentence for each thing that cannot work.
    """
    table = settings_of(settings)
    problems: list[str] = []
    _networks(table, problems)
    if table.ca_file is not None and not table.ca_file.is_file():
        problems.append(f"webhook.ca_file = {table.ca_file}: there is no such file")
    problems += _key_problems(table)
    names = tuple(dict.fromkeys(table.endpoints))
    problems += [
        f"webhook.{name}.{next(iter(table.parameters[name]))} is set, but {name!r} is not in "
        "webhook.endpoints: add it"
        for name in table.parameters
        if name not in names
    ]
    found = [_endpoint(name, table, problems) for name in names]
    if problems:
        raise ConfigurationError(problems)
    return {one.endpoint.uri: one for one in found if one is not None}


def _networks(table: WebhookSettings, problems: list[str]) -> tuple[Network, ...]:
    found: list[Network] = []
    for text in table.allowed_networks:
        try:
            found.append(ipaddress.ip_network(text))
        except ValueError:
            problems.append(
                f"webhook.allowed_networks: {text!r} is no network, expected e.g. 10.20.0.0/16"
            )
    return tuple(found)


def _key_problems(table: WebhookSettings) -> list[str]:
    """What is wrong with the keys that seal secrets."""
    found = []
    if table.encryption_keys and not sealing.IS_AVAILABLE:
        found.append("webhook.encryption_keys needs kinto-webhook[cryptography]: install it")
    if any(len(key) < sealing.SHORTEST_KEY for key in table.encryption_keys):
        found.append(
            f"webhook.encryption_keys: expected {sealing.SHORTEST_KEY} characters or more each; "
            "make one with: python -c 'import secrets; print(secrets.token_hex(32))'"
        )
    return found


def _endpoint(name: str, table: WebhookSettings, problems: list[str]) -> ServerWide | None:
    prefix = f"webhook.{name}."
    given = table.parameters.get(name, {})
    faults = _faults(name, given, table)
    try:
        selector = Selector.parse(given, prefix)
    except ConfigurationError as error:
        problems += [*faults, *error.problems]
        return None
    if faults:
        problems += faults
        return None
    endpoint = Endpoint(
        uri=settings_uri(name),
        url=given["url"].strip(),
        selector=selector,
        owner=OPERATOR,
        headers=_headers(given.get("headers", "")),
        is_thin=given.get("thin", "").lower() in _YES,
        is_fifo=given.get("fifo", "").lower() in _YES,
        concurrency=int(given.get("concurrency", "").strip() or table.concurrency),
    )
    return ServerWide(
        endpoint=endpoint,
        secrets=tuple(given["secret"].split()),
        hears_of_exhausted=given.get("exhausted", "").lower() in _YES,
    )


def _faults(name: str, given: Mapping[str, str], table: WebhookSettings) -> list[str]:
    prefix = f"webhook.{name}."
    if not _NAME.match(name):
        return [f"webhook.endpoints: {name!r} is no name: letters, digits and dashes"]
    faults: list[str] = []
    for unknown in sorted(set(given) - _PARAMETERS):
        near = difflib.get_close_matches(unknown, _PARAMETERS, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        faults.append(f"{prefix}{unknown} is not a parameter of an endpoint{hint}")
    try:
        parse(given.get("url", "").strip(), allow_http=table.allow_http)
    except UnusableURL as error:
        faults.append(f"{prefix}url: {error}")
    faults += _secret_faults(prefix, given.get("secret", ""))
    for switch in ("thin", "fifo", "exhausted"):
        if given.get(switch, "").lower() not in _YES | _NO:
            faults.append(f"{prefix}{switch} = {given[switch]}: expected true or false")
    lanes = given.get("concurrency", "").strip()
    if lanes and not (lanes.isdecimal() and 1 <= int(lanes) <= MAX_LANES):
        faults.append(f"{prefix}concurrency = {lanes}: expected a number from 1 to {MAX_LANES}")
    for header, value in _headers(given.get("headers", "")).items():
        fault = header_fault(header, value)
        faults += [f"{prefix}headers: {fault}"] if fault else []
    return faults


def _secret_faults(prefix: str, text: str) -> list[str]:
    secrets = text.split()
    if not 1 <= len(secrets) <= 2:  # noqa: PLR2004  the present and the former one
        return [f"{prefix}secret: expected one or two; make one with: kinto webhook secret"]
    for secret in secrets:
        try:
            kind_of(secret)
        except InvalidSecret as error:
            return [f"{prefix}secret: {error}; make one with: kinto webhook secret"]
    return []


def _headers(text: str) -> Mapping[str, str]:
    lines = [line.partition(":") for line in text.splitlines() if line.strip()]
    return {name.strip(): value.strip() for name, _, value in lines}
