"""Every hook: when it is called, whether the data are durable by then, and what raising does.

Implement one in a module with ``@kinto_core.hookimpl`` and name the module in ``includes``. An
implementation names the arguments that it needs and leaves out the others. Plugins are called in
the order of ``includes``, listeners of the settings before them; ``@hookimpl(tryfirst=True)`` and
``trylast=True`` move one implementation to the front or the end. Wrappers are refused.

One module serves every server of the process: state belongs to ``server``, not to the module.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    import click

    from kinto_core.authentication.interface import Identity
    from kinto_core.authentication.policies import PolicyFactory
    from kinto_core.database.moment import Source
    from kinto_core.database.plugin_tables import PluginTables
    from kinto_core.eventlog.consumer import Consumer, LogReader
    from kinto_core.events.event import Change, ResourceChanged, ResourceRead
    from kinto_core.metrics import Metrics
    from kinto_core.objects import ObjectKey
    from kinto_core.resources.definition import ResourceType
    from kinto_core.server import Server
    from kinto_core.settings import Settings
    from kinto_core.supervisor import Service
    from kinto_core.transactions import Transaction

hookspec = pluggy.HookspecMarker("kinto")
hookimpl = pluggy.HookimplMarker("kinto")


@hookspec
def resource_changed(
    event: "ResourceChanged", transaction: "Transaction", server: "Server"
) -> None:
    """React to a change before it is committed.

    When: at the end of each transaction, once for each event, in the order of the changes. In the
    process and thread of the request.

    Transaction: inside. The data are not durable yet; what the hook writes through ``transaction``
    is committed or undone with them, and calls the hooks again for it, ten times at most.

    Returns: nothing.

    Raising: refuses the request and undoes the whole transaction. ``kinto_core.errors.Refused``
    gives the client a 403 with your text, ``InvalidInput`` a 400; anything else is a 500.
    """


@hookspec
def before_commit(
    changes: "Sequence[Change]", transaction: "Transaction", server: "Server"
) -> None:
    """Settle what follows from everything that a transaction changed, such as sums.

    When: once at the end of each transaction that changed objects, as late as possible: after all
    ``resource_changed`` hooks and the event log. In the process and thread of the request.

    Transaction: inside. The changes are all of them, those of hooks included, in their order. Write
    to tables of your own with ``transaction.connection``; rows that many transactions write are
    held for a short time only. Change no objects: nobody would be told.

    Returns: nothing.

    Raising: refuses the request and undoes the whole transaction, as in ``resource_changed``.
    """


@hookspec
def after_resource_changed(event: "ResourceChanged", server: "Server") -> None:
    """React to a change once it is committed, as well as possible.

    When: after each commit, once for each event, before the client gets its answer: be quick. In
    the process and thread of the request. A process that dies in between never calls it; what may
    not be lost needs a durable consumer.

    Transaction: outside; the data are durable.

    Returns: nothing.

    Raising: is logged; the other plugins are called all the same.
    """


@hookspec
def resource_read(event: "ResourceRead", server: "Server") -> None:
    """React to objects being served.

    When: after a read, before the client gets its answer. Only servers with a plugin that
    implements it make these events.

    Transaction: none.

    Returns: nothing.

    Raising: refuses the request, as in ``resource_changed``.
    """


@hookspec
def register_settings() -> Iterable[type]:
    """Declare settings: frozen dataclasses made with ``kinto_core.settings.setting``.

    When: once at start, before anything is connected.

    Transaction: none.

    Returns: the tables.

    Raising: stops the start.
    """
    return ()


@hookspec
def register_resources() -> Iterable["ResourceType"]:
    """Declare resource types: their URLs, operations, events and OpenAPI follow.

    When: once at start.

    Transaction: none.

    Returns: the types, parents before children.

    Raising: stops the start.
    """
    return ()


@hookspec
def register_tables(server: "Server") -> Iterable["PluginTables"]:
    """Declare database tables of the plugin's own, beside those of the objects.

    When: once at start. ``kinto migrate``, and the start on an embedded database, create them.

    Transaction: none. Write to them with ``transaction.connection`` in ``resource_changed``, or
    with ``server.storage.database``.

    Returns: the tables with their version; see ``kinto_core.database.plugin_tables``.

    Raising: stops the start.
    """
    return ()


@hookspec
def register_consumers(server: "Server") -> Iterable["Consumer | LogReader"]:
    """Name durable consumers of the event log.

    When: once at start, in every process: the log is written only when there is a consumer. Make
    connections when events come, not here.

    Transaction: none. The events that a consumer gets are committed; see
    ``kinto_core.eventlog.Consumer``.

    Returns: the consumers; or a ``LogReader`` by whom reads the log by itself.

    Raising: stops the start.
    """
    return ()


@hookspec
def register_services(server: "Server") -> Iterable["Service"]:
    """Name processes that ``kinto start`` is to run beside the HTTP workers.

    When: once, by ``kinto start``.

    Transaction: none.

    Returns: the services.

    Raising: stops the start.
    """
    return ()


@hookspec
def register_commands(cli: "click.Group") -> None:
    """Add sub-commands to ``kinto``.

    When: when the command line runs with a configuration that includes the plugin.

    Transaction: none.

    Returns: nothing; commands are added to ``cli``.

    Raising: ends the command.
    """


@hookspec
def register_heartbeats(server: "Server") -> Mapping[str, Callable[[], bool | None]]:
    """Add checks to ``/__heartbeat__``.

    When: once at start; the checks run at each request for the heartbeat.

    Transaction: none.

    Returns: checks by name; each gives true, false, or ``None`` when it does not apply.

    Raising: stops the start; a check that raises counts as false.
    """
    return {}


@hookspec
def register_counters(server: "Server") -> Mapping[str, Callable[["Source"], tuple[int, int]]]:
    """Add what a plugin keeps in its own tables to ``/__counters__``.

    When: once at start, if the plugin ``counters`` is enabled; the functions that it returns are
    called when things are counted.

    Transaction: none.

    Returns: functions by the name to show. Each gets a connection to the database of the objects,
    whose ``execute(query)`` gives rows, and gives the number of objects and of tombstones.

    Raising: stops the start; a function that raises fails the request.
    """
    return {}


@hookspec
def register_capabilities(
    server: "Server",
) -> Mapping[str, Mapping[str, Any] | Callable[[str], Mapping[str, Any]]]:
    """Announce features in the root view.

    When: once at start.

    Transaction: none.

    Returns: entries by name, each with at least ``description`` and ``url``; or functions that give
    them at each request, from the address of the API as the client wrote it, such as
    ``http://localhost:8888/v1/``: be quick.

    Raising: stops the start.
    """
    return {}


@hookspec
def register_metrics(settings: "Settings") -> "Metrics | None":
    """Take the server's measurements: counts and durations of requests, backends and listeners.

    When: once at start, before anything is measured; with the settings of all plugins.

    Transaction: none.

    Returns: what takes them, such as a ``kinto_core.metrics.Registry``. Each of several
    plugins gets everything.

    Raising: stops the start.
    """
    return None


@hookspec
def register_policies(server: "Server") -> Mapping[str, "PolicyFactory"]:
    """Offer ways to authenticate, for the settings ``multiauth.policy.<name>.use``.

    When: once at start, when the backends are there and before the tables are.

    Transaction: none.

    Returns: factories by the name that ``use`` gives; each is called for every policy that uses it.

    Raising: stops the start.
    """
    return {}


@hookspec
def principals(identity: "Identity") -> Iterable[str]:
    """Add principals to an authenticated user.

    When: at each request of an authenticated user; be quick.

    Transaction: none.

    Returns: the principals.

    Raising: fails the request.
    """
    return ()


@hookspec
def principal_erased(
    principal: str,
    objects: "Sequence[ObjectKey]",
    transaction: "Transaction",
    server: "Server",
) -> None:
    """Forget a user whose data are erased.

    When: at the end of ``DELETE /__user_data__/<principal>``: what only this user might write is
    deleted, and the user is taken out of all permissions and groups.

    Transaction: inside. ``objects`` are those that were deleted, without what was inside of them.

    Returns: nothing.

    Raising: refuses the request and undoes the whole transaction, as in ``resource_changed``.
    """


@hookspec
def server_flushed(server: "Server") -> None:
    """React to everything having been erased.

    When: after a flush, in the process that did it.

    Transaction: outside; nothing is stored any more.

    Returns: nothing.

    Raising: fails the request or command that flushed; the data are gone all the same.
    """


@hookspec
def server_closing(server: "Server") -> None:
    """Let go of what the plugin holds for a server: threads, connections.

    When: when the server is closed, before its own connections are; wait for threads that use
    them. It may be closed twice. A process that is killed never calls it.

    Transaction: none.

    Returns: nothing.

    Raising: fails the closing.
    """
