"""The text of a ``WWW-Authenticate`` header."""

from kinto_core.errors import ConfigurationError

DEFAULT_REALM = "Realm"
"""Source: protocol A-6."""


def challenge(scheme: str, realm: str, *, policy: str) -> str:
    """A header value such as ``Basic realm="Realm"``.

    Args:
        scheme: ``Basic`` or ``Bearer``.
        realm: shown to people by some clients; printable ASCII.
        policy: its name, for the message.

    Raises:
        ConfigurationError: the realm cannot stand in a header.

    Source: RFC 9110 section 11.6.1.
    """
    if not (realm.isascii() and realm.isprintable()):
        problem = (
            f"multiauth.policy.{policy}.realm = {realm!r}: expected printable ASCII characters only"
        )
        raise ConfigurationError([problem])
    quoted = realm.replace("\\", "\\\\").replace('"', '\\"')
    return f'{scheme} realm="{quoted}"'
