"""What a subscription is about: a URI as an address, and which URIs contain which.

Pure; knows the resource types of a server and nothing of what exists.
"""

from collections.abc import Iterator

from kinto_core.resources.addresses import ObjectAddress, object_address
from kinto_core.resources.definition import ResourceType, ResourceTypes
from kinto_websocket.protocol import Refusal

MAX_URI: int = 1024


def address_of(types: ResourceTypes, uri: str) -> ObjectAddress:
    """The object that a URI names.

    Args:
        types: of the server.
        uri: such as ``/buckets/b/collections/c``, without version prefix.

    Raises:
        Refusal: it names a list, or nothing that could exist.
    """
    parts = uri.split("/")
    if len(uri) > MAX_URI or parts[0] or len(parts) == 1:
        raise Refusal(400, "uri: expected a path such as /buckets/blog/collections/articles")
    plurals, ids = parts[1::2], parts[2::2]
    kind: ResourceType | None = None
    for plural in plurals:
        kind = _child(types, kind, plural)
        if kind is None:
            raise Refusal(400, f"uri: {plural[:80]!r} is no list of this server there")
    if kind is None or len(plurals) > len(ids):
        raise Refusal(400, f"uri: {uri[:80]} is a list; subscribe to what contains it, or to one")
    names = [one.name for one in (*kind.ancestors, kind)]
    if not all(types.ids[name].match(one) for name, one in zip(names, ids, strict=True)):
        raise Refusal(400, f"uri: {uri[:80]} has an invalid id")
    return object_address(kind, ids)


def _child(types: ResourceTypes, parent: ResourceType | None, plural: str) -> ResourceType | None:
    if parent is not None:
        found = types.children.get(parent.name, ())
    else:
        found = tuple(kind for kind in types.by_name.values() if kind.parent is None)
    return next((kind for kind in found if kind.plural == plural), None)


def containers(uri: str) -> Iterator[str]:
    """An object's own URI and those of everything that contains it, from the inside out."""
    while uri:
        yield uri
        uri = uri.rpartition("/")[0].rpartition("/")[0]


def top_of(uri: str) -> str:
    """The URI of the object at the top that an object is, or is contained in."""
    return "/".join(uri.split("/", 3)[:3])


def is_inside(uri: str, container: str) -> bool:
    """Whether an object is another, or is contained in it."""
    return uri == container or uri.startswith(container + "/")


def list_uri(parent_uri: str, resource: str) -> str:
    """The URI of a list."""
    return f"{parent_uri}/{resource}s"


def inner_types(types: ResourceTypes, kind: ResourceType) -> frozenset[str]:
    """The names of all types inside objects of a type, at any depth."""
    found = types.children.get(kind.name, ())
    return frozenset(one.name for one in found).union(*(inner_types(types, one) for one in found))
