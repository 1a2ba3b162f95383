"""Fills a settings table from the sources, and says everything that is wrong with it.

Knows no particular table: the server's own and those of plugins are read alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from kinto_core.errors import ConfigurationError
from kinto_core.settings.aliases import NO_EFFECT
from kinto_core.settings.conversion import NotConvertible, convert, masked
from kinto_core.settings.setting import Setting, settings_of
from kinto_core.settings.sources import Sources, Text, read_values

T = TypeVar("T")


@dataclass
class Reading:
    """One pass over the sources; mutated by each table that is read.

    Attributes:
        problems: what stops the start, one sentence each.
        origins: where the values that are not defaults come from, by full name.
    """

    texts: Mapping[str, list[Text]]
    problems: list[str] = field(default_factory=list)
    origins: dict[str, str] = field(default_factory=dict)

    def attributes(self, table: type[Any]) -> dict[str, Any]:
        """The values that the sources give to the attributes of a table."""
        found = {}
        exact = {one.name for one in settings_of(table) if not one.pattern}
        for one in settings_of(table):
            if one.pattern:
                found[one.attribute] = self._family(one, exact)
            elif one.name in self.texts:
                self._value(one, one.name, found, one.attribute)
        return found

    def _value(self, declared: Setting, name: str, into: dict[str, Any], key: str) -> None:
        """Put the value of one name into a mapping, or add to the problems."""
        converted: list[tuple[Text, Any]] = []
        for text in self.texts[name]:
            try:
                converted.append((text, convert(declared, text.value)))
            except NotConvertible as error:
                shown = masked(text.value, is_secret=declared.is_secret(name))
                self.problems.append(f"{name} = {shown} ({text.origin}): expected {error}")
        if not converted:
            return
        (first, value), *others = converted
        for other, another in others:
            if another != value:
                self.problems.append(
                    f"{name} is set twice, differently, by {first.origin} and {other.origin}: "
                    "keep one of them"
                )
        self.origins[name] = first.origin
        into[key] = value

    def _family(self, declared: Setting, exact: set[str]) -> Mapping[str, Any]:
        """The values of every name that follows the pattern, after the defaults."""
        flat: dict[str, Any] = {}
        for name in self.texts:
            key = declared.key(name) if name not in exact else None
            if key is not None and name not in NO_EFFECT:
                self._value(declared, name, flat, key)
        if not declared.is_nested:
            return MappingProxyType({**declared.default, **flat})
        nested: dict[str, dict[str, Any]] = {
            name: dict(parameters) for name, parameters in declared.default.items()
        }
        for key, value in flat.items():
            name, _, parameter = key.partition(".")
            nested.setdefault(name, {})[parameter] = value
        return MappingProxyType({name: MappingProxyType(one) for name, one in nested.items()})


def load_plugin(table: type[T], values: Mapping[str, object] | Sources) -> T:
    """A plugin's table with the values that are written for it.

    Args:
        table: a frozen dataclass made of `setting` fields, with a class attribute ``prefix``.
        values: everything written; or full names, prefixed with ``kinto.`` or not, and their texts.

    Raises:
        ConfigurationError: lists every value that the table does not accept.
    """
    known = values if isinstance(values, Sources) else Sources(read_values(values))
    reading = Reading(known.texts(settings_of(table)))
    attributes = reading.attributes(table)
    if reading.problems:
        raise ConfigurationError(reading.problems)
    return table(**attributes)
