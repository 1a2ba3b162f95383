"""The settings ``history.*`` and what follows from them.

Source: built-in plugins B-109 to B-115; settings S-134 to S-136.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from kinto_core.errors import ConfigurationError
from kinto_core.settings import Settings
from kinto_core.settings.setting import setting

_SHAPES: Final = (
    ("buckets",),
    ("buckets", "groups"),
    ("buckets", "collections"),
    ("buckets", "collections", "records"),
)
_SINGULAR: Final = {
    "buckets": "bucket",
    "groups": "group",
    "collections": "collection",
    "records": "record",
}


@dataclass(frozen=True, kw_only=True)
class HistorySettings:
    """What is kept of changes, and for how long."""

    prefix: ClassVar[str] = "history."

    exclude_resources: tuple[str, ...] = setting(
        (),
        example="/buckets/blog/collections/drafts /buckets/logs",
        help="URIs of objects whose changes are not kept, with everything inside them.",
    )
    exclude_user_ids: tuple[str, ...] = setting(
        (), example="account:robot", help="Users whose changes are not kept."
    )
    auto_trim_max_count: int = setting(
        -1,
        help="How many entries to keep of each bucket and type of object, the newest. "
        "Zero or less: all.",
    )
    auto_trim_threshold: int = setting(
        100,
        minimum=0,
        help="How many more there may be before the oldest are removed, which is done in the "
        "background.",
    )
    auto_trim_user_ids: tuple[str, ...] = setting(
        (),
        example="account:robot",
        help="Remove only entries of these users, each counted alone. Empty: of everybody.",
    )


def settings_of(settings: Settings) -> HistorySettings:
    """The plugin's table."""
    return settings.plugin(HistorySettings)


@dataclass(frozen=True, slots=True)
class Excluded:
    """An object whose changes are not kept.

    Attributes:
        uri: its URI.
        ids: its identifiers by type, such as ``{"bucket": "a", "collection": "c"}``.
    """

    uri: str
    ids: Mapping[str, str]

    def contains(self, uri: str) -> bool:
        """Whether another object is this one, or inside it."""
        return uri == self.uri or uri.startswith(self.uri + "/")


def excluded_resources(table: HistorySettings) -> tuple[Excluded, ...]:
    """What ``exclude_resources`` names.

    Raises:
        ConfigurationError: something is not the URI of an object. Source: B-109.
    """
    found: list[Excluded] = []
    problems: list[str] = []
    for uri in table.exclude_resources:
        ids = _ids(uri)
        if ids is None:
            problems.append(
                f"history.exclude_resources: Invalid URI: {uri}; expected that of an object, such "
                "as /buckets/a or /buckets/a/collections/c"
            )
        else:
            found.append(Excluded(uri.rstrip("/"), ids))
    if problems:
        raise ConfigurationError(problems)
    return tuple(found)


def _ids(uri: str) -> Mapping[str, str] | None:
    """The identifiers in the URI of an object by type; ``None`` when it is none."""
    first, *parts = uri.rstrip("/").split("/")
    types, names = tuple(parts[::2]), parts[1::2]
    if first or types not in _SHAPES or len(names) != len(types) or not all(names):
        return None
    return {_SINGULAR[kind]: name for kind, name in zip(types, names, strict=True)}


@dataclass(frozen=True, slots=True)
class Limit:
    """How much history to keep of each bucket and type. Source: B-111 to B-113, B-148.

    Attributes:
        keep: how many entries to keep, the newest.
        most: how many there may be before others are removed; none above are shown.
        users: whose entries are counted, each user's alone; empty: everybody's together.
    """

    keep: int
    most: int
    users: Sequence[str] = ()

    def counted_as(self, user_id: str) -> str | None:
        """The user whose entries this one's count among: ``""`` for everybody, ``None``: nobody."""
        if not self.users:
            return ""
        return user_id if user_id in self.users else None


def limit_of(table: HistorySettings) -> Limit | None:
    """The limit of the settings; ``None`` when everything is kept."""
    keep = table.auto_trim_max_count
    if keep <= 0:
        return None
    return Limit(keep, keep + table.auto_trim_threshold, table.auto_trim_user_ids)


def announced(table: HistorySettings) -> Mapping[str, object]:
    """What the root view says of the settings. Source: B-115."""
    said: dict[str, object] = {}
    if table.auto_trim_max_count > 0:
        said["auto_trim_max_count"] = table.auto_trim_max_count
    if table.auto_trim_user_ids:
        said["auto_trim_user_ids"] = list(table.auto_trim_user_ids)
    if table.exclude_resources:
        said["excluded_resources"] = [dict(one.ids) for one in excluded_resources(table)]
    return said
