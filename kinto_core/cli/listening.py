"""Whether an address can be listened on, and whether a server answers there."""

import socket
import time
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException

from kinto_core.errors import KintoError


class AddressTaken(KintoError):
    """Another program listens on that address."""


def free_port(host: str, port: int) -> int:
    """The port, if nobody listens on it; one that is free, if it is 0.

    Raises:
        AddressTaken: somebody does, or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = f"cannot listen on {host} port {port}: {error.strerror}"
            message = f"{reason}; choose another --port"
            raise AddressTaken(message) from error
        return int(probe.getsockname()[1])


def reachable(host: str) -> str:
    """The address to call, for one to listen on: all addresses include the loopback."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)  # noqa: S104  only compared


def wait_until_answering(host: str, port: int, path: str, *, timeout_seconds: float = 30.0) -> bool:
    """Wait for an HTTP answer, whatever its status; ``False`` when none comes in time."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        connection = HTTPConnection(reachable(host).strip("[]"), port, timeout=1.0)
        with closing(connection), suppress(OSError, HTTPException):
            connection.request("GET", path)
            connection.getresponse()
            return True
        time.sleep(0.05)
    return False
