"""Recognises users by the name and password of their account.

Source: built-in plugins section 2.4.
"""

from collections.abc import Mapping
from typing import Final

from kinto_core.authentication.basic import credentials
from kinto_core.authentication.challenges import DEFAULT_REALM, challenge
from kinto_core.authentication.interface import Identity, Policy
from kinto_core.authentication.policies import PolicyFactory, refuse_unknown
from kinto_core.authentication.principals import AUTHENTICATED, EVERYONE
from kinto_core.builtin.accounts.account import is_name, user_id
from kinto_core.builtin.accounts.office import Office
from kinto_core.builtin.accounts.passwords import MAX_BYTES
from kinto_core.settings import Settings

NEVER: Final = (EVERYONE, AUTHENTICATED)
"""Names that may be registered and mean nobody. Source: built-in plugins B-57."""


class AccountsPolicy:
    """HTTP Basic credentials of accounts.

    Args:
        name: of the policy; user ids begin with ``account:`` whatever it is.
        office: checks passwords.
        realm: for the challenge.

    Raises:
        ConfigurationError: the realm cannot stand in a header.
    """

    def __init__(self, name: str, office: Office, *, realm: str = DEFAULT_REALM) -> None:
        self.name = name
        self.challenge = challenge("Basic", realm, policy=name)
        self._office = office

    def authenticate(self, authorization: str | None) -> Identity | None:
        """See ``Policy.authenticate``. Wrong credentials are none. Source: B-55 to B-57.

        Raises:
            TooManyRequests: too many attempts failed, so that not even right ones are looked at.
            Overloaded: too many passwords are being checked.
            BackendUnavailable: the database is away.
        """
        found = credentials(authorization)
        if found is None:
            return None
        name, password = found
        if name in NEVER or not is_name(name) or len(password.encode()) > MAX_BYTES:
            return None
        return Identity(user_id(name), self.name) if self._office.is_right(name, password) else None


def make_factory(office: Office) -> PolicyFactory:
    """The factory behind ``use = accounts``; its only parameter is ``realm``."""

    def factory(name: str, parameters: Mapping[str, str], settings: Settings, /) -> Policy:
        del settings
        refuse_unknown(name, parameters, known=("realm",))
        return AccountsPolicy(name, office, realm=parameters.get("realm", DEFAULT_REALM))

    return factory
