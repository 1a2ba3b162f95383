"""What works but should not face the world: decided from the settings alone."""

import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from kinto_core.settings import Settings

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
    "bucket_create_principals has system.Everyone: anybody can fill the disk": (
        lambda settings: "system.Everyone" in settings.principals.get("bucket_create", ())
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
