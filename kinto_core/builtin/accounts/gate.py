"""Who reaches which account over HTTP, before the ordinary rules apply.

Everybody but administrators sees their own account only, whatever others share with them.
Administrators are those to whom the settings grant ``account_write_principals``.

Source: built-in plugins section 2.3, BW-15.
"""

from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from kinto_core import json
from kinto_core.builtin.accounts.account import PREFIX, RESOURCE, is_stand_in
from kinto_core.builtin.accounts.office import office_of
from kinto_core.builtin.accounts.passwords import MAX_BYTES
from kinto_core.errors import Fault, Forbidden, InvalidInput, ObjectNotFound
from kinto_core.http.errors import ErrorKind, HttpError
from kinto_core.http.exchange import Exchange
from kinto_core.http.querystring import parse_pairs
from kinto_core.http.site import Site
from kinto_core.objects import ObjectKey

NOT_A_LIST: Final = ErrorKind(401, 999, None, "strangers cannot list accounts")
"""Source: built-in plugins B-44."""

_NO_FILTERS: Final = ("_limit", "_token", "_sort", "_fields")
_READS: Final = ("GET", "HEAD")
_WRITES: Final = ("PUT", "PATCH", "POST")
_NOBODY: Final = "-"
"""No account has this name."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for accounts.

    Attributes:
        name: of their own account; ``None`` for strangers and users of other policies.
        principals: everything they count as.
        is_stranger: whether nobody in particular asks.
        is_administrator: whether they manage everybody's account.
        may_create: whether the settings let them create accounts.
        may_read: whether they let them read accounts.
    """

    name: str | None
    principals: frozenset[str]
    is_stranger: bool
    is_administrator: bool
    may_create: bool
    may_read: bool

    @property
    def is_bound(self) -> bool:
        """Whether they are confined to their own account."""
        return not (self.is_stranger or self.is_administrator)


def gate(site: Site, exchange: Exchange) -> Exchange:
    """The exchange as the ordinary rules may take it.

    Raises:
        InvalidInput, NotAllowed, ObjectNotFound, HttpError: the account is out of reach.
        TooManyRequests: too many accounts are created.
        Overloaded: too many passwords are being hashed.
    """
    _, slash, name = exchange.path[1:].partition("/")
    asker = _asker(site, exchange)
    if slash:
        _require_reach(site, exchange, asker, name)
    elif exchange.method == "POST":
        _require_posted_id(asker, _data(exchange))
    else:
        exchange = _list(exchange, asker)
    if exchange.method in _WRITES:
        _hash_ahead(site, exchange, asker)
    return exchange


def _asker(site: Site, exchange: Exchange) -> Asker:
    caller = site.caller(exchange)
    access = site.server.rules.access
    user = caller.user_id
    groups = site.read(exchange, lambda tx: tx.groups(user)) if user is not None else ()
    principals = caller.principals(tuple(groups))
    return Asker(
        name=user.removeprefix(PREFIX) if user is not None and user.startswith(PREFIX) else None,
        principals=principals,
        is_stranger=user is None,
        is_administrator=access.is_configured(principals, RESOURCE, "write"),
        may_create=access.is_configured(principals, RESOURCE, "create"),
        may_read=access.is_configured(principals, RESOURCE, "read"),
    )


def _require_reach(site: Site, exchange: Exchange, asker: Asker, name: str) -> None:
    """Refuse what concerns somebody else's account. Source: B-36, B-38, B-39, B-43 to B-46."""
    method = exchange.method
    if not asker.is_bound or asker.name == name:
        if method == "PUT" and (asker.name is not None or asker.is_administrator):
            _require_data(exchange)
        return
    if method == "PUT":
        raise _mismatch(asker)
    if method in _READS and (asker.may_read or _is_shared(site, exchange, asker, name)):
        raise ObjectNotFound(RESOURCE, name)
    if method in (*_READS, "PATCH", "DELETE"):
        raise Forbidden


def _is_shared(site: Site, exchange: Exchange, asker: Asker, name: str) -> bool:
    """Whether an account grants its reader something, which counts for nothing. Source: B-36."""
    grants = site.read(exchange, lambda tx: tx.grants(ObjectKey("", RESOURCE, name)))
    return any(not asker.principals.isdisjoint(who) for who in grants.values())


def _require_posted_id(asker: Asker, data: dict[str, Any]) -> None:
    """Refuse a POST that does not say whose account it is. Source: B-38, B-40, B-41."""
    posted = data.get("id")
    if posted is None:
        text = "Accounts must have an ID." if asker.is_bound else "data.id in body: Required"
        raise InvalidInput(Fault("body", "data.id", text))
    if asker.is_bound and posted != asker.name:
        raise _mismatch(asker)


def _mismatch(asker: Asker) -> InvalidInput | Forbidden:
    if not asker.may_create:
        return Forbidden()
    return InvalidInput(Fault("body", "data.id", "Username and account ID do not match."))


def _require_data(exchange: Exchange) -> None:
    """Refuse a PUT that leaves out the account. Source: B-28."""
    body = _parsed(exchange) if exchange.body else {}
    if isinstance(body, dict) and "data" not in body:
        raise InvalidInput(Fault("body", "data", "Required"))


def _list(exchange: Exchange, asker: Asker) -> Exchange:
    """The list as far as the asker may see it. Source: B-44, B-47, B-52, BW-15."""
    if asker.is_stranger:
        if asker.may_create:
            raise HttpError(NOT_A_LIST, error="Cannot read accounts.")
        return exchange
    if asker.is_bound:
        mine = replace(exchange, only=asker.name)
        return _filtered(mine, "id", asker.name or _NOBODY)
    if exchange.method != "DELETE":
        return exchange
    if all(name.strip() in _NO_FILTERS for name, _ in parse_pairs(exchange.query)):
        text = "say which accounts are to be deleted; _since=0 stands for all but your own"
        raise InvalidInput(Fault("querystring", "_since", text))
    return _filtered(exchange, "not_id", asker.name) if asker.name is not None else exchange


def _filtered(exchange: Exchange, name: str, value: str) -> Exchange:
    """The exchange with one more filter, unless it has it, as the URL of a next page does."""
    addition = urlencode({name: json.dumps(value)})
    if addition in exchange.query.split("&"):
        return exchange
    return replace(exchange, query="&".join(filter(None, (exchange.query, addition))))


def _hash_ahead(site: Site, exchange: Exchange, asker: Asker) -> None:
    """Hash the password of a request that is likely to store it, before it holds anything."""
    office = office_of(site.server)
    if asker.is_stranger:
        if not asker.may_create:
            return
        office.attempts.created(office.network())
    password = _password(exchange)
    if isinstance(password, str) and not is_stand_in(password):
        shortest = office.table.account_min_password_length
        if shortest <= len(password) and len(password.encode()) <= MAX_BYTES:
            office.hash_ahead(password)


def _password(exchange: Exchange) -> Any:  # noqa: ANN401  any JSON value
    body = _parsed(exchange)
    if isinstance(body, list):
        given = [
            one.get("value")
            for one in body
            if isinstance(one, dict) and one.get("path") == "/data/password"
        ]
        return given[-1] if given else None
    return _data(exchange).get("password")


def _data(exchange: Exchange) -> dict[str, Any]:
    body = _parsed(exchange)
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, dict) else {}


def _parsed(exchange: Exchange) -> Any:  # noqa: ANN401  any JSON value
    """The body's JSON value; ``None`` when it is none, which others tell."""
    try:
        return json.loads(exchange.body, 100)
    except json.InvalidJSON:
        return None
