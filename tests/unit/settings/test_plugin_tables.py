"""Plugins declare tables of their own; names that nobody knows are reported."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

from kinto_core.errors import ConfigurationError
from kinto_core.settings import Settings, load, load_plugin, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySettings:
    """A plugin's table."""

    prefix: ClassVar[str] = "history."

    exclude_resources: tuple[str, ...] = setting((), help="Left out.")
    auto_trim_max_count: int = setting(-1, help="Kept entries.")
    api_key: str = setting("", secret=True, help="A secret.")


def test_a_table_is_read_with_its_prefix() -> None:
    settings, _ = load(
        {"history.exclude_resources": "/buckets/a"},
        environ={"KINTO_HISTORY_AUTO_TRIM_MAX_COUNT": "5"},
    )
    history = settings.with_plugins([HistorySettings]).plugin(HistorySettings)
    assert history.exclude_resources == ("/buckets/a",)
    assert history.auto_trim_max_count == 5


def test_a_table_that_is_not_loaded_has_its_defaults() -> None:
    assert Settings().plugin(HistorySettings) == HistorySettings()


def test_a_table_can_be_read_alone() -> None:
    assert load_plugin(HistorySettings, {"history.auto_trim_max_count": 3}).auto_trim_max_count == 3
    with pytest.raises(ConfigurationError, match="a whole number"):
        load_plugin(HistorySettings, {"kinto.history.auto_trim_max_count": "x"})


def test_bad_values_of_all_tables_are_told_at_once() -> None:
    @dataclass(frozen=True)
    class Other:
        prefix: ClassVar[str] = "other_"
        size: int = setting(1, minimum=1, help="A size.")

    settings, _ = load({"history.auto_trim_max_count": "x", "other_size": "0"})
    with pytest.raises(ConfigurationError) as raised:
        settings.with_plugins([HistorySettings, Other])
    assert len(raised.value.problems) == 2


def test_a_name_of_a_plugin_is_known_once_it_is_loaded() -> None:
    settings, warnings = load({"kinto.history.auto_trim_max_count": "5"})
    assert warnings == []
    assert settings.with_plugins([HistorySettings]).warnings == ()
    (warning,) = settings.with_plugins([]).warnings
    assert "history.auto_trim_max_count" in warning


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("kinto.paginat_by", "paginate_by"),
        ("kinto.storage_max_fetchsize", "storage_max_fetch_size"),
        ("kinto.bucket_creat_principals", "bucket_create_principals"),
        ("kinto.multiauth_policies", "multiauth.policies"),
        ("readonyl", "readonly"),
    ],
)
def test_an_unknown_name_is_reported_with_the_nearest(name: str, meant: str) -> None:
    settings, _ = load({name: "1"})
    (warning,) = settings.with_plugins([]).warnings
    assert f"did you mean {meant}?" in warning


def test_names_for_others_are_not_reported() -> None:
    settings, _ = load({"pyramid.reload_templates": "true", "here": "/x"})
    assert settings.with_plugins([]).warnings == ()


def test_unknown_variables_are_reported() -> None:
    settings, _ = load(environ={"KINTO_PAGINATEBY": "5", "KINTO_INI": "x"})
    (warning,) = settings.with_plugins([]).warnings
    place = "paginateby (environment KINTO_PAGINATEBY)"
    assert warning == f"{place} is not a known setting; did you mean paginate_by?"


def test_families_of_unknown_types_are_reported() -> None:
    values = {"buckt_create_principals": "a", "object_recod_put_enabled": "false"}
    settings, _ = load(values)
    first, second = settings.with_plugins([], ["bucket", "record"]).warnings
    assert "did you mean bucket?" in first
    assert "did you mean record?" in second


def test_settings_without_effect_say_why() -> None:
    settings, _ = load(
        {
            "kinto.storage_pool_size": "5",
            "statsd_backend": "my.statsd",
            "kinto.transaction_per_request": "true",
        },
        environ={"SENTRY_DSN": "https://x"},
    )
    warnings = settings.with_plugins([]).warnings
    assert [warning.split()[0] for warning in warnings] == [
        "storage_pool_size",
        "statsd_backend",
        "sentry_dsn",
    ]
    assert "environment SENTRY_DSN" in warnings[2]


def test_loading_twice_tells_nothing_twice() -> None:
    settings, _ = load({"kinto.paginat_by": "1"})
    again = settings.with_plugins([]).with_plugins([HistorySettings])
    assert len(again.warnings) == 1
