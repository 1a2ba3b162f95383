"""The settings of one server: every group of the table, and those of its plugins.

The declarations stand in ``groups.py``.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar, cast

from kinto_core.errors import ConfigurationError
from kinto_core.settings import groups
from kinto_core.settings.conversion import masked, to_text
from kinto_core.settings.setting import settings_of
from kinto_core.settings.sources import Sources
from kinto_core.settings.tables import Reading, load_plugin
from kinto_core.settings.unknown import unknown_resources, warnings_about

T = TypeVar("T")


def _nothing() -> Mapping[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, kw_only=True, repr=False)
class Settings(
    groups.LogSettings,
    groups.EventSettings,
    groups.HttpSettings,
    groups.LimitSettings,
    groups.FeatureSettings,
    groups.AccessSettings,
    groups.StorageSettings,
    groups.ServerSettings,
):
    """How a server works; frozen, and the same in all threads.

    ``Settings()`` has every default. Those of an operator come from `kinto_core.settings.load`.

    Attributes:
        extra: what is written and no setting of the server, by name without prefix; plugins that
            read raw texts find theirs here.
        origins: where each value that is not a default comes from, by full name.
        warnings: what an operator should know, one sentence each.
        tables: the settings of plugins, by table; read them with `plugin`.
        sources: every text, for the tables of plugins that are loaded later.
    """

    extra: Mapping[str, str] = field(default_factory=_nothing, compare=False)
    origins: Mapping[str, str] = field(default_factory=_nothing, compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)
    tables: Mapping[type[Any], Any] = field(default_factory=_nothing, hash=False)
    sources: Sources = field(default_factory=Sources, compare=False)

    def plugin(self, table: type[T]) -> T:
        """The values of a plugin's table; its defaults when the plugin is not enabled."""
        found = self.tables.get(table)
        return table() if found is None else cast("T", found)

    def with_plugins(
        self, tables: Iterable[type[Any]], resource_names: Iterable[str] = ()
    ) -> "Settings":
        """These settings with the tables of plugins, and warnings about names nobody knows.

        Args:
            tables: from hook ``register_settings``.
            resource_names: of every resource type; with it, names such as
                ``buckt_create_principals`` are reported.

        Raises:
            ConfigurationError: lists every value that a table does not accept.
        """
        tables = tuple(dict.fromkeys(tables))
        declared = [*settings_of(Settings)]
        for table in tables:
            declared += settings_of(table)
        texts = self.sources.texts(declared)
        reading = Reading(texts, origins=dict(self.origins))
        for table in tables:
            reading.attributes(table)
        if reading.problems:
            raise ConfigurationError(reading.problems)
        loaded = {table: load_plugin(table, self.sources) for table in tables}
        told = (*warnings_about(texts, declared), *unknown_resources(self, tuple(resource_names)))
        return dataclasses.replace(
            self,
            tables=MappingProxyType({**self.tables, **loaded}),
            origins=MappingProxyType(reading.origins),
        ).with_warnings(told)

    def with_warnings(self, warnings: Iterable[str]) -> "Settings":
        """These settings with more to tell the operator; nothing is told twice."""
        told = tuple(dict.fromkeys((*self.warnings, *warnings)))
        return dataclasses.replace(self, warnings=told)

    def __repr__(self) -> str:
        """The values that are not defaults, without secrets."""
        shown = []
        for one in settings_of(Settings):
            value = getattr(self, one.attribute)
            if value != one.default:
                hidden = one.secret or one.is_nested
                shown.append(f"{one.attribute}={masked(to_text(value), is_secret=hidden)!r}")
        return f"Settings({', '.join(shown)})"
