"""Parameters of a query string that are filters. Source: protocol 6.1, 6.2, 6.4."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kinto_core.errors import Fault, InvalidInput
from kinto_core.http.query_values import NotANumber, is_nothing, read_integer, typed
from kinto_core.storage.query import Filter, Operator

Pairs = list[tuple[str, str]]

POLLING: Final = {
    "_since": Operator.GREATER,
    "_before": Operator.LESS,
    "_to": Operator.LESS,
}
"""Short names for filters on ``last_modified``. Source: protocol F-41."""

LIST_TIMES: Final = frozenset({*POLLING, "last_modified"})
"""Parameters whose form is checked as that of a timestamp. Source: protocol F-26, F-42."""

_DAY_MILLISECONDS: Final = 24 * 60 * 60 * 1000
_PREFIXES: Final = {
    **{operator.value: operator for operator in Operator if operator.value},
    "eq": Operator.EQUAL,
}
_FILTER: Final = re.compile(f"({'|'.join(sorted(_PREFIXES, key=len, reverse=True))})_([\\w.]+)")
_SPLIT: Final = (Operator.IN, Operator.EXCLUDE)
_ELEMENTS: Final = (Operator.CONTAINS, Operator.CONTAINS_ANY)
_NO_TIMES: Final = (*_SPLIT, *_ELEMENTS)
"""Operators that ``last_modified`` does not have. Source: protocol F-26."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter, which may have been given several times.

    Attributes:
        name: without blanks around it. Source: protocol F-3.
        values: the texts, in order.
        value: the JSON value; an array of the texts when there are several. Source: F-1, F-2.
    """

    name: str
    values: tuple[str, ...]
    value: Any

    @property
    def is_repeated(self) -> bool:
        """Whether it was given several times."""
        return len(self.values) > 1

    @property
    def shown(self) -> str:
        """The value as messages show it."""
        return self.value if isinstance(self.value, str) else self.values[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What a timestamp is compared with, in milliseconds: now, and the list's own."""

    now: int
    list_timestamp: int

    def is_plausible(self, time: int) -> bool:
        """Whether a time is not too far in the future. Source: protocol F-26, W-21."""
        return time >= 0 and (time <= self.list_timestamp or time < self.now + _DAY_MILLISECONDS)


def parameters_of(pairs: Pairs) -> list[Parameter]:
    """The parameters by name, in the order of their first appearance."""
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name.strip(), []).append(value)
    return [
        Parameter(name, tuple(values), typed(values[0]) if len(values) == 1 else values)
        for name, values in grouped.items()
    ]


def read_filters(
    parameters: Sequence[Parameter],
    times: Times,
    *,
    max_filters: int,
    max_values: int,
    known_fields: frozenset[str] | None,
) -> tuple[Filter, ...]:
    """The filters among parameters.

    Raises:
        InvalidInput: the first that makes no sense. Source: protocol F-22, F-25 to F-28, Q-10.
    """
    filters: list[Filter] = []
    for parameter in parameters:
        if parameter.name in POLLING:
            filters += _polling(parameter, times)
        elif not parameter.name.startswith("_"):
            filters.append(_filter(parameter, times, max_values, known_fields))
    if len(filters) > max_filters:
        text = f"at most {max_filters} filters are accepted, not {len(filters)}"
        raise InvalidInput(Fault("querystring", None, text))
    return tuple(filters)


def _polling(parameter: Parameter, times: Times) -> list[Filter]:
    """A short name's filter: everything is later than null, nothing is earlier. Source: F-43."""
    operator = POLLING[parameter.name]
    if parameter.value is not None:
        return [Filter("last_modified", operator, _time(parameter, times))]
    return [] if operator is Operator.GREATER else [Filter("last_modified", operator, None)]


def _filter(
    parameter: Parameter, times: Times, max_values: int, known_fields: frozenset[str] | None
) -> Filter:
    found = _FILTER.fullmatch(parameter.name)
    operator = _PREFIXES[found.group(1)] if found else Operator.EQUAL
    field = found.group(2) if found else parameter.name
    if known_fields is not None and field.partition(".")[0] not in known_fields:
        raise _fault(parameter, f"Unknown filter field '{field}'")
    if field == "last_modified":
        return Filter(field, operator, _last_modified(parameter, operator, times))
    value = _value(parameter, operator)
    if isinstance(value, tuple) and len(value) > max_values:
        raise _fault(parameter, f"at most {max_values} values are accepted, not {len(value)}")
    if field == "id":
        value = _id(parameter, operator, value)
    return Filter(field, operator, value)


def _value(parameter: Parameter, operator: Operator) -> Any:  # noqa: ANN401  any JSON value
    """What the operator works with. Source: protocol F-17 to F-22."""
    if operator in _SPLIT:
        texts = [part for text in parameter.values for part in text.split(",") if part]
        return tuple(typed(text) for text in texts)
    if operator in _ELEMENTS:
        value = parameter.value
        return tuple(value) if isinstance(value, list) else (value,)
    if operator is Operator.HAS:
        return bool(parameter.value)
    if operator is Operator.LIKE and not isinstance(parameter.value, str):
        raise _invalid(parameter)
    return parameter.value


def _last_modified(parameter: Parameter, operator: Operator, times: Times) -> Any:  # noqa: ANN401  any JSON value
    """A timestamp, or text to find in one. Source: protocol F-26."""
    if operator in _NO_TIMES:
        raise _invalid(parameter)
    if operator is Operator.LIKE and not isinstance(parameter.value, str):
        raise _invalid(parameter)
    time = _time(parameter, times)
    if operator is Operator.LIKE:
        return str(time)
    return True if operator is Operator.HAS else time


def _time(parameter: Parameter, times: Times) -> int:
    if parameter.is_repeated or is_nothing(parameter.value):
        raise _invalid(parameter)
    try:
        time = read_integer(parameter.value)
    except NotANumber as error:
        raise _invalid(parameter) from error
    if not times.is_plausible(time):
        raise _invalid(parameter)
    return time


def _id(parameter: Parameter, operator: Operator, value: Any) -> Any:  # noqa: ANN401  any JSON value
    """A text that identifiers can be compared with; a boolean is ``True`` or ``False``.

    Source: protocol F-25, F-27.
    """
    if operator in _ELEMENTS:
        raise _fault(parameter, "Field 'id' is not an array")
    if operator in _SPLIT:
        if not all(isinstance(part, str) for part in value):
            raise _invalid(parameter)
        return value
    if operator is Operator.HAS:
        return value
    if isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise _fault(parameter, f"{value} is not a string: {{'id': ''}}")
    return value


def _invalid(parameter: Parameter) -> InvalidInput:
    return _fault(parameter, f"Invalid value for {parameter.name}")


def _fault(parameter: Parameter, text: str) -> InvalidInput:
    return InvalidInput(Fault("querystring", parameter.name, text))
