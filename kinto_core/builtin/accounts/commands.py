"""``kinto accounts`` and ``kinto create-user``: manage accounts from a shell.

Source: settings S-252 to S-256; built-in plugins BW-25.
"""

import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from kinto_core.builtin.accounts.account import ACCOUNT, RESOURCE, is_name, user_id
from kinto_core.builtin.accounts.leaving import OPERATOR, rules_of_plugin
from kinto_core.builtin.accounts.office import office_of
from kinto_core.builtin.accounts.passwords import is_proof
from kinto_core.builtin.accounts.resetting import issue
from kinto_core.cli.options import common_options, examples, load_settings, tell
from kinto_core.errors import KintoError, ReadOnly
from kinto_core.resources.access import Caller
from kinto_core.resources.addresses import object_address
from kinto_core.resources.bodies import ObjectBody
from kinto_core.resources.calls import Call, live
from kinto_core.resources.deleting import delete
from kinto_core.resources.writing import replace
from kinto_core.server import Server
from kinto_core.storage.query import Query, Sort
from kinto_core.transactions import Transaction

READONLY = "the server is read-only: set readonly = false to change accounts"
IS_READONLY, IS_ABORTED = 51, 53
"""Exit statuses of ``create-user``. Source: settings S-255."""

_NAME = click.argument("name", metavar="NAME")


@click.group(
    epilog=examples(
        "kinto accounts create alice",
        "kinto accounts reset-password alice",
        "kinto accounts list",
    )
)
def accounts() -> None:
    """See accounts, create and delete them, and let users choose a new password."""


@accounts.command(
    epilog=examples(
        "kinto accounts create alice",
        "pass show kinto | kinto accounts create alice --password-stdin",
    )
)
@common_options
@_NAME
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option(
    "--hash-stdin",
    is_flag=True,
    help="Read a hash of the password (argon2id or bcrypt) from standard input instead.",
)
@click.option("--replace", "replaces", is_flag=True, help="Replace an account of that name.")
def create(
    ini: Path | None, name: str, *, password_stdin: bool, hash_stdin: bool, replaces: bool
) -> None:
    """Create an account. The password is asked for unless an option says otherwise."""
    if not is_name(name):
        raise click.UsageError(_no_name(name))
    secret = sys.stdin.readline().rstrip("\r\n") if password_stdin or hash_stdin else _ask(name)
    if hash_stdin and not is_proof(secret):
        message = "standard input holds no hash of argon2id or bcrypt"
        raise click.UsageError(message)
    with _server(ini) as server:
        write_account(server, name, secret, is_hash=hash_stdin, replaces=replaces)
    click.echo(f"Account {name} was created.")


@accounts.command("list", epilog=examples("kinto accounts list"))
@common_options
def list_command(ini: Path | None) -> None:
    """Show the name of every account, and when it was changed last."""
    query = Query(sorts=(Sort("id"),))
    with Server(load_settings(ini)) as server, server.transaction() as tx:
        found = tx.find("", RESOURCE, query)
    for stored in found:
        moment = datetime.fromtimestamp(stored.last_modified / 1000, UTC)
        click.echo(f"{stored.id}  {moment.isoformat(timespec='seconds')}")


@accounts.command("reset-password", epilog=examples("kinto accounts reset-password alice --lock"))
@common_options
@_NAME
@click.option("--lock", is_flag=True, help="The present password stops working at once.")
def reset_password(ini: Path | None, name: str, *, lock: bool) -> None:
    """Write a code on standard output with which the user can choose a new password, once.

    It is sent as {"data": {"code": …, "password": …}} in a POST to /accounts/NAME/reset-password.
    """
    with _server(ini) as server:
        seconds = office_of(server).table.account_reset_code_seconds
        code = server.transact(lambda tx: issue(server, tx, name, seconds=seconds, lock=lock))
    tell(f"The code works once, until {datetime.fromtimestamp(code.until // 1000, UTC)}.")
    click.echo(code.text)


