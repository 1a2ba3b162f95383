"""From the settings to the policies of a server, in order of preference.

A policy is made by a factory: ``basicauth`` here, others by name from plugins, or by dotted path.
"""

import importlib
from collections.abc import Mapping
from typing import Protocol, cast

from kinto_core.authentication.basic import BasicPolicy
from kinto_core.authentication.challenges import DEFAULT_REALM
from kinto_core.authentication.interface import Policy
from kinto_core.errors import ConfigurationError
from kinto_core.settings import Settings


class PolicyFactory(Protocol):
    """Makes the policy of one name."""

    def __call__(self, name: str, parameters: Mapping[str, str], settings: Settings, /) -> Policy:
        """The policy.

        Args:
            name: as in ``multiauth.policies``.
            parameters: what stands under ``multiauth.policy.<name>.``, without ``use``.
            settings: of the server.

        Raises:
            ConfigurationError: a parameter is unknown or cannot be used; lists every problem.
        """
        ...


def build_policies(
    settings: Settings, registered: Mapping[str, PolicyFactory] | None = None
) -> tuple[Policy, ...]:
    """The policies named in ``multiauth.policies``, in that order.

    Args:
        settings: of the server.
        registered: factories of the enabled plugins, by the name that ``use`` gives.

    Raises:
        ConfigurationError: lists every policy that cannot be made, with the reason.

    Source: settings S-113 to S-115.
    """
    factories: dict[str, PolicyFactory] = {"basicauth": basic_policy, **(registered or {})}
    policies: list[Policy] = []
    problems: list[str] = []
    for name in settings.multiauth_policies:
        parameters = dict(settings.policies.get(name, {}))
        use = parameters.pop("use", name)
        try:
            factory = _find(name, use, factories)
            policies.append(factory(name, parameters, settings))
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    return tuple(policies)


def basic_policy(name: str, parameters: Mapping[str, str], settings: Settings) -> Policy:
    """The factory behind ``use = basicauth``; its only parameter is ``realm``.

    Raises:
        ConfigurationError: another parameter, or a realm that cannot stand in a header.
    """
    refuse_unknown(name, parameters, known=("realm",))
    realm = parameters.get("realm", DEFAULT_REALM)
    return BasicPolicy(name, settings.userid_hmac_secret, realm=realm)


def refuse_unknown(name: str, parameters: Mapping[str, str], *, known: tuple[str, ...]) -> None:
    """Stop at parameters that a policy does not have; for the factories of plugins too.

    Raises:
        ConfigurationError: one problem for each of them.
    """
    problems = [
        f"multiauth.policy.{name}.{parameter}: unknown, this policy has: {', '.join(known)}"
        for parameter in sorted(set(parameters) - set(known))
    ]
    if problems:
        raise ConfigurationError(problems)


def _find(name: str, use: str, factories: Mapping[str, PolicyFactory]) -> PolicyFactory:
    """The factory that ``use`` names: registered, or a dotted path."""
    if use in factories:
        return factories[use]
    module_name, _, attribute = use.replace(":", ".").rpartition(".")
    where = f"multiauth.policy.{name}.use = {use}"
    if not module_name:
        problem = (
            f"{where}: expected the dotted path of a factory or one of {', '.join(factories)}; "
            "a policy of a plugin needs the plugin in includes"
        )
        raise ConfigurationError([problem])
    try:
        factory = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError([f"{where}: cannot be imported ({error})"]) from error
    if not callable(factory):
        raise ConfigurationError([f"{where}: is not a factory (name, parameters, settings)"])
    return cast("PolicyFactory", factory)
