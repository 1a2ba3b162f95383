"""Whether settings fit each other: what one implies for another, and what cannot work together.

Source: settings S-72, S-90 to S-103, SW-8.
"""

import dataclasses
import hashlib
import hmac
import re
from types import MappingProxyType

from kinto_core.settings.core import Settings

SHORTEST_SECRET = 16
"""Characters of a secret that is no invitation to guess it."""

_SECRETS = ("userid_hmac_secret", "default_bucket_hmac_secret")
_MAKE_ONE = "make one with: python -c 'import secrets; print(secrets.token_hex(32))'"

_POSTGRESQL = re.compile(r"postgres(ql)?(\+\w+)?://")
_SQL = re.compile(r"(postgres(ql)?(\+\w+)?|sqlite)://")
_REDIS = re.compile(r"(rediss?|unix)://")


def completed(settings: Settings) -> tuple[Settings, list[str]]:
    """The settings with what follows from others filled in, and warnings.

    URLs of PostgreSQL get the driver; a backend that is not written follows from its URL, or is
    that of the storage; a written one without a URL takes the storage's. A key of personal buckets
    that is not written is made from that of user ids.
    """
    warnings = []
    text = settings.sources.written
    if any("memcached" in one.value for one in text if one.name == "cache_backend"):
        warnings.append("cache_backend: memcached is not served; the cache is kept in the database")
    settings = _with_storage(settings)
    settings = _with_permission(settings)
    settings = _with_cache(settings)
    settings = _with_bucket_secret(settings)
    warnings += _short_secrets(settings)
    policies = dict(settings.policies)
    if "basicauth" in settings.multiauth_policies and "basicauth" not in policies:
        policies["basicauth"] = MappingProxyType({"use": "basicauth"})
    return (
        dataclasses.replace(
            settings,
            policies=MappingProxyType(policies),
            experimental_permissions_endpoint=settings.experimental_permissions_endpoint
            or "admin" in settings.includes,
        ),
        warnings,
    )


def contradictions(settings: Settings, *, allow_weak: bool) -> list[str]:
    """A sentence for each pair of settings that cannot work together."""
    return [
        *_of_storage(settings),
        *_of_cache(settings),
        *_of_version(settings),
        *([] if allow_weak else _of_secrets(settings)),
    ]


def _with_storage(settings: Settings) -> Settings:
    url = _normalised(settings.storage_url)
    written = "storage_backend" in settings.origins
    backend = settings.storage_backend if written else ("sql" if url else "memory")
    return dataclasses.replace(
        settings, storage_backend=backend, storage_url=url if backend == "sql" else ""
    )


def _with_permission(settings: Settings) -> Settings:
    url = _normalised(settings.permission_url)
    backend = settings.permission_backend
    if "permission_backend" not in settings.origins:
        backend = "sql" if url else settings.storage_backend
    url = (url or settings.storage_url) if backend == "sql" else ""
    return dataclasses.replace(settings, permission_backend=backend, permission_url=url)


def _with_cache(settings: Settings) -> Settings:
    url = _normalised(settings.cache_url)
    backend = settings.cache_backend
    if "cache_backend" not in settings.origins:
        if _REDIS.match(url) or (not url and settings.redis_url):
            backend = "redis"
        else:
            backend = "sql" if url else settings.storage_backend
    if not url and backend == "redis":
        url = settings.redis_url or "redis://127.0.0.1:6379/0"
    elif not url and backend == "sql":
        url = settings.storage_url
    return dataclasses.replace(
        settings, cache_backend=backend, cache_url="" if backend == "memory" else url
    )


def _normalised(url: str) -> str:
    """The URL with the PostgreSQL driver that we use."""
    return _POSTGRESQL.sub("postgresql+psycopg://", url, count=1)


def _of_storage(settings: Settings) -> list[str]:
    problems = []
    for kind in ("storage", "permission"):
        backend = getattr(settings, f"{kind}_backend")
        url = getattr(settings, f"{kind}_url")
        if backend == "sql" and not _SQL.match(url):
            problems.append(
                f"{kind}_url ({settings.origins.get(f'{kind}_url', 'default')}): {kind}_backend = "
                "sql needs a URL such as sqlite:///path or postgresql://user:password@host/name"
            )
    return problems


def _of_cache(settings: Settings) -> list[str]:
    wanted = {
        "sql": (_SQL, "sqlite:///path or postgresql://user:password@host/name"),
        "redis": (_REDIS, "redis://host:port/0, rediss://… or unix:///path"),
    }
    pattern, example = wanted.get(settings.cache_backend, (None, ""))
    if pattern is None or pattern.match(settings.cache_url):
        return []
    origin = settings.origins.get("cache_url", "default")
    needs = f"cache_backend = {settings.cache_backend} needs a URL such as {example}"
    return [f"cache_url ({origin}): {needs}"]


def _of_version(settings: Settings) -> list[str]:
    if re.fullmatch(r"[0-9]+\.[0-9]+", settings.http_api_version):
        return []
    origin = settings.origins.get("http_api_version", "default")
    shown = settings.http_api_version
    return [f"http_api_version = {shown} ({origin}): expected two numbers, such as 1.23"]


def _with_bucket_secret(settings: Settings) -> Settings:
    """With a key of personal buckets, which nobody can compute who does not know the other one."""
    own, other = settings.default_bucket_hmac_secret, settings.userid_hmac_secret
    if own or not other or "default_bucket" not in settings.includes:
        return settings
    made = hmac.digest(other.encode(), b"default_bucket_hmac_secret", hashlib.sha256).hex()
    return dataclasses.replace(settings, default_bucket_hmac_secret=made)


def _short_secrets(settings: Settings) -> list[str]:
    """A warning about each secret that can be guessed."""
    return [
        f"{name} ({settings.origins.get(name, 'default')}) has {len(value)} characters, "
        f"so it can be guessed: {SHORTEST_SECRET} or more are better; {_MAKE_ONE}"
        for name in _SECRETS
        if 0 < len(value := getattr(settings, name)) < SHORTEST_SECRET
    ]


def _of_secrets(settings: Settings) -> list[str]:
    """What is missing among the secrets that enabled features need. Source: SW-8."""
    uses = {
        settings.policies.get(name, {}).get("use", name) for name in settings.multiauth_policies
    }
    needed = {
        "userid_hmac_secret": bool(uses & {"basicauth", "accounts", "openid"}),
        "default_bucket_hmac_secret": "default_bucket" in settings.includes,
    }
    return [
        f"{name} ({settings.origins.get(name, 'default')}) is empty: expected {SHORTEST_SECRET} "
        f"characters or more that nobody can guess; {_MAKE_ONE}"
        for name in _SECRETS
        if needed[name] and not getattr(settings, name)
    ]
