"""What a policy promises: credentials in, an identity or nobody out.

A policy sees the value of an ``Authorization`` header and nothing else of a request, so that
whatever carries such a value can authenticate: HTTP, a socket, a script. What a caller may do is
not decided here.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from kinto_core.errors import BackendUnavailable


class Identity(NamedTuple):
    """Somebody who proved who they are.

    Attributes:
        user_id: the principal, ``<policy name in lower case>:<identifier>``. Source: protocol A-1.
        policy: name of the policy that recognised the credentials.
        profile: what the policy knows about the user, for the root view; ``None`` for most.
            Source: protocol A-9.
    """

    user_id: str
    policy: str
    profile: Mapping[str, Any] | None = None

    @property
    def identifier(self) -> str:
        """The user id without the policy's prefix, as logs show it. Source: settings S-196."""
        return self.user_id.partition(":")[2]


class Undecided(BackendUnavailable):
    """A policy cannot tell now whether credentials are its own; the next ones are asked first."""


class Policy(Protocol):
    """One way to authenticate; used by many threads at once.

    Attributes:
        name: as in the setting ``multiauth.policies``.
        challenge: value of the ``WWW-Authenticate`` header of a 401. Source: protocol A-6.
    """

    @property
    def name(self) -> str:
        """The name in the settings."""
        ...

    @property
    def challenge(self) -> str:
        """What a 401 says about this policy, such as ``Basic realm="Realm"``."""
        ...

    def authenticate(self, authorization: str | None) -> Identity | None:
        """Whose credentials these are; ``None`` when this policy does not recognise them.

        Credentials that are malformed, wrong or of another scheme are no error: the request stays
        anonymous unless another policy recognises it. Source: protocol A-3, A-8.

        Args:
            authorization: the header's value; ``None`` when there is none.

        Raises:
            BackendUnavailable: the policy needs a backend that is away.
            Undecided: so it is, and the credentials may well be those of another policy.
        """
        ...


def identify(policies: Iterable[Policy], authorization: str) -> Identity | None:
    """Whose credentials these are: the first policy that recognises them says so.

    Args:
        policies: in order of preference.
        authorization: the header's value.

    Raises:
        BackendUnavailable: a policy needs a backend that is away. When that one is ``Undecided``,
            only if no later policy recognises the credentials.

    Source: protocol A-1.
    """
    undecided: Undecided | None = None
    for policy in policies:
        try:
            identity = policy.authenticate(authorization)
        except Undecided as error:
            undecided = undecided or error
            continue
        if identity is not None:
            return identity
    if undecided is not None:
        raise undecided
    return None
