"""A request and its answer as plain values.

The same handlers serve a request that came over the network, one inside a batch, and one that a
plugin makes, because they see only these values and never Pyramid.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kinto_core.authentication.interface import Identity
from kinto_core.transactions import Transaction


@dataclass(slots=True, kw_only=True)
class Exchange:
    """What a handler gets.

    Attributes:
        method: in upper case.
        path: decoded, without the version prefix, beginning with a slash.
        query: the query string as it came.
        headers: by lower-case name.
        body: as it came.
        origin_url: scheme and host for absolute URLs, without a slash at the end.
        identity: who asks, ``None`` when anonymous.
        request_id: names the request in logs and events.
        only: the id of the one object of a list that the caller can ever see; ``None``: any.
        transaction: the one to work in, when it is shared with others.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    origin_url: str = ""
    identity: Identity | None = None
    request_id: str = ""
    only: str | None = None
    transaction: Transaction | None = None

    @property
    def user_id(self) -> str | None:
        """The caller's prefixed id; ``None`` when anonymous."""
        return self.identity.user_id if self.identity is not None else None


@dataclass(slots=True)
class Reply:
    """What a handler gives back.

    Attributes:
        status: the status code.
        body: JSON bytes; ``None`` for no body and no content type.
        headers: the others, in order.
        exposed: names of response headers that browsers may read beyond the usual ones; ``None`` to
            send no list at all.
        is_open: whether web pages of other sites may read it.
    """

    status: int
    body: bytes | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    exposed: tuple[str, ...] | None = ()
    is_open: bool = True
