"""THE table of the server's settings, in groups; read one entry at a time.

To add a setting, add a line here: the file's parser, the environment name, the start-up check,
``kinto init``, ``kinto config`` and the manual follow. Settings of a feature that is a plugin
belong to that plugin. Reading values is the business of ``loading.py``;
what code sees is `kinto_core.settings.core.Settings`, which has all of them.

Defaults are those of the protocol unless the help says more. Source: settings 4 to 12.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from kinto_core.settings import aliases
from kinto_core.settings.setting import setting

_NOTHING: Mapping[str, str] = MappingProxyType({})
_TIMES = "0 forbids caching, a negative number says nothing about it."


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """The process: where it listens, and with how many hands."""

    host: str = setting("127.0.0.1", help="Address to listen on; `0.0.0.0` for all of them.")
    port: int = setting(8888, minimum=0, maximum=65535, help="TCP port to listen on.")
    workers: int = setting(
        2, minimum=1, maximum=512, unit="processes", help="HTTP worker processes."
    )
    threads: int = setting(
        4, minimum=1, maximum=1024, unit="threads", help="Threads of each worker process."
    )
    pin_workers: bool = setting(
        True,  # noqa: FBT003  the default
        help="Whether each worker process keeps to a processor of its own, where there are as many "
        "of them as workers: writes then take less time.",
    )
    project_name: str = setting("kinto", help="Name shown by the hello view, logs and metrics.")
    project_version: str = setting("", help="Version shown by the hello view; empty: the release.")
    project_docs: str = setting(
        "https://kinto.readthedocs.io/", help="Where users of this server find its manual."
    )
    http_api_version: str = setting(
        "1.23", help="Protocol version shown; its major number starts every URL."
    )
    http_scheme: str | None = setting(
        None, choices=("http", "https"), help="Scheme of the URLs that the server writes."
    )
    http_host: str | None = setting(
        None, example="storage.example.org", help="Host and port of the URLs that it writes."
    )
    version_json_path: Path = setting(
        Path("version.json"), help="File whose content `/__version__` answers, if it exists."
    )
    error_info_link: str = setting(
        "https://github.com/Kinto/kinto/issues/", help="Link given in answers with status 500."
    )
    root_cache_expires_seconds: int = setting(
        86400,
        minimum=0,
        unit="seconds",
        help="How long the hello view of a read-only server may be cached.",
    )
    heartbeat_timeout_seconds: float = setting(
        10.0, minimum=0.1, unit="seconds", help="Longest time that a health check may take."
    )


@dataclass(frozen=True, kw_only=True)
class StorageSettings:
    """Where objects, permissions and cached values are kept."""

    storage_backend: str = setting(
        "memory",
        choices=("memory", "sql"),
        aliases=aliases.STORAGE,
        help="`memory` or `sql`. When unset it follows from `storage_url`.",
    )
    storage_url: str = setting(
        "",
        example="sqlite:///%(here)s/data/kinto.db",
        help="Database of the objects: `sqlite:///path` or `postgresql://user:password@host/name`.",
    )
    permission_backend: str = setting(
        "memory",
        choices=("memory", "sql"),
        aliases=aliases.PERMISSION,
        help="`memory` or `sql`. When unset it follows from `permission_url`, else the storage.",
    )
    permission_url: str = setting(
        "", help="Database of the permissions; empty: the storage's database."
    )
    cache_backend: str = setting(
        "memory",
        choices=("memory", "sql", "redis"),
        aliases=aliases.CACHE,
        help="`memory`, `sql` or `redis`. When unset it follows from `cache_url`, else the storage."
        " Several processes need one that they share.",
    )
    cache_url: str = setting(
        "", help="Redis or database URL of the cache; empty: `redis_url`, or the storage's."
    )
    cache_prefix: str = setting("", help="Put before every key of the cache.")
    cache_max_size_bytes: int | None = setting(
        524288, minimum=0, unit="bytes", help="Size of the `memory` cache of each process."
    )
    redis_url: str = setting(
        "", example="redis://127.0.0.1:6379/0", help="Redis server for whatever needs one."
    )
    storage_synchronous: str = setting(
        "full",
        choices=("full", "normal"),
        help="SQLite: `full` waits for the disk at each commit; `normal` may lose the last commits "
        "when the machine loses power.",
    )
    storage_statement_timeout_seconds: float = setting(
        10.0, minimum=0, unit="seconds", help="PostgreSQL: longest run of a statement; 0: no limit."
    )
    storage_busy_timeout_seconds: float = setting(
        10.0, minimum=0, unit="seconds", help="Longest wait for another write of the same data."
    )
    tombstone_retention_days: float | None = setting(
        30.0,
        minimum=0,
        unit="days",
        help="Age from which `kinto purge-deleted` removes traces of deleted objects; a client "
        "that was away for longer must synchronise from the start. Empty: any age.",
    )


@dataclass(frozen=True, kw_only=True)
class AccessSettings:
    """Who may do what."""

    readonly: bool = setting(default=False, help="Refuse every write.")
    administrators: tuple[str, ...] = setting(
        (), example="account:admin", help="Principals that may do everything."
    )
    principals: Mapping[str, tuple[str, ...]] = setting(
        {"bucket_create": ("system.Authenticated",), "permissions_read": ("system.Everyone",)},
        pattern="{resource}_{permission}_principals",
        example="bucket_create_principals = account:admin",
        help="Principals that get the permission on every object of that type, such as "
        "`bucket_create_principals`. Permissions: `create`, `write`, `read`; `delete` for "
        "`user-data`.",
    )
    explicit_permissions: bool = setting(
        default=True, help="Whether the creator of an object is put into its `write` permission."
    )
    anonymous_ownership: bool = setting(
        default=False, help="Whether an anonymous creation puts `system.Everyone` there."
    )
    multiauth_policies: tuple[str, ...] = setting(
        (),
        name="multiauth.policies",
        example="basicauth",
        help="Names of the ways to authenticate, in order of preference. Empty: nobody can.",
    )
    policies: Mapping[str, Mapping[str, str]] = setting(
        _NOTHING,
        pattern="multiauth.policy.{name}.{parameter}",
        aliases=aliases.POLICIES,
        listed_in="multiauth.policies",
        example="multiauth.policy.account.use = accounts",
        help="Parameters of a way to authenticate; `use` says which it is: `basicauth`, "
        "`accounts`, `openid`, or the dotted path of a factory.",
    )
    userid_hmac_secret: str = setting(
        "",
        secret=True,
        help="Key of the ids of `basicauth` users, 16 characters or more: a shorter one can be "
        "guessed. Changing it renames them.",
    )
    default_bucket_hmac_secret: str = setting(
        "",
        secret=True,
        help="Key of the ids of personal buckets, 16 characters or more. Changing it moves them. "
        "Empty: made from `userid_hmac_secret`.",
    )


@dataclass(frozen=True, kw_only=True)
class FeatureSettings:
    """What is switched on."""

    includes: tuple[str, ...] = setting(
        (),
        aliases=aliases.INCLUDES,
        example="default_bucket accounts",
        help="Plugins to load, in order: names of built-in or installed ones, or dotted paths.",
    )
    event_listeners: tuple[str, ...] = setting((), help="Names of listeners.")
    listeners: Mapping[str, Mapping[str, str]] = setting(
        _NOTHING,
        pattern="event_listeners.{name}.{parameter}",
        listed_in="event_listeners",
        example="event_listeners.log.use = mymodule.listener",
        help="Parameters of a listener: `use` (a module), `actions`, `resources`, and its own.",
    )
    experimental_collection_schema_validation: bool = setting(
        default=False, help="Validate objects with the JSON schemas of their collection or bucket."
    )
    experimental_permissions_endpoint: bool = setting(
        default=False, help="Serve `/permissions`. Plugin `admin` switches it on."
    )
    endpoint_enabled: Mapping[str, bool] = setting(
        {},
        pattern="{plural|object}_{resource}_{method}_enabled",
        example="plural_bucket_delete_enabled = false",
        help="`false` removes a method of an endpoint.",
    )
    id_generator: str | None = setting(
        None,
        aliases=aliases.ID_GENERATORS,
        help="Makes and checks the ids of types without their own: `NameGenerator`, "
        "`RelaxedUUID`, `UUID4` or a dotted path.",
    )
    id_generators: Mapping[str, str] = setting(
        _NOTHING,
        pattern="{resource}_id_generator",
        aliases=aliases.ID_GENERATORS,
        example="record_id_generator = UUID4",
        help="Makes and checks the ids of one type.",
    )
    metrics_matchdict_fields: tuple[str, ...] = setting(
        (),
        example="bucket_id collection_id",
        help="Parts of the URL that become labels of metrics. Each value makes a time series: the "
        "default is none.",
    )


@dataclass(frozen=True, kw_only=True)
class LimitSettings:
    """How much one request may ask for."""

    batch_max_requests: int | None = setting(
        25,
        minimum=0,
        zero_means_none=True,
        unit="requests",
        help="Most requests in a batch; 0 or empty: no limit.",
    )
    paginate_by: int | None = setting(
        None,
        minimum=0,
        zero_means_none=True,
        unit="objects",
        help="Longest page of a list; 0 or empty: `storage_max_fetch_size`.",
    )
    storage_max_fetch_size: int = setting(
        10000, minimum=1, unit="objects", help="Longest page, whatever `paginate_by` says."
    )
    pagination_token_validity_seconds: int = setting(
        600, minimum=1, unit="seconds", help="Lifetime of the token of a paginated deletion."
    )
    max_body_size_bytes: int = setting(
        1048576, minimum=1, unit="bytes", help="Largest body of a request."
    )
    max_json_depth: int = setting(
        100, minimum=1, maximum=500, unit="levels", help="Deepest nesting of a JSON body."
    )
    max_filters: int = setting(
        20, minimum=1, maximum=200, unit="filters", help="Most filters in a query."
    )
    max_filter_values: int = setting(
        200, minimum=1, maximum=10000, unit="values", help="Most values of an `in_` filter."
    )


@dataclass(frozen=True, kw_only=True)
class HttpSettings:
    """What answers carry."""

    trailing_slash_redirect_enabled: bool = setting(
        default=True, help="Redirect `/v1/buckets/` to `/v1/buckets`."
    )
    trailing_slash_redirect_ttl_seconds: int = setting(
        3600, unit="seconds", help=f"How long that may be cached. {_TIMES}"
    )
    version_prefix_redirect_enabled: bool = setting(
        default=True, help="Redirect `/buckets` to `/v1/buckets`."
    )
    version_prefix_redirect_ttl_seconds: int = setting(
        -1, unit="seconds", help=f"How long that may be cached. {_TIMES}"
    )
    cache_expires_seconds: Mapping[str, int] = setting(
        {},
        pattern="{prefix}_cache_expires_seconds",
        minimum=0,
        unit="seconds",
        example="record_cache_expires_seconds = 3600",
        help="How long answers to anonymous readers may be cached: `record_…`, or for one bucket "
        "or collection `bucket.record_…`, `bucket.collection.record_…`.",
    )
    cors_origins: tuple[str, ...] = setting(
        ("*",), help="Origins of web pages that may call; `*` matches. Empty: none."
    )
    cors_max_age_seconds: int | None = setting(
        3600,
        minimum=0,
        zero_means_none=True,
        unit="seconds",
        help="How long browsers may remember that; 0 or empty: unsaid.",
    )
    backoff: int | None = setting(
        None, minimum=0, unit="seconds", help="Ask clients to stay away for that long."
    )
    backoff_percentage: float | None = setting(
        None, minimum=0, maximum=100, unit="percent", help="Share of answers that ask so."
    )
    retry_after_seconds: int = setting(
        3, minimum=0, unit="seconds", help="When to try again after a failure of a backend."
    )
    eos: datetime | None = setting(
        None, example="2030-01-31", help="End of service: announced before, answered 410 after it."
    )
    eos_message: str | None = setting(None, help="Message of the announcement.")
    eos_url: str | None = setting(None, help="Link of it; empty: `project_docs`.")


@dataclass(frozen=True, kw_only=True)
class EventSettings:
    """How events are kept for who must not miss any."""

    event_log_retention_seconds: float = setting(
        86400.0,
        minimum=0,
        unit="seconds",
        help="How long delivered events are kept, so that live streams can resume.",
    )
    event_log_retention_events: int = setting(
        100000,
        minimum=0,
        unit="events",
        help="How many delivered events are kept at most. What a consumer still lacks is kept.",
    )
    event_log_alarm_seconds: float = setting(
        300.0,
        minimum=1,
        unit="seconds",
        help="When an event has been waiting for a consumer for so long, the heartbeat fails.",
    )


@dataclass(frozen=True, kw_only=True)
class LogSettings:
    """What is written about the work."""

    log_requests: bool = setting(default=False, help="Log one line for each request.")
    log_level: str = setting(
        "info",
        choices=("debug", "info", "warning", "error", "critical"),
        help="Least important messages to log.",
    )
    log_format: str = setting(
        "text", choices=("text", "json"), help="Lines for people, or JSON for machines."
    )


GROUPS: tuple[type, ...] = (
    ServerSettings,
    StorageSettings,
    AccessSettings,
    FeatureSettings,
    LimitSettings,
    HttpSettings,
    EventSettings,
    LogSettings,
)
"""The groups in the order in which they are shown."""