@accounts.command("delete", epilog=examples("kinto accounts delete alice --yes"))
@common_options
@_NAME
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete_command(ini: Path | None, name: str, *, yes: bool) -> None:
    """Delete an account with its permissions, its memberships and its personal bucket."""
    if not yes:
        click.confirm(f"Delete the account {name}, with its permissions?", abort=True, err=True)
    address = object_address(ACCOUNT, (name,))
    call: Call[int | None] = Call(
        read=lambda: None,
        caller=Caller(OPERATOR),
        uri=address.uri,
        url_ids={"account_id": name},
    )
    with _server(ini) as server:
        server.transact(lambda tx: delete(tx, rules_of_plugin(server), address, call))
    click.echo(f"Account {name} was deleted.")


@click.command("create-user", epilog=examples("kinto create-user --username admin"))
@common_options
@click.option("-u", "--username", help="Its name; asked for when missing.")
@click.option("-p", "--password", help="Asked for when missing, which keeps it out of sight.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--yes", is_flag=True, help="Replace an account of that name without asking.")
def create_user(
    ini: Path | None,
    username: str | None,
    password: str | None,
    *,
    password_stdin: bool,
    yes: bool,
) -> None:
    """Create an account, or set the password of one that exists."""
    settings = load_settings(ini)
    if settings.readonly:
        tell("Cannot create a user with a readonly server.")
        raise click.exceptions.Exit(IS_READONLY)
    try:
        name = _asked_name(username)
        if password_stdin:
            password = sys.stdin.readline().rstrip("\r\n")
        with _server(ini) as server:
            if not yes and _exists(server, name):
                click.confirm(f"Replace the account {name}?", abort=True, err=True)
            tell(f"Creating user '{name}'")
            secret = _ask(name) if password is None else password
            write_account(server, name, secret, replaces=True)
    except click.Abort:
        tell("User creation aborted")
        raise click.exceptions.Exit(IS_ABORTED) from None


def write_account(
    server: Server, name: str, secret: str, *, is_hash: bool = False, replaces: bool = False
) -> None:
    """Create an account in the operator's name.

    Args:
        server: with this plugin.
        name: of the account.
        secret: its password, or the hash of it.
        is_hash: which of both.
        replaces: whether one that exists may be replaced.

    Raises:
        ClickException: the account exists.
        InvalidInput: the password cannot be one.
    """
    password = secrets.token_urlsafe(48) if is_hash else secret
    body = ObjectBody({"password": password}, {"write": [user_id(name)]})
    faults = ACCOUNT.fields({"password": password}, "")[1]
    if faults:
        raise click.UsageError("; ".join(f"password: {one.description}" for one in faults))
    address = object_address(ACCOUNT, (name,))
    call = Call(
        read=lambda: body,
        caller=Caller(OPERATOR),
        uri=address.uri,
        url_ids={"account_id": name},
    )
    office = office_of(server)

    def work(tx: Transaction) -> None:
        if not replaces and live(tx.fetch(address.key)) is not None:
            message = f"the account {name} exists already; --replace replaces it"
            raise click.ClickException(message)
        if is_hash:
            office.take_proof(password, secret)
        replace(tx, rules_of_plugin(server), address, call)

    server.transact(work)


def _server(ini: Path | None) -> Server:
    """A server whose accounts can be changed."""
    settings = load_settings(ini)
    if settings.readonly:
        raise ReadOnly(READONLY)
    server = Server(settings)
    try:
        server.prepare()
    except KintoError:
        server.close()
        raise
    return server


def _exists(server: Server, name: str) -> bool:
    with server.transaction() as tx:
        return live(tx.fetch(object_address(ACCOUNT, (name,)).key)) is not None


def _asked_name(given: str | None) -> str:
    """The name that was given, or that a person gives. Source: settings S-252, S-253."""
    while True:
        name = given if given is not None else click.prompt("Username", err=True)
        if is_name(name):
            return str(name)
        tell(_no_name(name))
        given = None


def _no_name(name: str) -> str:
    return (
        f"{name} is not a valid username.\n"
        "Username should match ^[a-zA-Z0-9][+.@a-zA-Z0-9_-]*$, please try again."
    )


def _ask(name: str) -> str:
    """The password that a person types twice."""
    while True:
        first = click.prompt(
            f"Please enter a password for {name}", hide_input=True, err=True, prompt_suffix=": "
        )
        second = click.prompt("Please confirm the password", hide_input=True, err=True)
        if first == second:
            return str(first)
        tell("Sorry, passwords do not match, please try again.")
