"""Ways to authenticate that plugins offer, and the order in which policies are asked."""

from pathlib import Path

import pytest
from webtest import TestApp

from kinto_core.authentication.basic import BasicPolicy
from kinto_core.authentication.interface import Identity, Undecided, identify
from kinto_core.discovery import find_builtin
from kinto_core.errors import BackendUnavailable, ConfigurationError
from kinto_core.testing import make_app, make_server

PLUGIN = """
from kinto_core.authentication.basic import BasicPolicy
from kinto_core.hookspecs import hookimpl

@hookimpl
def register_policies(server):
    secret = server.settings.project_name
    return {"special": lambda name, parameters, settings: BasicPolicy(name, secret)}

@hookimpl
def register_capabilities(server):
    count = len(server.policies)
    return {"special": lambda api: {"description": "d", "url": api, "policies": count}}
"""


class Asked:
    """A policy that always says the same, or raises it."""

    challenge = "Test"

    def __init__(self, name: str, answer: Identity | Exception | None = None) -> None:
        self.name = name
        self._answer = answer

    def authenticate(self, _authorization: str | None) -> Identity | None:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.fixture
def _plugin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "special_policies.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)


SETTINGS = {
    "includes": "special_policies",
    "multiauth.policies": "one",
    "multiauth.policy.one.use": "special",
}


@pytest.mark.usefixtures("_plugin")
def test_hook_register_policies() -> None:
    with make_server(SETTINGS) as server:
        (policy,) = server.policies
        assert isinstance(policy, BasicPolicy)
        assert policy.name == "one"


@pytest.mark.usefixtures("_plugin")
def test_entry_of_the_root_view_may_be_a_function() -> None:
    app = TestApp(make_app(SETTINGS))
    special = app.get("/v1/").json["capabilities"]["special"]
    assert (special["policies"], special["url"]) == (1, "http://localhost:80/v1/")
    app.app.close()


def test_policy_of_a_plugin_needs_the_plugin() -> None:
    with pytest.raises(ConfigurationError, match="needs the plugin in includes"):
        make_server({"multiauth.policies": "one", "multiauth.policy.one.use": "flush"})


def test_first_policy_that_recognises_credentials_wins() -> None:
    # protocol A-1
    known = Identity("two:x", "two")
    policies = [Asked("one"), Asked("two", known), Asked("three", Identity("three:x", "three"))]
    assert identify(policies, "x") is known
    assert identify([Asked("one")], "x") is None


def test_undecided_policy_leaves_it_to_the_next_ones() -> None:
    known = Identity("two:x", "two")
    away = Asked("one", Undecided("away"))
    assert identify([away, Asked("two", known)], "x") is known
    with pytest.raises(Undecided):
        identify([away, Asked("two")], "x")


def test_policy_without_its_backend_lets_no_other_decide() -> None:
    # Or users would have another id while a backend is away.
    broken = Asked("one", BackendUnavailable("away"))
    with pytest.raises(BackendUnavailable):
        identify([broken, Asked("two", Identity("two:x", "two"))], "x")


def test_builtin_plugins_are_found_by_name() -> None:
    assert find_builtin("flush") is not None
    assert find_builtin("unknown") is None
    assert find_builtin("no.such/module") is None
