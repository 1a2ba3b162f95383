"""From a token to a caller, by the same policies as over HTTP. Blocks where a policy does."""

from kinto_core.authentication.interface import Identity, identify
from kinto_core.errors import TooManyRequests
from kinto_core.resources.access import Caller
from kinto_core.server import Server


def caller_with(server: Server, token: str) -> Caller | None:
    """Who sends this token, with the principals that plugins add; ``None``: nobody knows.

    Args:
        server: whose policies.
        token: the value of an ``Authorization`` header, such as ``Basic …`` or ``Bearer …``.

    Raises:
        BackendError: a policy needs a backend that is away.
    """
    try:
        identity = identify(server.policies, token)
    except TooManyRequests:  # the token may be right, but nobody looks at it now
        return None
    return _caller_of(server, identity) if identity is not None else None


def _caller_of(server: Server, identity: Identity) -> Caller:
    if not server.plugins.implements("principals"):
        return Caller(identity.user_id)
    added = server.plugins.hook.principals(identity=identity)
    return Caller(identity.user_id, frozenset(name for names in added for name in names))
