"""A server: its settings, plugins and backends, ready for work, without HTTP.

Scripts, commands, workers and the web application all start from a ``Server``::

    with Server(load(ini=path)) as server, server.transaction() as tx:
        create(tx, server.rules, list_address(BUCKET, ()), Call(...), "blog")
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

from kinto_core.authentication.interface import Policy
from kinto_core.authentication.policies import build_policies
from kinto_core.cache.counting import measured_cache
from kinto_core.cache.interface import Cache
from kinto_core.cache.opening import open_cache
from kinto_core.clock import Clock, system_clock
from kinto_core.database.containers import Containers
from kinto_core.database.engine import Database, DatabaseOptions, ping
from kinto_core.database.migrating import migrate, pending
from kinto_core.database.opening import Databases
from kinto_core.database.plugin_tables import PluginTables, pending_tables, prepare_tables
from kinto_core.errors import (
    BackendError,
    BackendUnavailable,
    ConnectionLost,
    ReadOnly,
    WriteConflict,
)
from kinto_core.eventlog.consumer import Consumer
from kinto_core.eventlog.doorbell import Doorbell
from kinto_core.eventlog.interface import EventLog
from kinto_core.eventlog.service import EventService
from kinto_core.hooks import Plugins
from kinto_core.listeners import load_listeners
from kinto_core.metrics import Metrics, combined, methods_of, timed, timed_function
from kinto_core.permission.interface import Permission
from kinto_core.permission.sql import SqlPermission
from kinto_core.resources.access import Access
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.calls import Rules
from kinto_core.resources.collection import COLLECTION
from kinto_core.resources.definition import ResourceTypes
from kinto_core.resources.group import GROUP
from kinto_core.resources.record import RECORD
from kinto_core.settings import Settings
from kinto_core.storage.interface import Storage
from kinto_core.storage.sql import SqlStorage
from kinto_core.transactions import Backends, Transaction

T = TypeVar("T")

TRIES = 8
"""How often work that met other work is done again before the caller is told."""


class Server:
    """Everything that works together, as attributes.

    Args:
        settings: checked ones, from ``kinto_core.settings.load``.
        clock: the time in milliseconds.

    Attributes:
        settings: with those of the plugins.
        plugins: what ``includes`` names, loaded.
        metrics: takes measurements, for plugins too; ``NO_METRICS`` when nobody exports them.
        storage, permission, cache: the backends.
        types: the resource types.
        rules: what the operations need to know.
        policies: the ways to authenticate, in order.
        tables: those of plugins.
        events: the event log and its consumers; ``None`` when no plugin needs it.

    Raises:
        ConfigurationError: the settings or a plugin cannot work; lists every problem.
    """

    def __init__(self, settings: Settings, *, clock: Clock = system_clock) -> None:
        self.plugins = Plugins.load(settings.includes)
        self.settings = settings.with_plugins(self.plugins.settings_tables())
        self.plugins.server = self
        given = self.plugins.gather("register_metrics", settings=self.settings)
        self.metrics: Metrics = combined(given)
        load_listeners(self.plugins, self.settings, self.metrics)
        self.clock = clock
        self.databases = Databases(
            DatabaseOptions(
                synchronous=self.settings.storage_synchronous,
                statement_timeout_seconds=self.settings.storage_statement_timeout_seconds,
                busy_timeout_seconds=self.settings.storage_busy_timeout_seconds,
            )
        )
        self.storage: Storage = self._timed(
            Storage, "storage", SqlStorage(self._database("storage"))
        )
        self.permission: Permission = self._timed(
            Permission, "permission", SqlPermission(self._database("permission"))
        )
        self.cache: Cache = measured_cache(open_cache(self.settings, self.databases), self.metrics)
        self.types = ResourceTypes.build(
            (BUCKET, COLLECTION, GROUP, RECORD, *self.plugins.resource_types()),
            self.settings.id_generators,
        )
        access = Access(self.types, self.settings.principals, self.settings.administrators)
        self.rules = Rules(
            self.types,
            access,
            explicit_permissions=self.settings.explicit_permissions,
            anonymous_ownership=self.settings.anonymous_ownership,
            validates_schemas=self.settings.experimental_collection_schema_validation,
        )
        self.policies: tuple[Policy, ...] = tuple(
            timed(one, self.metrics, f"authentication_{one.name}_seconds", ("authenticate",))
            for one in build_policies(self.settings, self.plugins.policy_factories(self))
        )
        self.tables: tuple[PluginTables, ...] = tuple(
            one for answer in self.plugins.gather("register_tables", server=self) for one in answer
        )
        declared = self.plugins.gather("register_consumers", server=self)
        self.events = EventService.of(
            self.storage.database, (one for some in declared for one in some), self.settings, clock
        )
        self.backends = Backends(
            self.storage,
            self.permission,
            self.plugins,
            clock,
            self.events.machinery if self.events is not None else None,
            containers=frozenset(self.types.children),
            look_up=timed_function(
                Containers().look_up, self.metrics, "backend_storage_seconds", "look_up"
            ),
        )

    def __enter__(self) -> Self:
        """Use as a context manager: closes at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        self.close()

    # -- work -------------------------------------------------------------------------------------

    def transaction(self, *, request_id: str | None = None, remembers: bool = False) -> Transaction:
        """A unit of work as a context manager; see ``Transaction``."""
        return Transaction(self.backends, request_id=request_id, remembers=remembers)

    def transact(
        self,
        work: Callable[[Transaction], T],
        *,
        request_id: str | None = None,
        remembers: bool = False,
    ) -> T:
        """Do some work in one transaction, and again when it met another's.

        Raises:
            WriteConflict: it met others too often.
            KintoError: whatever the work raises; then nothing is kept.
        """
        for attempt in range(TRIES):
            try:
                with self.transaction(request_id=request_id, remembers=remembers) as tx:
                    return work(tx)
            except ConnectionLost:  # the database may be back, as after a restart
                if attempt > 0:
                    raise
            except WriteConflict:
                if attempt == TRIES - 1:
                    raise
                time.sleep(random.uniform(0, 0.002 * 2**attempt))  # noqa: S311  no secret
        raise AssertionError

    # -- care -------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Create or upgrade the tables of embedded databases; others are left to ``migrate``."""
        for database in self._databases():
            if database.embedded and pending(database):
                migrate(database)
        database = self.storage.database
        if database.embedded and pending_tables(database, self.tables):
            prepare_tables(database, self.tables)
        self._open_lists()

    def migrate(self, *, dry_run: bool = False) -> list[str]:
        """Create or upgrade all tables; gives a line for each step.

        Args:
            dry_run: only say what would be done.

        Raises:
            ReadOnly: the server is read-only.
            BackendUnavailable: a database cannot be reached.
        """
        if self.settings.readonly and not dry_run:
            message = "a read-only server changes nothing: migrate from a writable one"
            raise ReadOnly(message)
        lines: list[str] = []
        for database in self._databases():
            steps = pending(database) if dry_run else migrate(database)
            verb = "would run" if dry_run else "ran"
            lines += [f"{database.dialect}: {verb} {step}" for step in steps]
            if database is self.storage.database:
                step_tables = pending_tables if dry_run else prepare_tables
                more = step_tables(database, self.tables)
                lines += [f"{database.dialect}: {verb} {step}" for step in more]
                steps = [*steps, *more]
            if not steps:
                lines.append(f"{database.dialect}: up to date")
        if not dry_run:
            self._open_lists()
        return lines

    def check(self) -> Mapping[str, str | None]:
        """Try every backend: name to what is wrong with it, or ``None``."""
        return {
            name: _problem(test)
            for name, test in (
                ("storage", lambda: self._check_database(self.storage.database)),
                ("permission", lambda: self._check_database(self.permission.database)),
                ("cache", self.cache.ping),
            )
        }

    def purge_deleted(
        self,
        resource_names: Sequence[str],
        *,
        max_retained: int | None = None,
        older_than_days: float | None = None,
    ) -> int:
        """Forget tombstones for good; gives how many.

        Args:
            resource_names: of which types.
            max_retained: how many of the newest to keep in each list.
            older_than_days: only those deleted longer ago.

        Raises:
            ReadOnly: the server is read-only.
        """
        if self.settings.readonly:
            message = "a read-only server purges nothing"
            raise ReadOnly(message)
        before = None
        if older_than_days is not None:
            before = self.clock() - int(older_than_days * 86_400_000)
        with self.storage.database.writing() as connection:
            return sum(
                self.storage.purge_tombstones(
                    connection, name, keep=max_retained, older_than=before
                )
                for name in resource_names
            )

    def flush(self) -> None:
        """Forget everything that is stored."""
        with self.transaction() as tx:
            tx.flush()
        self.cache.flush()
        self.plugins.hook.server_flushed(server=self)

    @property
    def is_shared(self) -> bool:
        """Whether other processes see the same objects and events; in memory they do not."""
        return self.settings.storage_backend != "memory"

    @property
    def event_log(self) -> EventLog | None:
        """The event log; ``None`` when no plugin needs it and nothing is written to it."""
        return self.events.machinery.log if self.events is not None else None

    @property
    def consumers(self) -> tuple[Consumer, ...]:
        """The durable consumers of the event log."""
        return self.events.consumers if self.events is not None else ()

    @property
    def doorbell(self) -> Doorbell | None:
        """Rings when the event log has new events to read; ``None`` without one."""
        return self.events.machinery.readable if self.events is not None else None

    def close(self) -> None:
        """Close every connection, once the plugins have let go."""
        self.plugins.hook.server_closing(server=self)
        if self.events is not None:
            self.events.machinery.close()
        self.cache.close()
        self.databases.close()

    # -- inside -----------------------------------------------------------------------------------

    def _timed(self, promise: type, name: str, backend: T) -> T:
        return timed(backend, self.metrics, f"backend_{name}_seconds", methods_of(promise))

    def _database(self, name: str) -> Database:
        backend = getattr(self.settings, f"{name}_backend")
        url = getattr(self.settings, f"{name}_url")
        if name == "permission" and not url and not backend:
            backend, url = self.settings.storage_backend, self.settings.storage_url
        return self.databases.get("" if backend == "memory" else url)

    def _databases(self) -> tuple[Database, ...]:
        return self.databases.all()

    def _open_lists(self) -> None:
        if self.settings.readonly:
            return
        with self.storage.database.writing() as connection:
            for kind in self.types.by_name.values():
                if kind.parent is None:
                    self.storage.open_list(connection, "", kind.name, self.clock())
        if self.events is not None:
            self.events.register()

    @staticmethod
    def is_alive(database: Database) -> bool:
        """Whether a database answers and has its tables; a cheap question that writes nothing."""
        ping(database)
        return True

    def _check_database(self, database: Database) -> bool:
        steps = pending(database)
        if database is self.storage.database:
            steps = [*steps, *pending_tables(database, self.tables)]
        if steps:
            message = f"its tables are not up to date ({len(steps)} steps), run: kinto migrate"
            raise BackendUnavailable(message)
        return True


def _problem(test: Callable[[], object]) -> str | None:
    try:
        test()
    except BackendError as error:
        return str(error)
    return None
