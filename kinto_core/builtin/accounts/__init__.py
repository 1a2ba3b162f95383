"""What this plugin does to a server: its hooks, and nothing else.

Users with a name and a password, at ``/accounts``. Source: built-in plugins section 2.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kinto_core.builtin.accounts import sql
from kinto_core.builtin.accounts.account import ACCOUNT
from kinto_core.builtin.accounts.commands import accounts, create_user
from kinto_core.builtin.accounts.describing import security
from kinto_core.builtin.accounts.endpoint import add_endpoint
from kinto_core.builtin.accounts.gate import gate
from kinto_core.builtin.accounts.leaving import clean_up
from kinto_core.builtin.accounts.office import office_of
from kinto_core.builtin.accounts.policy import make_factory
from kinto_core.builtin.accounts.senders import remembered_sender
from kinto_core.builtin.accounts.settings import AccountsSettings, require_policy, tell_if_volatile
from kinto_core.hookspecs import hookimpl

if TYPE_CHECKING:
    import click
    from pyramid.config import Configurator

    from kinto_core.authentication.policies import PolicyFactory
    from kinto_core.database.plugin_tables import PluginTables
    from kinto_core.events.event import ResourceChanged
    from kinto_core.resources.definition import ResourceType
    from kinto_core.server import Server
    from kinto_core.transactions import Transaction


@hookimpl
def register_settings() -> Iterable[type]:
    """Declare what an operator can set."""
    return [AccountsSettings]


@hookimpl
def register_resources() -> Iterable["ResourceType"]:
    """Serve accounts as objects. Source: built-in plugins B-26."""
    return [ACCOUNT]


@hookimpl
def register_policies(server: "Server") -> Mapping[str, "PolicyFactory"]:
    """Recognise users by name and password. Source: built-in plugins B-18, B-24, B-25."""
    require_policy(server.settings)
    tell_if_volatile(server.settings)
    return {"accounts": make_factory(office_of(server))}


@hookimpl
def register_tables(server: "Server") -> Iterable["PluginTables"]:
    """Keep what proves passwords, apart from the accounts."""
    del server
    return [sql.TABLES]


@hookimpl
def resource_changed(event: "ResourceChanged", transaction: "Transaction") -> None:
    """Leave nothing of a deleted account that its name could be used for."""
    clean_up(event, transaction)


@hookimpl
def server_flushed(server: "Server") -> None:
    """Forget every password."""
    with server.storage.database.writing() as connection:
        sql.remove_all(connection)


@hookimpl
def server_closing(server: "Server") -> None:
    """End the threads that hash passwords."""
    office_of(server).close()


@hookimpl
def register_commands(cli: "click.Group") -> None:
    """Add ``kinto accounts`` and ``kinto create-user``."""
    cli.add_command(accounts)
    cli.add_command(create_user)


@hookimpl
def register_capabilities(server: "Server") -> Mapping[str, Mapping[str, Any]]:
    """Announce accounts. Source: built-in plugins B-5."""
    del server
    return {
        "accounts": {
            "description": "Manage user accounts.",
            "url": "https://kinto.readthedocs.io/en/latest/api/1.x/accounts.html",
            "validation_enabled": False,
        }
    }


def includeme(config: "Configurator") -> None:
    """Guard the accounts, let codes be redeemed, and know from where requests come."""
    site = config.registry.site
    site.guards[ACCOUNT.name] = gate
    add_endpoint(site)
    site.security.append(lambda: security(site.settings))
    site.around.append(remembered_sender)
