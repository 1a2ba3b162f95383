"""Setting somebody's password anew: with a code that works once, and in an operator's name.

A code is given to whom the account belongs, by other means than this server. It lets its bearer
choose a new password; until then the present one stays valid unless the account was locked. Any
change of the password makes codes void.

Source: built-in plugins BW-25.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from kinto_core.builtin.accounts import sql
from kinto_core.builtin.accounts.account import ACCOUNT, RESOURCE, user_id
from kinto_core.builtin.accounts.leaving import OPERATOR, rules_of_plugin
from kinto_core.errors import ObjectNotFound
from kinto_core.resources.access import Caller
from kinto_core.resources.addresses import object_address
from kinto_core.resources.bodies import ObjectBody
from kinto_core.resources.calls import Call
from kinto_core.resources.patching import FieldsPatch, Patch
from kinto_core.resources.writing import patch
from kinto_core.server import Server
from kinto_core.transactions import Transaction


@dataclass(frozen=True, slots=True)
class Code:
    """A code to reset a password.

    Attributes:
        text: to be given to the user; it is not stored.
        until: when it stops working, in milliseconds since 1970.
    """

    text: str
    until: int


def issue(server: Server, tx: Transaction, name: str, *, seconds: int, lock: bool = False) -> Code:
    """Make a code for an account; the one before becomes void.

    Args:
        server: with this plugin.
        tx: the transaction.
        name: of the account.
        seconds: how long the code works.
        lock: whether the present password stops working at once, with every live stream.

    Raises:
        ObjectNotFound: there is no such account.
    """
    if lock:
        set_password(server, tx, name, secrets.token_urlsafe(48), Caller(OPERATOR))
    tx.lock_list(("", RESOURCE))
    found = sql.find(tx.connection, name)
    if found is None:
        raise ObjectNotFound(RESOURCE, name)
    code = Code(secrets.token_urlsafe(24), tx.backends.clock() + seconds * 1000)
    changed = found._replace(code=_digest(code.text), code_until=code.until)
    sql.write(tx.connection, name, changed)
    return code


def is_valid(found: sql.Password | None, code: str, now: int) -> bool:
    """Whether a code lets its bearer choose the password of an account, at a moment in ms."""
    stored = found.code if found is not None else ""
    is_same = hmac.compare_digest(stored, _digest(code))
    return is_same and found is not None and now < found.code_until


def redeem(server: Server, tx: Transaction, name: str, code: str, password: str) -> bool:
    """Set a new password if the code is the right one; whether it is.

    Raises:
        InvalidInput: the password cannot be one; the code stays valid.
        Overloaded: too many passwords are being hashed.
    """
    tx.lock_list(("", RESOURCE))  # of two who bring the same code, one comes first
    if not is_valid(sql.find(tx.connection, name), code, tx.backends.clock()):
        return False
    set_password(server, tx, name, password, Caller(user_id(name)))
    return True


def set_password(server: Server, tx: Transaction, name: str, password: str, caller: Caller) -> None:
    """Change the password of an account; an ordinary update with its event.

    Raises:
        ObjectNotFound: there is no such account.
        InvalidInput: the password cannot be one.
    """
    body = ObjectBody({"password": password}, None)

    def read() -> Patch:
        return FieldsPatch(body)

    address = object_address(ACCOUNT, (name,))
    ids = {"account_id": name}
    rules = rules_of_plugin(server, caller.user_id)
    patch(tx, rules, address, Call(read=read, caller=caller, uri=address.uri, url_ids=ids))


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
