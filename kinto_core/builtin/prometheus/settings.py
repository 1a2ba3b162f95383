"""The settings ``prometheus_*`` and what follows from them.

Source: settings S-209 to S-212, S-217, S-218, SW-20.
"""

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from kinto_core.errors import ConfigurationError
from kinto_core.metrics import DEFAULT_BUCKETS, Registry
from kinto_core.settings import Settings
from kinto_core.settings.setting import setting

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable with the folder that worker processes share; ``kinto serve`` sets it."""

USERS = "users"
"""Has a series for each user."""

_SEPARATORS = re.compile(r"[-. ]")
_FORBIDDEN = re.compile(r"[^a-zA-Z0-9_:]")


@dataclass(frozen=True, kw_only=True)
class PrometheusSettings:
    """What is measured, and who may read it."""

    prometheus_prefix: str = setting(
        "",
        example="storage",
        help="Starts every name, without `_` and in lower case. When unset, the `project_name`; "
        "empty: none.",
    )
    prometheus_disabled_metrics: tuple[str, ...] = setting(
        (),
        example="kinto_request_size backend_cache_seconds",
        help="Names not to measure, with or without the prefix.",
    )
    prometheus_created_metrics_enabled: bool = setting(
        default=True, help="Whether each series has another one that tells when it began."
    )
    prometheus_histogram_buckets: tuple[float, ...] = setting(
        (*DEFAULT_BUCKETS, math.inf),
        unit="seconds",
        help="Upper bounds of the histograms, rising.",
    )
    prometheus_multiproc_dir: Path | None = setting(
        None,
        help="Folder in which the processes of one machine add up what they measure. "
        f"Default: the environment variable `{FOLDER_VARIABLE}`, which `kinto serve` sets.",
    )
    prometheus_token: str = setting(
        "",
        secret=True,
        help="Who reads the metrics must send `Authorization: Bearer` with it. Empty: anybody may.",
    )
    prometheus_user_ids: bool = setting(
        default=False,
        help="Whether requests are counted by user, which makes a series of each user id.",
    )


def prefix_of(settings: Settings) -> str:
    """What starts every name. Source: settings S-217."""
    is_set = "prometheus_prefix" in settings.origins
    own = settings.plugin(PrometheusSettings).prometheus_prefix
    words = clean(own if is_set else settings.project_name).replace("_", "").lower()
    return f"{words}_" if words else ""


def clean(name: str) -> str:
    """A name as Prometheus accepts it. Source: settings S-217."""
    return _FORBIDDEN.sub("", _SEPARATORS.sub("_", name))


class Exported(Registry):
    """The measurements that Prometheus may read, beside those that others take."""


def make_registry(settings: Settings) -> Exported:
    """What takes the measurements of a server.

    Raises:
        ConfigurationError: the buckets are not in order.
    """
    own = settings.plugin(PrometheusSettings)
    return Exported(_bounds(own.prometheus_histogram_buckets), disabled=disabled_names(settings))


def disabled_names(settings: Settings) -> frozenset[str]:
    """The names that are not measured, without prefix. Source: settings S-210."""
    own = settings.plugin(PrometheusSettings)
    prefix = prefix_of(settings)
    names = {one.removeprefix(prefix) for one in own.prometheus_disabled_metrics}
    names |= {one.removesuffix("_total") for one in names}
    return frozenset(names if own.prometheus_user_ids else {*names, USERS})


def folder_of(settings: Settings) -> Path | None:
    """The folder that processes share; ``None`` when each counts for itself."""
    given = settings.plugin(PrometheusSettings).prometheus_multiproc_dir
    if given is not None:
        return given
    told = os.environ.get(FOLDER_VARIABLE)
    return Path(told) if told else None


def _bounds(buckets: Sequence[float]) -> tuple[float, ...]:
    """The bounds without the last one, infinity, which is understood."""
    if not buckets or any(one >= other for one, other in pairwise(buckets)):
        message = (
            "prometheus_histogram_buckets: expected numbers, each larger than the one before, "
            "such as 0.1 1 10"
        )
        raise ConfigurationError([message])
    return tuple(one for one in buckets if one != math.inf)
