"""Names that nobody knows, or that have no effect: what to tell the operator.

A warning never stops the start; a value that cannot be read does, see ``tables.py``.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import Protocol

from kinto_core.settings.aliases import no_effect
from kinto_core.settings.setting import Setting, environment_name
from kinto_core.settings.sources import Text

_RESOURCES = ("bucket", "collection", "group", "record", "account", "history", "permissions")

_USUAL_KEYS: Mapping[str, tuple[str, ...]] = {
    "principals": (
        *(f"{resource}_{word}" for resource in _RESOURCES for word in ("create", "write", "read")),
        "user-data_delete",
    ),
    "cache_expires_seconds": _RESOURCES,
    "id_generators": _RESOURCES,
    "endpoint_enabled": tuple(
        f"{kind}_{resource}_{method}"
        for kind in ("plural", "object")
        for resource in _RESOURCES
        for method in ("get", "put", "post", "patch", "delete")
    ),
}
"""Names of families to compare an unknown name with."""


class Families(Protocol):
    """The settings whose names start with that of a resource type."""

    @property
    def principals(self) -> Mapping[str, tuple[str, ...]]:
        """By ``{resource}_{permission}``."""
        ...

    @property
    def id_generators(self) -> Mapping[str, str]:
        """By ``{resource}``."""
        ...

    @property
    def endpoint_enabled(self) -> Mapping[str, bool]:
        """By ``{plural|object}_{resource}_{method}``."""
        ...


def is_declared(name: str, declared: Iterable[Setting]) -> bool:
    """Whether a name is one of these settings, or of these families."""
    return any(one.key(name) is not None if one.pattern else one.name == name for one in declared)


def warnings_about(texts: Mapping[str, list[Text]], declared: Iterable[Setting]) -> list[str]:
    """A sentence for each name that nobody knows or that has no effect here.

    Names without the prefix may be meant for others: they are reported only when they nearly are
    one of ours.
    """
    declared = tuple(declared)
    found = []
    for name, written in texts.items():
        reason = no_effect(name, written[0].value)
        if reason is not None:
            if reason:
                found.append(f"{name} ({written[0].origin}) has no effect here: {reason}")
        elif not is_declared(name, declared):
            nearest = nearest_name(name, declared)
            if written[0].is_ours or nearest:
                hint = f"; did you mean {nearest}?" if nearest else ""
                found.append(f"{name} ({written[0].origin}) is not a known setting{hint}")
    return found


def nearest_name(name: str, declared: Iterable[Setting]) -> str | None:
    """The known name that was probably meant."""
    names = [one.name for one in declared if not one.pattern]
    names += [
        one.full_name(key)
        for one in declared
        if one.pattern and not one.is_nested
        for key in _USUAL_KEYS.get(one.attribute, ())
    ]
    lower = name.lower()
    for candidate in names:
        if environment_name(candidate) == environment_name(lower):
            return candidate
    close = difflib.get_close_matches(lower, names, n=1, cutoff=0.8)
    return close[0] if close else None


def unknown_resources(settings: Families, resource_names: tuple[str, ...]) -> list[str]:
    """A sentence for each name of a family whose resource type does not exist.

    Args:
        settings: what is set.
        resource_names: of every type; nothing is said when it is empty.
    """
    if not resource_names:
        return []
    known = {*resource_names, *_RESOURCES, "user-data"}
    used = {f"{key}_principals": key.rpartition("_")[0] for key in settings.principals}
    used |= {f"{key}_id_generator": key for key in settings.id_generators}
    used |= {
        f"{key}_enabled": key.partition("_")[2].rpartition("_")[0]
        for key in settings.endpoint_enabled
    }
    found = []
    for name, resource in used.items():
        if resource not in known:
            close = difflib.get_close_matches(resource, sorted(known), n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            found.append(f"{name}: there is no resource type {resource!r}{hint}")
    return found
