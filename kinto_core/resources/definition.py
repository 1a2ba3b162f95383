"""What a resource type is, and the registry of all types of one server.

A type is declared once (see ``bucket.py``, ``collection.py``, ``group.py``, ``record.py``); its
URLs, its permission names, its operations and its description in OpenAPI follow from that.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from kinto_core.errors import ConfigurationError, Fault
from kinto_core.ids import UUID4, IdGenerator, NameGenerator, RelaxedUUID
from kinto_core.objects import StoredObject
from kinto_core.transactions import Transaction

FieldRules = Callable[[dict[str, Any], str], tuple[dict[str, Any], list[Fault]]]
"""Checks and completes the fields of an object: ``(data, prefix of names) -> (data, faults)``."""


@dataclass(frozen=True, slots=True)
class Writing:
    """One object that is about to be saved.

    Attributes:
        uri: its own.
        user_id: who writes it; ``None`` when anonymous.
        old: the object as it is until now; ``None`` when it is created.
    """

    uri: str
    user_id: str | None
    old: StoredObject | None


Prepare = Callable[[Transaction, Writing, dict[str, Any]], None]
"""Looks at an object in the transaction that saves it, and completes its fields: changes them in
place, puts what nobody may read elsewhere, or raises ``InvalidInput``."""

GENERATORS: Mapping[str, Callable[[], IdGenerator]] = {
    "NameGenerator": NameGenerator,
    "RelaxedUUID": RelaxedUUID,
    "UUID4": UUID4,
}
"""The generators that the ``…_id_generator`` settings can name."""


def any_fields(data: dict[str, Any], _prefix: str) -> tuple[dict[str, Any], list[Fault]]:
    """The rules of a type that accepts every field."""
    return data, []


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResourceType:
    """A kind of object.

    Attributes:
        name: singular, lower case: ``record``.
        parent: the type that contains it; ``None`` at the top.
        fields: the rules of its own fields.
        id_generator: the default one: a name of ``GENERATORS``, or one of the type's own.
        prepare: has the last word before one of its objects is saved; for types of plugins.
        owner: the principal whom an object of that id belongs to, whoever writes it: it gets
            ``write``, the writer does not. For types at the top; who may write all of them by the
            settings may list them too.
        has_members: whether its objects are groups of users (field ``members``).
        has_schema: whether its parent's ``schema`` field applies to it and stamps it.
        has_indexes: whether its parent's ``indexes`` field applies to its lists.
    """

    name: str
    parent: "ResourceType | None" = None
    fields: FieldRules = any_fields
    id_generator: str | IdGenerator = "NameGenerator"
    prepare: Prepare | None = None
    owner: Callable[[str], str] | None = None
    has_members: bool = False
    has_schema: bool = False
    has_indexes: bool = False

    @property
    def plural(self) -> str:
        """The last part of its list's URL: ``records``."""
        return self.name + "s"

    @property
    def plural_path(self) -> str:
        """The pattern of its list's URL: ``/buckets/{bucket_id}/collections``."""
        prefix = f"{self.parent.plural_path}/{{{self.parent.name}_id}}" if self.parent else ""
        return f"{prefix}/{self.plural}"

    @property
    def object_path(self) -> str:
        """The pattern of an object's URL: ``/buckets/{bucket_id}/collections/{id}``."""
        return self.plural_path + "/{id}"

    @property
    def ancestors(self) -> tuple["ResourceType", ...]:
        """The types that contain it, from the top down."""
        return _ancestors(self)


@cache
def _ancestors(kind: ResourceType) -> tuple[ResourceType, ...]:
    return (*kind.parent.ancestors, kind.parent) if kind.parent else ()


@dataclass(frozen=True, slots=True)
class ResourceTypes:
    """The resource types of a server.

    Attributes:
        by_name: every type by its name, parents before children.
        children: the types inside each type, by its name.
        ids: the identifier generator of each type, by its name.
    """

    by_name: Mapping[str, ResourceType]
    children: Mapping[str, tuple[ResourceType, ...]] = field(default_factory=dict)
    ids: Mapping[str, IdGenerator] = field(default_factory=dict)

    @classmethod
    def build(cls, types: Iterable[ResourceType], generators: Mapping[str, str]) -> "ResourceTypes":
        """Arrange types and choose their identifier generators.

        Args:
            types: parents before children.
            generators: generator names by resource name, from the settings.

        Raises:
            ConfigurationError: a name declared twice, or an unknown generator.
        """
        by_name: dict[str, ResourceType] = {}
        children: dict[str, tuple[ResourceType, ...]] = {}
        ids: dict[str, IdGenerator] = {}
        problems: list[str] = []
        for kind in types:
            if kind.name in by_name:
                problems.append(f"resource type {kind.name!r} is declared twice")
            by_name[kind.name] = kind
            if kind.parent is not None:
                parent = kind.parent.name
                children[parent] = (*children.get(parent, ()), kind)
            chosen = generators.get(kind.name, kind.id_generator)
            if not isinstance(chosen, str):
                ids[kind.name] = chosen
            elif chosen in GENERATORS:
                ids[kind.name] = GENERATORS[chosen]()
            else:
                expected = ", ".join(GENERATORS)
                problems.append(
                    f"{kind.name}_id_generator = {chosen!r}: unknown, expected one of {expected}"
                )
        if problems:
            raise ConfigurationError(problems)
        return cls(by_name, children, ids)

    def permission_names(self, kind: ResourceType) -> tuple[str, ...]:
        """The names that the permissions of such an object may have. Source: protocol P-10."""
        creations = (f"{child.name}:create" for child in self.children.get(kind.name, ()))
        return ("read", "write", *creations)
