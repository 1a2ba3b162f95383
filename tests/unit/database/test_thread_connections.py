"""Connections of threads: each has its own, and what ended threads leave is closed by another."""

import threading
from pathlib import Path

import sqlalchemy
from sqlalchemy.engine import Connection as CoreConnection

from kinto_core.database.connection import Connection
from kinto_core.database.engine import ThreadConnections
from kinto_core.database.sqlite import translate


class Watched(Connection):
    """A connection that remembers which thread closed it."""

    __slots__ = ("closed_by",)

    def __init__(self, core: CoreConnection) -> None:
        super().__init__(core, translate)
        self.closed_by: int | None = None

    def close(self) -> None:
        """Close it."""
        self.closed_by = threading.get_ident()
        super().close()


def in_a_thread(connections: ThreadConnections) -> int:
    """Use a connection in a thread that ends; gives the thread's identity."""
    seen: list[int] = []

    def use() -> None:
        assert connections.get() is connections.get()
        seen.append(threading.get_ident())

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    return seen[0]


def closed_by(connections: list[Watched]) -> list[int | None]:
    """Which thread closed each, if one did."""
    return [one.closed_by for one in connections]


def test_the_connection_of_a_thread_that_ended_is_closed_by_the_next_one(tmp_path: Path) -> None:
    made: list[Watched] = []

    def wrap(core: CoreConnection, /) -> Connection:
        made.append(Watched(core))
        return made[-1]

    engine = sqlalchemy.create_engine(
        f"sqlite:///{tmp_path / 'kinto.db'}", connect_args={"check_same_thread": False}
    )
    connections = ThreadConnections(engine, wrap)
    in_a_thread(connections)
    assert closed_by(made) == [None]
    own = connections.get()
    assert own is made[1]
    here = threading.get_ident()
    assert closed_by(made) == [here, None]
    in_a_thread(connections)
    assert closed_by(made) == [here, None, None]
    connections.close()
    assert closed_by(made) == [here] * 3
    engine.dispose()
