"""From the settings to policies."""

from collections.abc import Mapping

import pytest

from kinto_core.authentication.basic import BasicPolicy
from kinto_core.authentication.interface import Policy
from kinto_core.authentication.policies import build_policies
from kinto_core.errors import ConfigurationError
from kinto_core.settings import Settings


def settings(*names: str, **policies: Mapping[str, str]) -> Settings:
    """Settings with these policies enabled, in this order."""
    return Settings(multiauth_policies=names, policies=policies, userid_hmac_secret="s" * 32)


def special_policy(name: str, parameters: Mapping[str, str], _settings: Settings) -> Policy:
    """A factory like that of a plugin."""
    return BasicPolicy(name, parameters["key"])


def test_no_policy_by_default() -> None:
    """Everybody is anonymous (protocol A-1)."""
    assert build_policies(Settings()) == ()


def test_basicauth_needs_no_parameters() -> None:
    """Settings S-114."""
    (policy,) = build_policies(settings("basicauth"))
    assert (policy.name, policy.challenge) == ("basicauth", 'Basic realm="Realm"')


def test_order_is_that_of_the_setting() -> None:
    """Settings S-113, S-121."""
    found = build_policies(
        settings("b", "a", a={"use": "basicauth", "realm": "A"}, b={"use": "basicauth"})
    )
    assert [policy.challenge for policy in found] == ['Basic realm="Realm"', 'Basic realm="A"']


@pytest.mark.parametrize("use", [f"{__name__}.special_policy", f"{__name__}:special_policy"])
def test_factory_by_dotted_path(use: str) -> None:
    """It gets the parameters without ``use`` (settings S-115)."""
    (policy,) = build_policies(settings("x", x={"use": use, "key": "k"}))
    assert policy.name == "x"


def test_factory_of_a_plugin_by_name() -> None:
    """Also when the policy is called like it and ``use`` is absent."""
    registered = {"special": special_policy}
    found = build_policies(
        settings("x", "special", x={"use": "special", "key": "k"}, special={"key": "k"}),
        registered,
    )
    assert [policy.name for policy in found] == ["x", "special"]


def test_all_problems_are_told_at_once() -> None:
    """Each with the key and what was expected."""
    with pytest.raises(ConfigurationError) as caught:
        build_policies(
            settings(
                "a",
                "b",
                "c",
                "d",
                "e",
                a={"use": "unknown"},
                b={"use": "no_such_module.factory"},
                c={"use": f"{__name__}.nothing"},
                d={"use": f"{__name__}.VALUE"},
                e={"use": "basicauth", "relam": "x"},
            )
        )
    problems = caught.value.problems
    assert len(problems) == 5
    for name, problem in zip("abcd", problems, strict=False):
        assert problem.startswith(f"multiauth.policy.{name}.use = ")
    assert problems[4] == "multiauth.policy.e.relam: unknown, this policy has: realm"


VALUE = 5
