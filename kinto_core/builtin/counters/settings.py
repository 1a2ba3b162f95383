"""The settings of the counters."""

from dataclasses import dataclass

from kinto_core.settings.setting import setting


@dataclass(frozen=True, kw_only=True)
class CountersSettings:
    """Who may see the counters."""

    counters_token: str = setting(
        "",
        secret=True,
        help="Who reads `/__counters__` must send `Authorization: Bearer` with it. Empty: anybody "
        "may.",
    )
