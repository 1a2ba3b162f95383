"""From a query string to what it asks of a list: filters, order, page, fields.

Faults of form (``check_schema``) show before the preconditions are looked at, faults of filters
(``parse_list``) after. Nothing here knows a database or a web framework.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from kinto_core.errors import Fault, InvalidInput
from kinto_core.http.errors import INVALID_PARAMETERS, HttpError
from kinto_core.http.query_filters import (
    LIST_TIMES,
    Pairs,
    Parameter,
    Times,
    parameters_of,
    read_filters,
)
from kinto_core.http.query_values import (
    MAXIMUM,
    NotANumber,
    is_name,
    is_nothing,
    read_integer,
    typed,
)
from kinto_core.storage.query import NEWEST_FIRST, Filter, Sort

_LATEST: Final = 2**53
_MOST_SORTS: Final = 20
_PLAIN: Final = frozenset(("_limit", "_token", "_since", "_before", "_to", "_fields"))
"""Parameters that do not ask what objects hold."""


class UndecodableQuery(HttpError):
    """A query string is not UTF-8. Source: protocol E-14."""

    def __init__(self) -> None:
        message = (
            "A request with an incorrect encoding in the querystring was received."
            " Please make sure your requests are encoded in UTF-8."
        )
        super().__init__(INVALID_PARAMETERS, message=message)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListParameters:
    """What a query string asks of a list.

    Attributes:
        filters: all must hold.
        sorts: criteria from first to last.
        fields: names to return; ``None`` for all.
        limit: the wanted page size, above zero; ``None`` for no wish.
        token: where the page begins; ``None`` for the first.
        asks_tombstones: whether deleted objects are wanted too. Source: protocol F-40.
        deprecated_to: whether the old ``_to`` was used. Source: protocol F-41.
    """

    filters: tuple[Filter, ...]
    sorts: tuple[Sort, ...]
    fields: tuple[str, ...] | None
    limit: int | None
    token: str | None
    asks_tombstones: bool
    deprecated_to: bool


def parse_pairs(raw: str) -> Pairs:
    """The decoded names and values of a query string, in order; parameters may end with ``;`` too.

    Args:
        raw: as WSGI gives it: a byte that should have been escaped is a character of its own.

    Raises:
        UndecodableQuery: it is not UTF-8. Source: protocol 0-13, E-14.
    """
    pairs: Pairs = []
    for part in raw.replace(";", "&").split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((_decoded(name), _decoded(value)))
    return pairs


def _decoded(text: str) -> str:
    if text.isascii() and "%" not in text:
        return text.replace("+", " ")
    try:
        return unquote_to_bytes(text.replace("+", " ").encode("latin-1")).decode()
    except UnicodeError as error:
        raise UndecodableQuery from error


def looks_inside(pairs: Pairs) -> bool:
    """Whether a list is filtered or sorted by anything but the time, for which nothing is parsed.

    A guess that costs nothing; to be wrong costs a little time.
    """
    return any(
        name not in _PLAIN and not (name == "_sort" and value.endswith("last_modified"))
        for name, value in pairs
    )


def check_schema(pairs: Pairs) -> list[Fault]:
    """The faults of form of a list request's parameters. Source: protocol 0-21, F-5, F-42, G-2."""
    faults: list[Fault] = []
    for parameter in parameters_of(pairs):
        name = parameter.name
        if "\x00" in name or any("\x00" in value for value in parameter.values):
            faults.append(Fault("querystring", name, "Invalid character 0x00"))
        elif name == "_limit" or name in LIST_TIMES:
            fault = _check_integer(parameter)
            if fault is not None:
                faults.append(fault)
        elif name == "_token" and parameter.is_repeated:
            text = f"{list(parameter.values)} is not a string: {{'_token': ''}}"
            faults.append(Fault("querystring", name, text))
        elif name == "id":
            value = parameter.value
            if not parameter.is_repeated and not isinstance(value, str | bool):
                text = f"{value} is not a string: {{'id': ''}}"
                faults.append(Fault("querystring", name, text))
    return faults


def _check_integer(parameter: Parameter) -> Fault | None:
    """What is wrong with a parameter that must be a number; empty ones are not judged here."""
    if not parameter.is_repeated and is_nothing(parameter.value):
        return None
    shown = list(parameter.values) if parameter.is_repeated else parameter.shown
    try:
        number = read_integer(parameter.value)
    except NotANumber:
        return Fault("querystring", parameter.name, f'"{shown}" is not a number')
    if number < 0:
        text = f"{number} is less than minimum value 0"
        return Fault("querystring", parameter.name, text)
    if number > MAXIMUM:
        text = f"{number} is greater than maximum value {MAXIMUM}"
        return Fault("querystring", parameter.name, text)
    return None


