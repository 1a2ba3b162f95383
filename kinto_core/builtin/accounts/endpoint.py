"""``POST /accounts/{id}/reset-password``: with a code choose a password, as administrator get one.

Source: built-in plugins BW-25.
"""

from typing import Any, Final

from kinto_core import json
from kinto_core.builtin.accounts import sql
from kinto_core.builtin.accounts.account import RESOURCE, account_fields, is_name, is_stand_in
from kinto_core.builtin.accounts.describing import RESET_PASSWORD
from kinto_core.builtin.accounts.office import Office, office_of
from kinto_core.builtin.accounts.resetting import is_valid, issue, redeem
from kinto_core.errors import Fault, InvalidInput, ObjectNotFound
from kinto_core.http import parsing
from kinto_core.http.endpoints import Endpoint
from kinto_core.http.errors import FORBIDDEN, HttpError
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.objects import read_body
from kinto_core.http.site import Site
from kinto_core.http.times import http_date
from kinto_core.transactions import Transaction

PATH: Final = "/accounts/{account_id}/reset-password"

WRONG_CODE: Final = "The code is not valid, or not for this account; ask for another one."


def add_endpoint(site: Site) -> None:
    """Serve the endpoint."""
    methods = ("POST", "OPTIONS")
    site.endpoints[PATH] = Endpoint(
        "account-reset-password", reset_password_view, methods, described=RESET_PASSWORD
    )


def reset_password_view(site: Site, exchange: Exchange) -> Reply:
    """Answer ``POST`` with ``{"data": {"code", "password"}}``, or without body.

    Raises:
        InvalidInput: one of both is missing, or the password cannot be one.
        HttpError: the code is wrong.
        NotAllowed: somebody who is no administrator asks for a code.
        TooManyRequests: too many codes or passwords were wrong.
    """
    name = exchange.path.split("/")[2]
    parsing.media_type(exchange.headers, (parsing.JSON,))
    value, faults = read_body(site, exchange, required=False)
    if faults:
        raise InvalidInput(*faults)
    data = value.get("data") if isinstance(value, dict) else None
    if data is None:
        return _issue(site, exchange, name)
    code, password = _checked(data)
    _redeem(site, exchange, name, code, password)
    return Reply(200, json.dumpb({"data": {"id": name}}))


def _issue(site: Site, exchange: Exchange, name: str) -> Reply:
    """Give an administrator a code for somebody."""
    caller = site.caller(exchange)
    groups = site.read(exchange, lambda tx: tx.groups(caller.user_id))
    access = site.server.rules.access
    if not access.is_configured(caller.principals(tuple(groups)), RESOURCE, "write"):
        raise caller.refusal()
    if not is_name(name):
        raise ObjectNotFound(RESOURCE, name)
    seconds = office_of(site.server).table.account_reset_code_seconds
    code = site.write(exchange, lambda tx: issue(site.server, tx, name, seconds=seconds))
    data = {"id": name, "code": code.text, "expires": http_date(code.until)}
    return Reply(200, json.dumpb({"data": data}), [("Cache-Control", "no-store")])


def _checked(data: Any) -> tuple[str, str]:  # noqa: ANN401  any JSON value
    """The code and the new password."""
    if not isinstance(data, dict):
        raise InvalidInput(Fault("body", "data", "expected an object"))
    faults: list[Fault] = []
    code = data.get("code")
    if not isinstance(code, str) or not code:
        faults.append(Fault("body", "data.code", "Required"))
    _, more = account_fields(data, "data.")
    password = data.get("password")
    if not more and is_stand_in(str(password)):
        more = [Fault("body", "data.password", "stands for a password: send a new one")]
    if faults or more:
        raise InvalidInput(*faults, *more)
    return str(code), str(password)


def _redeem(site: Site, exchange: Exchange, name: str, code: str, password: str) -> None:
    office: Office = office_of(site.server)
    network = office.network()
    office.attempts.require_room(name, network)

    def look(tx: Transaction) -> bool:
        with tx.reading() as connection:
            return is_valid(sql.find(connection, name), code, site.server.clock())

    is_right = is_name(name) and site.read(exchange, look)
    if is_right:
        office.hash_ahead(password)
        is_right = site.write(exchange, lambda tx: redeem(site.server, tx, name, code, password))
    if not is_right:
        office.attempts.failed(name, network)
        raise HttpError(FORBIDDEN, message=WRONG_CODE)
