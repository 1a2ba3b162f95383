"""What ``kinto serve`` decides before it starts workers."""

import os
from pathlib import Path

import pytest

from kinto_core.cli.publishing import publish
from kinto_core.cli.serve import usable_workers
from kinto_core.settings import load


def test_objects_in_memory_are_served_by_one_process() -> None:
    assert usable_workers(load({"workers": "4"})[0]) == 1


def test_a_database_is_served_by_as_many_as_are_wanted() -> None:
    assert usable_workers(load({"workers": "4", "storage_url": "sqlite:///x.db"})[0]) == 4


def test_choices_reach_the_workers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "environ", {"KINTO_PORT": "1", "KINTO_HOST": "10.0.0.7"})
    monkeypatch.chdir(tmp_path)
    publish(Path("kinto.ini"), {"PORT": 2, "HOST": None})
    assert os.environ["KINTO_INI"] == str(tmp_path / "kinto.ini")
    settings, _ = load(environ=os.environ)
    assert (settings.host, settings.port) == ("10.0.0.7", 2)