def parse_list(  # noqa: PLR0913  what a list depends on, by name
    pairs: Pairs,
    *,
    now: int,
    list_timestamp: int,
    max_filters: int,
    max_values: int,
    known_fields: frozenset[str] | None = None,
) -> ListParameters:
    """What a query string asks of a list.

    Args:
        pairs: that ``check_schema`` found nothing wrong with.
        now: in milliseconds.
        list_timestamp: of the list, in milliseconds; no earlier time is refused as too late.
        max_filters: the most filters.
        max_values: the most values of one filter.
        known_fields: all fields, where no others can be asked for. Source: protocol Q-10.

    Raises:
        InvalidInput: filters, order or fields make no sense. Source: protocol 0-26.
    """
    parameters = parameters_of(pairs)
    times = Times(now=now, list_timestamp=list_timestamp)
    filters = read_filters(
        parameters,
        times,
        max_filters=max_filters,
        max_values=max_values,
        known_fields=known_fields,
    )
    by_name = {parameter.name: parameter for parameter in parameters}
    limit = by_name.get("_limit")
    token = by_name.get("_token")
    return ListParameters(
        filters=filters,
        sorts=_read_sorts(by_name.get("_sort"), known_fields),
        fields=_known(_read_fields(by_name.get("_fields")), known_fields),
        limit=_read_limit(limit),
        token=token.values[0] or None if token is not None else None,
        asks_tombstones=any(item.field == "last_modified" for item in filters),
        deprecated_to="_to" in by_name,
    )


def read_fields(pairs: Pairs) -> tuple[str, ...] | None:
    """The wanted fields of one object; ``None`` for all. Source: protocol L-1."""
    by_name = {parameter.name: parameter for parameter in parameters_of(pairs)}
    return _read_fields(by_name.get("_fields"))


def read_last_modified(pairs: Pairs) -> tuple[int | None, list[Fault]]:
    """The timestamp, in milliseconds, that a client wishes for a tombstone, and faults of it.

    Source: protocol R-32, T-14, W-19.
    """
    found = [value for name, value in pairs if name.strip() == "last_modified"]
    if not found:
        return None, []
    value = typed(found[-1])
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value) if len(value) < len(str(MAXIMUM)) else MAXIMUM
    if type(value) is int and len(found) == 1 and 0 <= value < _LATEST:
        return value, []
    text = f'"{found[-1]}" is not a number of milliseconds from 0 to 2^53'
    return None, [Fault("querystring", "last_modified", text)]


def _read_limit(parameter: Parameter | None) -> int | None:
    """The wanted page size; zero is no wish. Source: protocol G-2, W-25."""
    if parameter is None or is_nothing(parameter.value):
        return None
    return read_integer(parameter.value) or None


def _parts(parameter: Parameter | None) -> Iterable[str]:
    """The comma-separated parts of all values."""
    if parameter is None:
        return ()
    return (part.strip() for value in parameter.values for part in value.split(","))


def _read_fields(parameter: Parameter | None) -> tuple[str, ...] | None:
    names = tuple(part for part in _parts(parameter) if part)
    return names or None


def _read_sorts(
    parameter: Parameter | None, known_fields: frozenset[str] | None
) -> tuple[Sort, ...]:
    """The criteria, with the newest first among equals. Source: protocol S-1 to S-4."""
    sorts: dict[str, Sort] = {}
    for part in _parts(parameter):
        name = part[1:] if part[:1] in ("-", "+") else part
        if not is_name(name):
            continue
        if known_fields is not None and name.partition(".")[0] not in known_fields:
            raise InvalidInput(Fault("querystring", None, f"Unknown sort field '{name}'"))
        sorts.setdefault(name, Sort(name, descending=part[0] == "-"))
    if len(sorts) > _MOST_SORTS:
        text = f"at most {_MOST_SORTS} fields to sort by are accepted, not {len(sorts)}"
        raise InvalidInput(Fault("querystring", "_sort", text))
    return (*sorts.values(), *(() if "last_modified" in sorts else NEWEST_FIRST))


def _known(
    fields: tuple[str, ...] | None, known_fields: frozenset[str] | None
) -> tuple[str, ...] | None:
    """The fields, if all are known. Source: protocol Q-10."""
    unknown = _unknown(fields or (), known_fields)
    if unknown:
        text = f"Fields {', '.join(unknown)} do not exist"
        raise InvalidInput(Fault("body", "Invalid _fields parameter", text))
    return fields


def _unknown(fields: Sequence[str], known_fields: frozenset[str] | None) -> list[str]:
    if known_fields is None:
        return []
    return [name for name in fields if name.partition(".")[0] not in known_fields]
