"""Which changes of its target a subscription wants; pure values.

What may be seen is not decided here, see ``access.py``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kinto_core import json
from kinto_core.errors import Fault, InvalidInput
from kinto_core.events.event import Action, Change
from kinto_core.storage.matching import matches
from kinto_core.storage.query import Filter, Operator

MAX_FILTERS: Final = 16
MAX_VALUES: Final = 100

_OPERATORS: Final = {
    "eq": Operator.EQUAL,
    "not": Operator.NOT,
    "lt": Operator.LESS,
    "max": Operator.AT_MOST,
    "gt": Operator.GREATER,
    "min": Operator.AT_LEAST,
    "in": Operator.IN,
    "exclude": Operator.EXCLUDE,
    "has": Operator.HAS,
    "like": Operator.LIKE,
}
_NAME: Final = re.compile(f"(?:({'|'.join(_OPERATORS)})_)?([\\w.]+)")
_LISTS: Final = (Operator.IN, Operator.EXCLUDE)
_WRITES: Final = frozenset({Action.CREATE, Action.UPDATE, Action.DELETE})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A choice among the changes of a target; the default is all of them.

    Attributes:
        actions: the wanted ones; empty: all.
        resources: the wanted types; empty: all.
        fields: conditions on the object; a change is wanted when the object fulfils all of them
            before or after it.
    """

    actions: frozenset[Action] = frozenset()
    resources: frozenset[str] = frozenset()
    fields: tuple[Filter, ...] = ()

    @classmethod
    def parse(cls, value: Any) -> "Wanted":  # noqa: ANN401  any JSON value
        """The choice that ``filters`` of a subscribe frame makes.

        ``{"actions": ["create"], "resources": ["record"], "status": "open", "min_age": 18}``: keys
        other than the first two are filters on fields as in query strings, with JSON values.

        Raises:
            InvalidInput: with everything that makes no sense.
        """
        if value is None:
            return cls()
        if not isinstance(value, dict):
            raise InvalidInput(_fault("filters", "expected an object"))
        conditions = [name for name in value if name not in ("actions", "resources")]
        if len(conditions) > MAX_FILTERS:
            raise InvalidInput(_fault("filters", f"at most {MAX_FILTERS} are accepted"))
        return cls(
            _actions(value.get("actions", [])),
            frozenset(_texts("resources", value.get("resources", []))),
            tuple(_filter(name, value[name]) for name in conditions),
        )

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.actions or self.resources or self.fields)

    def accepts(self, change: Change, *, with_old: bool = True) -> bool:
        """Whether a change is wanted.

        Args:
            change: what happened.
            with_old: whether the client may know what the object was before.
        """
        return self.accepts_kind(change.action, change.resource_name) and (
            not self.fields
            or self.accepts_text(change.new)
            or (change.action is Action.DELETE and not with_old)
            or (with_old and change.old is not None and self.accepts_text(change.old))
        )

    def accepts_kind(self, action: Action, resource: str) -> bool:
        """Whether such changes are wanted at all."""
        return (not self.actions or action in self.actions) and (
            not self.resources or resource in self.resources
        )

    def accepts_text(self, text: str) -> bool:
        """Whether an object fulfils the conditions; a tombstone fulfils none."""
        if not self.fields:
            return True
        data: Mapping[str, Any] = json.parse(text)
        return "deleted" not in data and matches(data, self.fields)


def _actions(value: Any) -> frozenset[Action]:  # noqa: ANN401  any JSON value
    names = _texts("actions", value)
    known = {action.value for action in _WRITES}
    for name in names:
        if name not in known:
            raise InvalidInput(_fault("actions", f"{name!r} is none of create, update, delete"))
    return frozenset(Action(name) for name in names)


def _texts(name: str, value: Any) -> list[str]:  # noqa: ANN401  any JSON value
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidInput(_fault(name, "expected a list of texts"))
    return value


def _filter(name: str, value: Any) -> Filter:  # noqa: ANN401  any JSON value
    found = _NAME.fullmatch(name)
    if found is None:
        raise InvalidInput(_fault(name, "is no name of a field"))
    operator = _OPERATORS[found.group(1) or "eq"]
    if operator in _LISTS:
        if not isinstance(value, list) or len(value) > MAX_VALUES:
            raise InvalidInput(_fault(name, f"expected a list of at most {MAX_VALUES} values"))
        return Filter(found.group(2), operator, tuple(value))
    if operator is Operator.HAS and not isinstance(value, bool):
        raise InvalidInput(_fault(name, "expected true or false"))
    if operator is Operator.LIKE:
        if not isinstance(value, str):
            raise InvalidInput(_fault(name, "expected a text"))
        if "*" not in value:
            value = f"*{value}*"
    return Filter(found.group(2), operator, value)


def _fault(name: str, text: str) -> Fault:
    return Fault("body", name, f"filters.{name}: {text}" if name != "filters" else text)
