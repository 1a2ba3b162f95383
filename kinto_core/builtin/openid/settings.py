"""The parameters of one policy, under ``multiauth.policy.<name>.``: read and checked at start.

Source: built-in plugins B-71 to B-83.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from kinto_core.authentication.policies import refuse_unknown
from kinto_core.builtin.openid.addresses import address_problem
from kinto_core.errors import ConfigurationError
from kinto_core.settings.setting import setting, settings_of
from kinto_core.settings.tables import load_plugin

ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
"""Asymmetric ones: who can verify a signature cannot make one. Source: RFC 7518 section 3.1."""

LOCAL_CALLBACKS: Final = ("http://localhost:*/*", "http://127.0.0.1:*/*")
"""Trusted unless the setting names others. Source: built-in plugins B-93."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIDSettings:
    """What an operator says about one provider."""

    prefix: ClassVar[str] = ""

    issuer: str = setting("", help="The provider's address, as in its tokens: `https://…`.")
    client_id: str = setting("", help="The name of this server at the provider.")
    client_secret: str = setting(
        "", secret=True, help="Proves that name where codes are exchanged and tokens introspected."
    )
    userid_field: str = setting(
        "sub", help="The field of the profile that becomes the user id. Only `sub` never changes."
    )
    header_type: str = setting("Bearer", help="The scheme of the `Authorization` header.")
    audience: str = setting(
        "", help="The audience that access tokens must name; without it, they name the client."
    )
    realm: str = setting("Realm", help="Named in the challenge of a 401.")
    algorithms: tuple[str, ...] = setting(
        ALGORITHMS, choices=ALGORITHMS, help="Signatures of tokens that are accepted."
    )
    ask_userinfo: bool = setting(
        default=True,
        help="Ask the provider for the profile behind a signed token, too. False: the claims of "
        "the token are the profile, and a token that is revoked early counts until its end.",
    )
    verification_ttl_seconds: int = setting(
        300,
        minimum=1,
        unit="seconds",
        help="For how long a verified token is not verified again, unless it ends earlier.",
    )
    state_ttl_seconds: int = setting(
        3600, minimum=1, unit="seconds", help="For how long users may take to log in."
    )
    state_length: int = setting(
        32, minimum=16, maximum=256, unit="bytes", help="Random bytes of a login's state."
    )
    allowed_scopes: tuple[str, ...] = setting(
        ("openid", "email", "profile"), help="The scopes that clients may ask for."
    )
    trusted_callback_urls: tuple[str, ...] = setting(
        LOCAL_CALLBACKS,
        help="Where tokens may be sent; `*` stands for any text within a part of the URL. By "
        "default local pages, and the admin page if there is one.",
    )
    timeout_seconds: float = setting(
        5.0, minimum=0.1, maximum=60, unit="seconds", help="The longest wait for the provider."
    )


def read_parameters(name: str, parameters: Mapping[str, str]) -> OpenIDSettings:
    """The parameters of the policy of that name.

    Raises:
        ConfigurationError: lists everything that is wrong with them.
    """
    refuse_unknown(name, parameters, known=tuple(one.name for one in settings_of(OpenIDSettings)))
    head = f"multiauth.policy.{name}."
    try:
        found = load_plugin(OpenIDSettings, parameters)
    except ConfigurationError as error:
        raise ConfigurationError([head + problem for problem in error.problems]) from error
    problems = [
        f"{head}{parameter}: {problem}" for parameter, problem in _problems(found) if problem
    ]
    if problems:
        raise ConfigurationError(problems)
    return found


def _problems(found: OpenIDSettings) -> list[tuple[str, str | None]]:
    needed = "is required"
    return [
        ("issuer", address_problem(found.issuer) if found.issuer else needed),
        ("client_id", None if found.client_id else needed),
        ("userid_field", None if found.userid_field else needed),
        ("algorithms", None if found.algorithms else "must name at least one"),
        (
            "header_type",
            None if found.header_type.isalnum() and found.header_type.isascii() else "is no scheme",
        ),
    ]
