"""Who listens: webhooks under buckets, and server-wide ones of the settings.

A webhook is an object like any other. Of what clients write, ``secret`` and the values of
``headers`` go into a table of the plugin before the object is saved, so that no answer, event or
list can show them. Who wrote the object last is its owner: it is sent what this user may read.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kinto_core.errors import Fault
from kinto_core.events.event import Action
from kinto_core.events.selector import WRITES, Selector
from kinto_core.resources.bodies import no_mapping, shown
from kinto_webhook.signing import KINDS, V1, InvalidSecret, kind_of

OPERATOR: Final = "operator:settings"
"""The owner of server-wide endpoints, who may read everything; nobody authenticates as this."""

PLUGIN: Final = "plugin:webhook"
"""Who writes what the plugin itself changes in a webhook."""

MAX_LANES: Final = 64
MAX_HEADERS: Final = 20
MAX_HEADER: Final = 4096

HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",  # codespell:ignore te
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
RESERVED: Final = HOP_BY_HOP | {
    "accept-encoding", "content-encoding", "content-length", "content-type", "cookie", "expect",
    "host",
}  # fmt: skip

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[\t -~]*")
_SETTINGS: Final = "settings:"
SERVER_WIDE: Final = (_SETTINGS, "settings;")
"""All URIs of server-wide endpoints are from the first of these to before the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One receiver.

    Attributes:
        uri: of the webhook; ``settings:NAME`` for a server-wide one.
        url: where its messages go.
        selector: which changes it wants.
        owner: whose permissions count; ``None``: what anybody may read.
        headers: of each request, in addition to ours.
        is_thin: whether objects are left out of messages.
        is_fifo: whether messages go one at a time, in the order of commits.
        concurrency: how many messages at once.
        is_enabled: whether it gets messages.
    """

    uri: str
    url: str
    selector: Selector
    owner: str | None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_thin: bool = False
    is_fifo: bool = False
    concurrency: int = 4
    is_enabled: bool = True

    @property
    def max_lanes(self) -> int:
        """How many messages it may get at once."""
        return 1 if self.is_fifo else self.concurrency


def settings_uri(name: str) -> str:
    """The URI that stands for a server-wide endpoint."""
    return _SETTINGS + name


def is_server_wide(uri: str) -> bool:
    """Whether a URI is that of an endpoint of the settings."""
    return uri.startswith(_SETTINGS)


def from_data(
    uri: str, data: Mapping[str, Any], headers: Mapping[str, str], *, concurrency: int
) -> Endpoint:
    """The endpoint that a stored webhook describes.

    Args:
        uri: of the webhook.
        data: its fields.
        headers: its own headers, which are kept elsewhere.
        concurrency: when it says nothing of that.
    """
    return Endpoint(
        uri=uri,
        url=data["url"],
        selector=Selector(
            frozenset(Action(text) for text in data.get("actions", ())) or WRITES,
            frozenset(data.get("resources", ())),
            (),
            tuple(data.get("collections", ())),
        ),
        owner=data.get("owner"),
        headers=headers,
        is_thin=data.get("thin", False),
        is_fifo=data.get("fifo", False),
        concurrency=data.get("concurrency", concurrency),
        is_enabled=data.get("enabled", True),
    )


def webhook_fields(data: dict[str, Any], prefix: str) -> tuple[dict[str, Any], list[Fault]]:
    """Check the form of a webhook's fields; unknown ones are the client's own."""
    faults: list[Fault] = []
    if not isinstance(data.get("url"), str):
        faults.append(Fault("body", f"{prefix}url", "Required: where messages are sent"))
    signature = data.get("signature", V1)
    if signature not in KINDS:
        faults.append(Fault("body", f"{prefix}signature", f"expected one of {', '.join(KINDS)}"))
    if "secret" in data:
        faults += secret_faults(f"{prefix}secret", data["secret"])
    if "headers" in data:
        faults += _headers_faults(f"{prefix}headers", data["headers"])
    allowed = sorted(action.value for action in WRITES)
    faults += _list_faults(f"{prefix}actions", data.get("actions", ()), allowed)
    for name in ("resources", "collections"):
        faults += _list_faults(f"{prefix}{name}", data.get(name, ()), None)
    for name in ("enabled", "thin", "fifo"):
        if not isinstance(data.get(name, False), bool):
            faults.append(Fault("body", f"{prefix}{name}", "expected true or false"))
    lanes = data.get("concurrency", 1)
    if isinstance(lanes, bool) or not isinstance(lanes, int) or not 1 <= lanes <= MAX_LANES:
        text = f"expected a whole number from 1 to {MAX_LANES}"
        faults.append(Fault("body", f"{prefix}concurrency", text))
    return data, faults


def header_fault(name: str, value: str) -> str | None:
    """What is wrong with a header that a message should have; repeats no value."""
    lower = name.lower()
    if not _TOKEN.fullmatch(name):
        return f"{shown(name)!r} is no name of a header"
    if lower in RESERVED or lower.startswith("webhook-"):
        return f"{name} is not for webhooks to set"
    if len(value) > MAX_HEADER or not _VALUE.fullmatch(value):
        return f"{name}: expected printable ASCII, at most {MAX_HEADER} characters"
    return None


def secret_faults(name: str, value: Any) -> list[Fault]:  # noqa: ANN401  any JSON value
    """What is wrong with a secret or a private key; repeats nothing of it."""
    try:
        kind_of(value if isinstance(value, str) else "")
    except InvalidSecret as error:
        return [Fault("body", name, str(error))]
    return []


def _headers_faults(name: str, value: Any) -> list[Fault]:  # noqa: ANN401  any JSON value
    if not isinstance(value, dict):
        return [Fault("body", name, no_mapping(name, type(value).__name__).description)]
    if len(value) > MAX_HEADERS:
        return [Fault("body", name, f"expected at most {MAX_HEADERS} headers")]
    for header, content in value.items():
        if not isinstance(content, str):
            return [Fault("body", f"{name}.{header}", "expected a text")]
        fault = header_fault(header, content)
        if fault is not None:
            return [Fault("body", f"{name}.{header}", fault)]
    return []


def _list_faults(
    name: str,
    value: Any,  # noqa: ANN401  any JSON value
    allowed: Sequence[str] | None,
) -> list[Fault]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        return [Fault("body", name, "expected a list of texts")]
    unknown = [one for one in value if allowed is not None and one not in allowed]
    if unknown and allowed is not None:
        text = f"{shown(unknown[0])!r} is not one of {', '.join(allowed)}"
        return [Fault("body", name, text)]
    return []
