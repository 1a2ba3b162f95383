"""The connections of one unit of work: what reads, what writes, and when that begins.

Nothing is opened before it is used. Once something is written, everything goes through the writing
connection, which ends with the unit of work.
"""

from contextlib import AbstractContextManager, ExitStack, nullcontext

from kinto_core.database.engine import Connection, Database


class Connections:
    """Connections to the databases of objects and of grants, which may be one and the same.

    Args:
        storage: where objects are.
        permission: where grants are.

    Attributes:
        are_one: whether objects and grants live together.
    """

    def __init__(self, storage: Database, permission: Database) -> None:
        self._storage = storage
        self._permission = permission
        self.are_one = storage is permission
        self._stack: ExitStack | None = None
        self._writing: Connection | None = None
        self._writing_grants: Connection | None = None

    @property
    def is_writing(self) -> bool:
        """Whether something was, or is going to be, written."""
        return self._writing is not None

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection that reads objects: the writing one once there is one."""
        writing = self._writing
        return self._storage.reading() if writing is None else nullcontext(writing)

    def reading_grants(self) -> AbstractContextManager[Connection]:
        """A connection that reads grants: the writing one once there is one."""
        writing = self._writing_grants
        return self._permission.reading() if writing is None else nullcontext(writing)

    def writing(self, about: str | None = None) -> Connection:
        """The connection that writes objects; ``about``: see ``Database.writing``."""
        if self._writing is None:
            self._writing = self._enter(self._storage.writing(about))
            if self.are_one:
                self._writing_grants = self._writing
        return self._writing

    def writing_grants(self) -> Connection:
        """The connection that writes grants."""
        if self._writing_grants is None:
            self.writing()
        if self._writing_grants is None:
            self._writing_grants = self._enter(self._permission.writing())
        return self._writing_grants

    def _enter(self, manager: AbstractContextManager[Connection]) -> Connection:
        if self._stack is None:
            self._stack = ExitStack()
        return self._stack.enter_context(manager)

    def commit(self) -> None:
        """Make durable what was written."""
        if self._stack is not None:
            self._stack.__exit__(None, None, None)

    def undo(self, error: BaseException) -> None:
        """Forget what was written, because of an error."""
        if self._stack is not None:
            self._stack.__exit__(type(error), error, error.__traceback__)
