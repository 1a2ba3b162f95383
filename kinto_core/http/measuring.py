"""What is measured about each request and each operation of a batch, when somebody exports it.

How long backends and listeners take is measured where they are called.

Source: settings S-220 to S-224, S-230.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from pyramid.request import Request

from kinto_core.authentication.interface import Identity
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.incoming import known_identity
from kinto_core.http.routing import Target
from kinto_core.metrics import Metrics

ERROR = 400
NOT_FOUND = 404
TEMPORARY_REDIRECT = 307

_OTHERS: Mapping[str, str] = {"": "hello", "api": "openapi", "contribute.json": "contribute"}
"""Names of endpoints whose path says something else."""


class Place(NamedTuple):
    """Where a request got.

    Attributes:
        endpoint: name of the service. Source: settings S-230.
        ids: the identifiers in the URL by name.
    """

    endpoint: str
    ids: Mapping[str, str]


class Measurable(Protocol):
    """What is measured of an answer."""

    status_code: int
    headerlist: list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One request or operation.

    Attributes:
        method: in upper case.
        endpoint: name of the service. Source: settings S-230.
        ids: the identifiers in the URL by name.
        status: of the answer.
        seconds: until it was there.
        size: bytes of its body.
        identity: who asked; ``None`` when anonymous, or nobody wanted to know.
    """

    method: str
    endpoint: str
    ids: Mapping[str, str]
    status: int
    seconds: float
    size: int
    identity: Identity | None


@dataclass(frozen=True, slots=True)
class Meter:
    """Measures requests.

    Attributes:
        metrics: gets the measurements.
        fields: names of the identifiers in the URL that become labels.
    """

    metrics: Metrics
    fields: tuple[str, ...]

    def take(self, measured: Measurement) -> None:
        """Add a request or an operation."""
        ids = measured.ids if measured.status < ERROR else {}
        labels = {name: ids.get(name, "") for name in self.fields}
        labels["method"] = measured.method.lower()
        labels["endpoint"] = measured.endpoint
        metrics = self.metrics
        metrics.count("request_summary", 1, {**labels, "status": str(measured.status)})
        metrics.observe("request_duration_seconds", measured.seconds, labels)
        metrics.observe("request_size", measured.size, labels)
        who = measured.identity
        if who is not None:
            user = who.identifier.replace(":", ".")
            metrics.count("users", 1, {"auth": who.policy, "userid": user})
            metrics.count("authentication", 1, {"type": who.policy})

    def take_request(
        self, environ: Mapping[str, Any], answer: Measurable, place: Place, started: float
    ) -> None:
        """Add a whole request, which began at a moment of ``time.perf_counter``."""
        seconds = time.perf_counter() - started
        self.take(
            Measurement(
                method=environ["REQUEST_METHOD"],
                endpoint=place.endpoint,
                ids=place.ids,
                status=answer.status_code,
                seconds=seconds,
                size=_size(answer.headerlist),
                identity=known_identity(environ),
            )
        )


def of_operation(
    exchange: Exchange, target: Target | None, reply: Reply, started: float
) -> Measurement:
    """An operation of a batch, which began at a moment of ``time.perf_counter``.

    Args:
        exchange: the operation.
        target: the resource that its path names, if it does.
        reply: its answer.
        started: when it began.
    """
    return Measurement(
        method=exchange.method,
        endpoint=_name(target, exchange.path, reply.status),
        ids=target.url_ids if target is not None else {},
        status=reply.status,
        seconds=time.perf_counter() - started,
        size=len(reply.body or b""),
        identity=exchange.identity,
    )


def place_of(request: Request, status: int) -> Place:
    """Where a request of Pyramid's got."""
    route = getattr(request, "matched_route", None)
    if route is None:
        if status == TEMPORARY_REDIRECT:
            return Place("redirect_to_version", {})
        return Place("unknown" if status == NOT_FOUND else "unnamed", {})
    name: str = route.name
    ids: dict[str, str] = dict(request.matchdict)
    if "id" in ids:
        ids[f"{name.removesuffix('-object')}_id"] = ids.pop("id")
    return Place(name, ids)


def place_of_target(target: Target) -> Place:
    """Where a request for a resource got."""
    return Place(_name_of_target(target), target.url_ids)


def _size(headers: list[tuple[str, str]]) -> int:
    """The length of the body, where it is known."""
    length = next((value for name, value in headers if name == "Content-Length"), "0")
    return int(length)


def _name_of_target(target: Target) -> str:
    return f"{target.type.name}-{'plural' if target.is_list else 'object'}"


def _name(target: Target | None, path: str, status: int) -> str:
    if target is not None:
        return _name_of_target(target)
    if status == NOT_FOUND:
        return "unknown"
    first = path.split("/")[1].strip("_").replace("_", "-")
    return _OTHERS.get(first, first)
