"""Checks that several operations make before they go on."""

from kinto_core.errors import Fault, InvalidInput
from kinto_core.resources.addresses import ObjectAddress
from kinto_core.resources.calls import Rules

INVALID_ID = Fault("path", None, "Invalid object id")


def require_id(rules: Rules, address: ObjectAddress) -> None:
    """Refuse an identifier that this type does not accept.

    Raises:
        InvalidInput: it does not. Source: protocol M-9.
    """
    if not rules.types.ids[address.type.name].match(address.key.id):
        raise InvalidInput(INVALID_ID)


def require_same_id(object_id: str, data: dict[str, object]) -> None:
    """Refuse data that carry another identifier than the address.

    Raises:
        InvalidInput: they do. Source: protocol M-19.
    """
    if "id" in data and data["id"] != object_id:
        raise InvalidInput(Fault("body", "id", "Object id does not match existing object"))
