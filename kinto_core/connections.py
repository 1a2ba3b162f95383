"""The connections of one unit of work: what reads, what writes, and when that begins.

Nothing is opened before it is used. Once something is written, everything goes through the writing
connection, which ends with the unit of work.
"""

from contextlib import ExitStack
from types import TracebackType

from kinto_core.database.engine import Connection, Database


class Connections:
    """Connections to the databases of objects and of grants, which may be one and the same.

    Args:
        storage: where objects are.
        permission: where grants are.
    """

    def __init__(self, storage: Database, permission: Database) -> None:
        self._storage = storage
        self._permission = permission
        self._stack = ExitStack()
        self._writing: Connection | None = None
        self._writing_grants: Connection | None = None

    @property
    def are_one(self) -> bool:
        """Whether objects and grants live together."""
        return self._storage is self._permission

    @property
    def is_writing(self) -> bool:
        """Whether something was, or is going to be, written."""
        return self._writing is not None

    def reading(self) -> "Borrowed":
        """A connection that reads objects."""
        return Borrowed(self._storage, self._writing)

    def reading_grants(self) -> "Borrowed":
        """A connection that reads grants."""
        return Borrowed(self._permission, self._writing_grants)

    def writing(self, about: str | None = None) -> Connection:
        """The connection that writes objects; ``about``: see ``Database.writing``."""
        if self._writing is None:
            self._writing = self._stack.enter_context(self._storage.writing(about))
            if self.are_one:
                self._writing_grants = self._writing
        return self._writing

    def writing_grants(self) -> Connection:
        """The connection that writes grants."""
        if self._writing_grants is None:
            self.writing()
        if self._writing_grants is None:
            self._writing_grants = self._stack.enter_context(self._permission.writing())
        return self._writing_grants

    def commit(self) -> None:
        """Make durable what was written."""
        self._stack.__exit__(None, None, None)

    def undo(self, error: BaseException) -> None:
        """Forget what was written, because of an error."""
        self._stack.__exit__(type(error), error, error.__traceback__)


class Borrowed:
    """The writing connection once there is one, else the thread's reading connection.

    Args:
        database: gives the latter.
        writing: the former.
    """

    __slots__ = ("_database", "_manager", "_writing")

    def __init__(self, database: Database, writing: Connection | None) -> None:
        self._database = database
        self._writing = writing

    def __enter__(self) -> Connection:
        """The connection."""
        if self._writing is not None:
            return self._writing
        self._manager = self._database.reading()
        return self._manager.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give it back."""
        if self._writing is None:
            self._manager.__exit__(kind, error, trace)
