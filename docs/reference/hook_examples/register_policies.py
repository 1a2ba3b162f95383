"""Offers ``use = badge``: users who send ``Authorization: Badge <number>`` to a trusted network."""

from collections.abc import Mapping

from kinto_core import hookimpl
from kinto_core.authentication.interface import Identity
from kinto_core.authentication.policies import PolicyFactory, refuse_unknown
from kinto_core.settings import Settings


class BadgePolicy:
    """Knows whoever has a number.

    Args:
        name: as in the setting ``multiauth.policies``.
    """

    challenge = "Badge"

    def __init__(self, name: str) -> None:
        self.name = name

    def authenticate(self, authorization: str | None) -> Identity | None:
        """The owner of the badge; nobody when the header holds something else."""
        scheme, _, number = (authorization or "").partition(" ")
        if scheme.lower() != "badge" or not number.isdigit():
            return None
        return Identity(f"{self.name.lower()}:{number}", self.name)


def badge_policy(name: str, parameters: Mapping[str, str], _settings: Settings) -> BadgePolicy:
    """The policy of that name, which has no parameters."""
    refuse_unknown(name, parameters, known=())
    return BadgePolicy(name)


@hookimpl
def register_policies() -> Mapping[str, PolicyFactory]:
    """The factory by its name."""
    return {"badge": badge_policy}
