"""The settings ``account_*`` and what must fit together at the start.

Who may create, write and list accounts is said by ``account_create_principals`` and so on, as for
every resource type.
"""

import logging
from dataclasses import dataclass

from kinto_core.authentication.principals import EVERYONE
from kinto_core.errors import ConfigurationError
from kinto_core.settings import Settings
from kinto_core.settings.setting import setting

logger = logging.getLogger(__name__)

USE = "accounts"
"""What ``multiauth.policy.….use`` says."""


@dataclass(frozen=True, kw_only=True)
class AccountsSettings:
    """How passwords are checked, and how often they may be guessed."""

    account_cache_ttl_seconds: int = setting(
        3600,
        minimum=0,
        unit="seconds",
        help="How long a process remembers that a password is right, from its first check on. "
        "A changed password stops at once all the same.",
    )
    account_min_password_length: int = setting(
        1, minimum=1, maximum=128, unit="characters", help="Shortest password that is accepted."
    )
    account_failures_per_name: int = setting(
        20,
        minimum=0,
        unit="attempts",
        help="Failed attempts on one account before further ones get 429; 0: no limit.",
    )
    account_failures_per_address: int = setting(
        50,
        minimum=0,
        unit="attempts",
        help="Failed attempts from one network address before further ones get 429; 0: no limit.",
    )
    account_failures_window_seconds: int = setting(
        300, minimum=1, unit="seconds", help="Time after which failed attempts are forgotten."
    )
    account_creations_per_address: int = setting(
        1000,
        minimum=0,
        unit="attempts",
        help="Accounts that strangers at one network address may try to create within an hour; "
        "0: no limit.",
    )
    account_trusted_proxies: int = setting(
        0,
        minimum=0,
        maximum=10,
        unit="proxies",
        help="How many proxies of yours every request passes: so many entries at the end of "
        "`X-Forwarded-For` are believed when network addresses are counted.",
    )
    account_checks_at_once: int | None = setting(
        None,
        minimum=1,
        unit="threads",
        help="How many threads of a process may wait for the check of a password, one of which "
        "runs; others get 503. Default: `threads` less two, at least one.",
    )
    account_reset_code_seconds: int = setting(
        86400, minimum=60, unit="seconds", help="How long a code that resets a password is valid."
    )


def require_policy(settings: Settings) -> None:
    """Stop the start when the plugin cannot work as it is configured.

    Raises:
        ConfigurationError: a sentence for each reason.

    Source: built-in plugins B-24.
    """
    problems = [*_policy_problems(settings), *_principal_problems(settings)]
    if problems:
        raise ConfigurationError(problems)


def tell_if_volatile(settings: Settings) -> None:
    """Warn that accounts are lost with the process. Source: built-in plugins B-25."""
    if settings.storage_backend == "memory":
        logger.warning("Accounts are kept in memory and lost at each start: set storage_url.")


def _policy_problems(settings: Settings) -> list[str]:
    named = [name for name, given in settings.policies.items() if given.get("use") == USE]
    if not named:
        problem = (
            "Account policy missing the 'multiauth.policy.*.use' setting: accounts is in includes, "
            "so set e.g. multiauth.policies = account and multiauth.policy.account.use = accounts"
        )
        return [problem]
    order = settings.multiauth_policies
    return [
        f"'basicauth' should not be mentioned before '{name}' in 'multiauth.policies' setting: "
        "it accepts any password, so that no account would ever be asked"
        for name in named
        if "basicauth" in order and name in order and order.index("basicauth") < order.index(name)
    ]


def _principal_problems(settings: Settings) -> list[str]:
    creators = set(settings.principals.get("account_create", ())) - {EVERYONE}
    affected = sorted(creators - set(settings.principals.get("account_write", ())))
    if not affected:
        return []
    problem = (
        "account_create_principals: who may create accounts must be in account_write_principals "
        f"too, or be {EVERYONE}. Affected users: {affected}"
    )
    return [problem]
