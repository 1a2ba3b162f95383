"""Accounts of a server with several worker processes. Built-in plugins BW-5, BW-6."""

import base64
import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.system.conftest import StartServer
from tests.system.processes import SECRETS, RunningServer, kinto

SETTINGS = {
    **SECRETS,
    "INCLUDES": "accounts",
    "MULTIAUTH_POLICIES": "account",
    "MULTIAUTH_POLICY_ACCOUNT_USE": "accounts",
    "ACCOUNT_CREATE_PRINCIPALS": "system.Everyone",
    "WORKERS": "3",
}
REQUESTS = 30
"""So many, each on a connection of its own, meet every worker."""


def ask(
    server: RunningServer,
    method: str,
    path: str,
    *,
    password: str | None = None,
    body: object = None,
) -> tuple[int, str]:
    """Status and text of an answer to alice, or to a stranger."""
    headers = {"Content-Type": "application/json"}
    if password is not None:
        token = base64.b64encode(f"alice:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {token}"
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{server.url}{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture
def server(start_server: StartServer, database: Mapping[str, str], tmp_path: Path) -> RunningServer:
    """Three workers on each database, and alice."""
    settings = {**database, **SETTINGS}
    kinto(tmp_path, "migrate", settings=settings)
    running = start_server("serve", settings)
    created = ask(running, "PUT", "/accounts/alice", body={"data": {"password": "old"}})
    assert created[0] == 201
    return running


def test_a_changed_password_stops_in_every_worker_at_once(server: RunningServer) -> None:
    for _ in range(REQUESTS):
        assert ask(server, "GET", "/accounts/alice", password="old")[0] == 200
    body = {"data": {"password": "new"}}
    assert ask(server, "PATCH", "/accounts/alice", password="old", body=body)[0] == 200
    for _ in range(REQUESTS):
        assert ask(server, "GET", "/accounts/alice", password="old")[0] == 401
        assert ask(server, "GET", "/accounts/alice", password="new")[0] == 200


def test_workers_count_failed_attempts_together_and_serve_others(server: RunningServer) -> None:
    assert ask(server, "GET", "/accounts/alice", password="old")[0] == 200
    with ThreadPoolExecutor(8) as attackers:
        guesses = [
            attackers.submit(ask, server, "GET", "/", password=f"guess{number}")
            for number in range(60)
        ]
        known = [ask(server, "GET", "/")[0] for _ in range(REQUESTS)]
        found = [guess.result() for guess in guesses]
    assert set(known) == {200}
    assert {status for status, _ in found} <= {200, 429, 503}
    assert [text for status, text in found if status == 200 and '"user"' in text] == []
    limited = [text for status, text in found if status == 429]
    assert all(re.search('"errno":117', text) for text in limited)
    checked = [status for status, _ in found].count(200)
    assert checked <= 20 + 3 * 2  # with those that were under way when the limit was reached
    while ask(server, "GET", "/", password=f"more{checked}")[0] != 429:
        checked += 1
        assert checked <= 60
