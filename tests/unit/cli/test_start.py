"""What ``kinto start`` writes and says before it runs anything."""

import stat
from pathlib import Path

import pytest

from kinto_core.cli.init import OWN_PLUGINS
from kinto_core.cli.start import example_request, existing_ini
from kinto_core.settings import Settings, load

ROOT = "http://127.0.0.1:8888/v1/"


def settings(**values: str) -> Settings:
    """Settings whose secrets do not matter."""
    return load(values, allow_weak=True)[0]


def test_a_settings_file_is_written_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KINTO_INI", raising=False)
    path = existing_ini(None)
    assert path == Path("kinto.ini")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = path.read_bytes()
    loaded, warnings = load(ini=path)
    assert warnings == []
    assert loaded.includes[0] == "default_bucket"
    assert set(loaded.includes[1:]) <= set(OWN_PLUGINS)
    assert loaded.storage_url == f"sqlite:///{tmp_path}/data/kinto.db"
    assert existing_ini(None) == path
    assert path.read_bytes() == written


def test_the_example_fits_what_is_enabled() -> None:
    assert example_request(settings(), ROOT) == f"curl {ROOT}"
    basic = {"multiauth.policies": "basicauth"}
    assert "-X PUT" in example_request(settings(**basic), ROOT)
    personal = example_request(settings(**basic, includes="default_bucket"), ROOT)
    assert "buckets/default/collections/tasks/records" in personal
