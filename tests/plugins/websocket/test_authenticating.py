"""Tokens of live streams mean what they mean over HTTP."""

from base64 import b64encode

import pytest

from kinto_core.authentication.interface import Identity, Policy, Undecided
from kinto_core.errors import BackendUnavailable
from kinto_core.server import Server
from kinto_core.testing import make_server
from kinto_websocket.authenticating import caller_with

ALICE = "Basic " + b64encode(b"alice:secret").decode()


class Away:
    """A policy that cannot tell now whose credentials are whose."""

    name = "away"
    challenge = "Bearer"

    def authenticate(self, authorization: str | None) -> Identity | None:
        """Cannot tell."""
        raise Undecided(str(authorization is not None))


def served_after(policy: Policy) -> Server:
    """A server that asks a policy before its own."""
    server = make_server({"multiauth.policies": "basicauth"})
    server.policies = (policy, *server.policies)
    return server


def test_a_provider_that_is_away_hides_nobody_else() -> None:
    with served_after(Away()) as server:
        caller = caller_with(server, ALICE)
    assert caller is not None
    assert caller.user_id is not None
    assert caller.user_id.startswith("basicauth:")


def test_who_could_be_known_to_it_alone_is_asked_to_come_again() -> None:
    with served_after(Away()) as server, pytest.raises(BackendUnavailable):
        caller_with(server, "Bearer abc")
