"""Measurements of several worker processes, until the last one."""

import urllib.request
from pathlib import Path

from tests.system.conftest import StartServer
from tests.system.processes import SECRETS
from tests.unit.builtin.statsd.receiver import Receiver

REQUESTS = 40


def test_what_was_measured_before_the_end_is_sent(
    start_server: StartServer, tmp_path: Path
) -> None:
    with Receiver() as receiver:
        settings = {
            **SECRETS,
            "INCLUDES": "statsd",
            "STATSD_URL": receiver.url,
            "STORAGE_URL": f"sqlite:///{tmp_path / 'k.db'}",
            "WORKERS": "2",
        }
        server = start_server("serve", settings)
        for _ in range(REQUESTS):
            urllib.request.urlopen(f"{server.url}/contribute.json", timeout=10).close()
        assert server.stop() == 0
        receiver.hear()
        about = ("kinto.request_duration_seconds", "endpoint.contribute")
        told = [line for line in receiver.lines if all(word in line for word in about)]
        assert len(told) == REQUESTS, receiver.lines[:5]
