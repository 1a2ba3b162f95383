"""A statsd server, as far as tests need one: it hears and remembers."""

import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

DEADLINE_SECONDS = 10


class Receiver:
    """Listens on a port of this machine.

    Attributes:
        port: where.
        datagrams: what came, in order.
    """

    def __init__(self, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._socket.settimeout(0.05)
        self.port: int = self._socket.getsockname()[1]
        self.datagrams: list[bytes] = []

    def __enter__(self) -> Self:
        """Use as a context manager: goes away at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Go away."""
        self.close()

    def close(self) -> None:
        """Go away."""
        self._socket.close()

    @property
    def url(self) -> str:
        """For the setting ``statsd_url``."""
        return f"udp://127.0.0.1:{self.port}"

    @property
    def lines(self) -> list[str]:
        """All that came, one by one."""
        return [line for one in self.datagrams for line in one.decode().split("\n")]

    def hear(self) -> None:
        """Take what is there, without waiting for long."""
        try:
            while True:
                self.datagrams.append(self._socket.recv(65535))
        except TimeoutError:
            return

    def wait_until(self, is_heard: Callable[[list[str]], bool]) -> list[str]:
        """The lines, once they are as expected."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not is_heard(self.lines):
            assert time.monotonic() < deadline, self.lines
            self.hear()
        return self.lines

    def wait_for(self, line: str) -> list[str]:
        """The lines, once one of them is there."""
        return self.wait_until(lambda lines: line in lines)
