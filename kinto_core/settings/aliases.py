"""The protocol world's names for things that we have, so that existing files work unchanged.

Only names live here. What has no counterpart is in `NO_EFFECT`: accepted, with a warning that says
what to do instead.
"""

import re
from collections.abc import Mapping

STORAGE: Mapping[str, str] = {
    "kinto.core.storage.memory": "memory",
    "kinto.core.storage.postgresql": "sql",
    "postgresql": "sql",
    "sqlite": "sql",
}

PERMISSION: Mapping[str, str] = {
    "kinto.core.permission.memory": "memory",
    "kinto.core.permission.postgresql": "sql",
    "postgresql": "sql",
    "sqlite": "sql",
}

CACHE: Mapping[str, str] = {
    "kinto.core.cache.memory": "memory",
    "kinto.core.cache.postgresql": "sql",
    "kinto.core.cache.memcached": "sql",
    "kinto.core.cache.redis": "redis",
    "postgresql": "sql",
    "sqlite": "sql",
}

INCLUDES: Mapping[str, str] = {
    **{
        f"kinto.plugins.{name}": name
        for name in (
            "accounts",
            "admin",
            "counters",
            "default_bucket",
            "flush",
            "history",
            "openid",
            "prometheus",
            "quotas",
            "statsd",
        )
    },
    "kinto_attachment": "attachment",
}

POLICIES: Mapping[str, str] = {
    "kinto.core.authentication.BasicAuthAuthenticationPolicy": "basicauth",
    "kinto.plugins.accounts.AccountsPolicy": "accounts",
    "kinto.plugins.accounts.authentication.AccountsAuthenticationPolicy": "accounts",
    "kinto.plugins.openid.OpenIDConnectPolicy": "openid",
}

LISTENERS: Mapping[str, str] = {
    "kinto_redis.listeners": "kinto_redis_listener",
}
"""Modules of listeners, as ``event_listeners.….use`` names them."""

ID_GENERATORS: Mapping[str, str] = {
    "kinto.views.NameGenerator": "NameGenerator",
    "kinto.views.RelaxedUUID": "RelaxedUUID",
    "kinto.core.storage.generators.UUID4": "UUID4",
}

_POOL = "connections follow the number of threads; set threads and workers"
_STEPS = "the steps of the start are fixed; write a plugin that adds what you need"
_LANGUAGE = "messages are in English"
_ERRORS = "error reporting is not part of this server; write a plugin, or collect the JSON logs"
_PROFILER = "profiling is not part of this server; start it under a sampling profiler"
_STATSD = "the plugin statsd has one way to send; write a plugin with the hook register_metrics"

NO_EFFECT: Mapping[str, tuple[str, str]] = {
    "transaction_per_request": ("true", "every request is one transaction"),
    "tm.annotate_user": ("false", "transactions carry no user"),
    "cache_hosts": ("", "the cache is in the database or in Redis; set cache_url"),
    "json_renderer": ("ultrajson", "there is one JSON serialiser"),
    "initialization_sequence": ("", _STEPS),
    "multiauth.authorization_policy": (
        "kinto.authorization.AuthorizationPolicy",
        "permissions are decided by the server",
    ),
    "multiauth.groupfinder": (
        "kinto.core.authorization.groupfinder",
        "groups are looked up by the server",
    ),
    "cornice.always_cors": ("false", "CORS headers answer requests that have an Origin"),
    "handle_exceptions": ("true", "errors are always answered as JSON"),
    "available_languages": ("en", _LANGUAGE),
    "pyramid.default_locale_name": ("en", _LANGUAGE),
    "sentry_dsn": ("", _ERRORS),
    "sentry_env": ("", _ERRORS),
    "sentry_breadcrumbs_min_level": ("10", _ERRORS),
    "sentry_events_min_level": ("30", _ERRORS),
    "newrelic_config": ("", _ERRORS),
    "newrelic_env": ("dev", _ERRORS),
    "profiler_enabled": ("false", _PROFILER),
    "profiler_dir": ("", _PROFILER),
    "statsd_backend": ("kinto.core.statsd", _STATSD),
}
"""Settings of the protocol world without effect here: the value that says so, and the reason."""

_POOL_SETTING = re.compile(
    r"(storage|permission|cache)_(pool_size|max_overflow|pool_recycle|pool_timeout|max_backlog"
    r"|poolclass|echo|pool_pre_ping|isolation_level)"
)


def no_effect(name: str, text: str) -> str | None:
    """Why a setting of the protocol world has no effect; ``""`` when its value needs no warning.

    Returns:
        ``None`` when the name is none of them.
    """
    if _POOL_SETTING.fullmatch(name):
        return _POOL
    if name not in NO_EFFECT:
        return None
    harmless, reason = NO_EFFECT[name]
    return "" if text.strip().strip('"').lower() in (harmless, "", "null") else reason
