"""Somebody who calls the operations of a server, without HTTP."""

from dataclasses import dataclass, field
from typing import Any

from kinto_core.objects import StoredObject
from kinto_core.resources.access import Caller
from kinto_core.resources.addresses import (
    ListAddress,
    ObjectAddress,
    list_address,
    object_address,
)
from kinto_core.resources.bodies import ObjectBody
from kinto_core.resources.calls import Call, ObjectAnswer
from kinto_core.resources.definition import ResourceTypes
from kinto_core.resources.deleting import DeletedList, delete, delete_list
from kinto_core.resources.patching import Patched, parse_patch
from kinto_core.resources.preconditions import NONE, Preconditions
from kinto_core.resources.reading import ListAnswer, ListInput, fetch, list_objects
from kinto_core.resources.writing import create, patch, replace
from kinto_core.server import Server
from kinto_core.storage.query import Query

B = "/buckets/b"
C = f"{B}/collections/c"
R = f"{C}/records"
G = f"{B}/groups/g"

Permissions = dict[str, list[str]]


@dataclass
class Watch:
    """A clock that stands until it is moved."""

    now: int = 1_700_000_000_000

    def __call__(self) -> int:
        """The time in milliseconds."""
        return self.now


def address_of(types: ResourceTypes, uri: str) -> ObjectAddress:
    """The address of an object."""
    parts = uri.split("/")[1:]
    kind = types.by_name[parts[-2].removesuffix("s")]
    return object_address(kind, parts[1::2])


def list_of(types: ResourceTypes, uri: str) -> ListAddress:
    """The address of a list."""
    parts = uri.split("/")[1:]
    kind = types.by_name[parts[-1].removesuffix("s")]
    return list_address(kind, parts[1::2])


@dataclass(frozen=True)
class Actor:
    """Calls operations, each in a transaction of its own."""

    server: Server
    user: str | None = "alice"
    conditions: Preconditions = field(default=NONE)

    def if_match(self, version: int) -> "Actor":
        """The same with a precondition."""
        return Actor(self.server, self.user, Preconditions(if_match=version))

    def _call(self, value: Any) -> Call[Any]:  # noqa: ANN401  any input
        caller = Caller(self.user)
        return Call(read=lambda: value, caller=caller, preconditions=self.conditions)

    def put(
        self, uri: str, data: dict[str, Any] | None = None, permissions: Permissions | None = None
    ) -> ObjectAnswer:
        """Write over an object, or create it."""
        address = address_of(self.server.types, uri)
        call = self._call(ObjectBody(data, permissions))
        return self.server.transact(lambda tx: replace(tx, self.server.rules, address, call))

    def post(
        self, uri: str, wanted_id: str | None = None, data: dict[str, Any] | None = None
    ) -> ObjectAnswer:
        """Add an object to a list."""
        address = list_of(self.server.types, uri)
        call = self._call(ObjectBody(data if data is not None else {}, None))
        rules = self.server.rules
        return self.server.transact(lambda tx: create(tx, rules, address, call, wanted_id))

    def patch(self, uri: str, body: dict[str, Any]) -> tuple[ObjectAnswer, Patched]:
        """Change some fields."""
        address = address_of(self.server.types, uri)
        names = self.server.types.permission_names(address.type)
        change, faults = parse_patch("application/json", body, names)
        assert not faults
        call = self._call(change)
        return self.server.transact(lambda tx: patch(tx, self.server.rules, address, call))

    def get(self, uri: str) -> ObjectAnswer:
        """Read an object."""
        address = address_of(self.server.types, uri)
        call = self._call(None)
        with self.server.transaction() as tx:
            return fetch(tx, self.server.rules, address, call)

    def list(
        self,
        uri: str,
        query: Query | None = None,
        *,
        count: bool = False,
        as_text: bool = False,
    ) -> ListAnswer:
        """Read a list."""
        address = list_of(self.server.types, uri)
        asked = ListInput(query or Query(), count=count, as_text=as_text)
        call = self._call(lambda _timestamp: asked)
        with self.server.transaction() as tx:
            return list_objects(tx, self.server.rules, address, call)

    def delete(self, uri: str, wanted: int | None = None) -> ObjectAnswer:
        """Delete an object."""
        address = address_of(self.server.types, uri)
        call = self._call(wanted)
        return self.server.transact(lambda tx: delete(tx, self.server.rules, address, call))

    def empty(self, uri: str, query: Query | None = None) -> DeletedList:
        """Delete what is in a list."""
        address = list_of(self.server.types, uri)
        call = self._call(lambda _timestamp: ListInput(query or Query()))
        return self.server.transact(lambda tx: delete_list(tx, self.server.rules, address, call))


def ids(objects: list[StoredObject]) -> list[str]:
    """The ids of objects, in order."""
    return [item.id for item in objects]
