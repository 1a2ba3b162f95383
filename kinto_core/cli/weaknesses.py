"""What works but should not face the world: decided from the settings alone."""

import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from kinto_core.settings import Settings


def _lacks_token(settings: Settings, plugin: str) -> bool:
    """Whether an endpoint of a plugin is open to anybody. Source: built-in plugins BW-13."""
    return plugin in settings.includes and not settings.extra.get(f"{plugin}_token")


_RULES: Mapping[str, Callable[[Settings], bool]] = {
    "storage_backend = memory: everything is lost at the end; set storage_url": lambda settings: (
        settings.storage_backend == "memory"
    ),
    "cache_backend = memory with several workers: each has its own; set cache_url": (
        lambda settings: settings.cache_backend == "memory" and settings.workers > 1
    ),
    "storage_synchronous = normal: the last writes can be lost when power fails": (
        lambda settings: settings.storage_synchronous == "normal"
    ),
    "http_scheme is not https: passwords travel in the clear unless a proxy encrypts": (
        lambda settings: settings.http_scheme != "https"
    ),
    "http_host is not set: URLs repeat whatever Host header a client sends": (
        lambda settings: settings.http_host is None
    ),
    "multiauth.policies is empty: nobody can authenticate": (
        lambda settings: not settings.multiauth_policies
    ),
    "basicauth accepts any name and password as a new user; prefer accounts or openid": (
        lambda settings: "basicauth" in settings.multiauth_policies
    ),
    "strangers may create accounts: create those of administrators before they take the names; "
    "see kinto accounts list": lambda settings: (
        "system.Everyone" in settings.principals.get("account_create", ())
        and any(
            name.startswith("account:")
            for name in (*settings.principals.get("account_write", ()), *settings.administrators)
        )
    ),
    "bucket_create_principals has system.Everyone: anybody can fill the disk": (
        lambda settings: "system.Everyone" in settings.principals.get("bucket_create", ())
    ),
    "counters without counters_token: anybody may see how many objects there are": (
        lambda settings: _lacks_token(settings, "counters")
    ),
    "prometheus without prometheus_token: anybody may see the metrics": (
        lambda settings: _lacks_token(settings, "prometheus")
    ),
    "administrators has system.Everyone or system.Authenticated": lambda settings: bool(
        {"system.Everyone", "system.Authenticated"} & set(settings.administrators)
    ),
}
"""What is weak, with what to do, and when it is so."""


def weaknesses(settings: Settings, ini: Path | None) -> list[str]:
    """A sentence for each thing that is weak for production.

    Args:
        settings: to judge.
        ini: the file that they come from, whose mode is looked at.
    """
    found = [sentence for sentence, is_weak in _RULES.items() if is_weak(settings)]
    if ini is not None and ini.exists() and ini.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        found.append(f"{ini} holds secrets and others can read it; run: chmod 600 {ini}")
    return found
