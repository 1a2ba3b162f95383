"""What belongs to the plugin on one server: who may be whom, and the hashing of passwords."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakKeyDictionary

from kinto_core.builtin.accounts import sql
from kinto_core.builtin.accounts.attempts import Attempts
from kinto_core.builtin.accounts.passwords import is_outdated, make_proof, proves
from kinto_core.builtin.accounts.remembered import Remembered
from kinto_core.builtin.accounts.senders import network
from kinto_core.builtin.accounts.settings import AccountsSettings
from kinto_core.builtin.accounts.sql import Password
from kinto_core.builtin.accounts.turns import Turns
from kinto_core.errors import ConnectionLost, KintoError
from kinto_core.http.batch import shared_transaction
from kinto_core.server import Server

logger = logging.getLogger(__name__)


class Office:
    """Checks and makes passwords; used by many threads at once.

    Args:
        server: whose; it keeps this, not the other way round.

    Attributes:
        table: the plugin's settings.
        attempts: counts failures.
    """

    def __init__(self, server: Server) -> None:
        settings = server.settings
        self.table = settings.plugin(AccountsSettings)
        places = self.table.account_checks_at_once or max(1, settings.threads - 2)
        self._turns = Turns(places)
        self._upgrades = ThreadPoolExecutor(1, "password-upgrades")
        self._is_readonly = settings.readonly
        self._database = server.storage.database
        # Users of basicauth, whom every password fits, are no failures of accounts.
        self._counts_strangers = "basicauth" not in settings.multiauth_policies
        self._remembered = Remembered(self.table.account_cache_ttl_seconds)
        self._ahead = threading.local()
        self.attempts = Attempts(
            cache=server.cache,
            per_name=self.table.account_failures_per_name,
            per_network=self.table.account_failures_per_address,
            window_seconds=self.table.account_failures_window_seconds,
            creations=self.table.account_creations_per_address,
        )

    # -- checking ---------------------------------------------------------------------------------

    def is_right(self, name: str, password: str) -> bool:
        """Whether an account has this password; as much work whether there is an account or not.

        It costs one read by a key. What was checked before is remembered for as long as the
        password stays the same; only what is not known costs a hash, and counts when it is wrong.

        Raises:
            TooManyRequests: too many attempts failed.
            Overloaded: too many passwords are being checked.
            BackendUnavailable: the database is away.

        Source: built-in plugins B-58, BW-4 to BW-6.
        """
        found = self._find(name)
        version = found.version if found is not None else None
        digest = self._remembered.digest(name, password)
        known = self._remembered.answer(digest, version)
        if known is not None:
            return known
        where = self.network()
        self.attempts.require_room(name, where)

        def check() -> bool:
            is_right = proves(found.proof if found is not None else None, password)
            self._remembered.keep(digest, version, is_right=is_right)
            if not is_right and (found is not None or self._counts_strangers):
                self.attempts.failed(name, where)
            return is_right

        is_right = self._turns.run_once(digest + (version or "").encode(), check)
        if is_right and found is not None and not self._is_readonly and is_outdated(found.proof):
            self._upgrades.submit(self._upgrade, name, found.proof, password)
        return is_right

    def network(self) -> str | None:
        """The network of who sent the present request."""
        return network(self.table.account_trusted_proxies)

    # -- making -----------------------------------------------------------------------------------

    def hash_ahead(self, password: str) -> None:
        """Make the proof of a password that this thread is going to store.

        So it is done before a transaction begins and keeps others waiting.

        Raises:
            Overloaded: too many passwords are being hashed.
        """
        self.take_proof(password, self._turns.run(lambda: make_proof(password)))

    def take_proof(self, password: str, proof: str) -> None:
        """Take a text as the proof of a password that this thread is going to store."""
        self._ahead.made = (password, proof)

    def proof_of(self, password: str) -> str:
        """A proof of a password to store; none is given twice.

        Raises:
            Overloaded: it was not made ahead, and too many passwords are being hashed.
        """
        made: tuple[str, str] | None = getattr(self._ahead, "made", None)
        self._ahead.made = None
        if made is not None and made[0] == password:
            return made[1]
        return self._turns.run(lambda: make_proof(password))

    def close(self) -> None:
        """End the threads; what nobody waits for is left undone."""
        self._upgrades.shutdown(wait=True, cancel_futures=True)
        self._turns.close()

    # -- inside -----------------------------------------------------------------------------------

    def _find(self, name: str) -> Password | None:
        shared = shared_transaction.get()
        if shared is not None:  # a batch, whose requests may use the account that it creates (B-61)
            with shared.reading() as connection:
                return sql.find(connection, name)
        try:
            with self._database.reading() as connection:
                return sql.find(connection, name)
        except ConnectionLost:  # the database may be back, as after a restart
            with self._database.reading() as connection:
                return sql.find(connection, name)

    def _upgrade(self, name: str, former: str, password: str) -> None:
        """Make a better proof of a password that was just right; nobody waits for it."""
        try:
            better = self._turns.run(lambda: make_proof(password))
            with self._database.writing() as connection:
                sql.upgrade(connection, name, former=former, better=better)
        except KintoError as error:
            logger.info("A better hash of a password has to wait: %s", error)


_known: WeakKeyDictionary[Server, Office] = WeakKeyDictionary()


def office_of(server: Server) -> Office:
    """The plugin on a server, made once."""
    found = _known.get(server)
    if found is None:
        found = _known[server] = Office(server)
    return found
