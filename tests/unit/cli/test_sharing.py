"""The folder that worker processes share."""

import os
from pathlib import Path

import pytest

from kinto_core.builtin.prometheus import settings
from kinto_core.cli.sharing import FOLDER_VARIABLE, metrics_folder


@pytest.fixture(autouse=True)
def _no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has named one."""
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)


def test_workers_find_a_folder_while_they_run() -> None:
    with metrics_folder(is_needed=True):
        folder = Path(os.environ[settings.FOLDER_VARIABLE])  # settings S-218
        assert list(folder.iterdir()) == []
        (folder / "file").touch()
    assert not folder.exists()
    assert FOLDER_VARIABLE not in os.environ


def test_the_folder_of_the_operator_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, "/run/metrics")
    with metrics_folder(is_needed=True):
        assert os.environ[FOLDER_VARIABLE] == "/run/metrics"


def test_nobody_needs_one_without_metrics() -> None:
    with metrics_folder(is_needed=False):
        assert FOLDER_VARIABLE not in os.environ
