"""The resource type ``account``, and the one place where passwords are turned into proofs.

The ``password`` of a stored account is a stand-in such as ``hidden:5f0c…``, which has nothing to do
with the password but that it changes with it. So nobody can read, filter by, log or pass on more
than that, while clients find the field that they expect. Sent back, it leaves the password alone.

Source: built-in plugins section 2.2, BW-1 to BW-4.
"""

import re
import secrets
from typing import Any, Final

from kinto_core.builtin.accounts import sql
from kinto_core.builtin.accounts.office import office_of
from kinto_core.builtin.accounts.passwords import MAX_BYTES
from kinto_core.errors import Fault, InvalidInput
from kinto_core.ids import NameGenerator
from kinto_core.resources.definition import ResourceType, Writing
from kinto_core.transactions import Transaction

RESOURCE: Final = "account"
PREFIX: Final = "account:"
"""Begins the user ids of accounts, whatever the policy is called. Source: settings S-120."""

_NAME = re.compile(r"[a-zA-Z0-9][+.@a-zA-Z0-9_-]*")
_STAND_IN = "hidden:"


def is_name(text: str) -> bool:
    """Whether a text can be the name of an account. Source: built-in plugins B-27."""
    return _NAME.fullmatch(text) is not None


def user_id(name: str) -> str:
    """The user id of an account."""
    return PREFIX + name


class UserNames(NameGenerator):
    """Names that users choose; e-mail addresses are fine."""

    def match(self, candidate: str) -> bool:
        """See ``IdGenerator.match``."""
        return is_name(candidate)


def account_fields(data: dict[str, Any], prefix: str) -> tuple[dict[str, Any], list[Fault]]:
    """Require a password, or its stand-in; everything else is the client's own.

    Source: built-in plugins B-28, B-29, BW-4.
    """
    given = data.get("password")
    if given is None or given == "":
        text = "Required"
    elif not isinstance(given, str):
        text = "expected a text"
    elif len(given.encode()) > MAX_BYTES:
        text = f"expected at most {MAX_BYTES} bytes"
    else:
        return data, []
    return data, [Fault("body", f"{prefix}password", text)]


def is_stand_in(password: str) -> bool:
    """Whether a text stands for a password that cannot be read."""
    return password.startswith(_STAND_IN)


def keep_password(tx: Transaction, writing: Writing, data: dict[str, Any]) -> None:
    """Store the proof of a new password, and put a new stand-in into ``data``.

    Every way of writing an account passes here. Source: built-in plugins BW-3.

    Raises:
        InvalidInput: the password is missing or too short, or the stand-in of a former one.
        Overloaded: too many passwords are being hashed.
    """
    if "password" not in data:
        raise InvalidInput(Fault("body", "data", "Required"))
    given: str = data["password"]
    if writing.old is not None and given == writing.old.data.get("password"):
        return
    if is_stand_in(given):
        text = "stands for a former password: send a new one, or what the account has now"
        raise InvalidInput(Fault("body", "data.password", text))
    server = tx.backends.plugins.server
    if server is None:
        message = "accounts need a server whose plugins they are"
        raise RuntimeError(message)
    office = office_of(server)
    shortest = office.table.account_min_password_length
    if len(given) < shortest:
        text = f"expected {shortest} characters or more"
        raise InvalidInput(Fault("body", "data.password", text))
    data["password"] = version = _STAND_IN + secrets.token_hex(8)
    proof = office.proof_of(given)
    name = writing.uri.rpartition("/")[2]
    sql.write(tx.connection, name, sql.Password(proof, version))


ACCOUNT: Final = ResourceType(
    name=RESOURCE,
    fields=account_fields,
    id_generator=UserNames(),
    prepare=keep_password,
    owner=user_id,
)
"""The resource type, at ``/accounts/{id}``."""
