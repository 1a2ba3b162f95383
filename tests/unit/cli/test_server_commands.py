"""Commands that work on a server, with a real database in a folder of the test."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kinto_core.cli import main


@pytest.fixture
def _database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KINTO_INI", raising=False)
    write("kinto.storage_url = sqlite:///%(here)s/data/kinto.db\n")


def write(text: str) -> None:
    """Write ``kinto.ini`` in the current folder."""
    Path("kinto.ini").write_text(f"[app:main]\n{text}", encoding="utf-8")


def run(*arguments: str, answer: str | None = None) -> Result:
    """Call ``kinto`` with these arguments."""
    return CliRunner().invoke(main, arguments, input=answer)


@pytest.mark.usefixtures("_database")
def test_migrate_makes_the_tables_once() -> None:
    planned = run("migrate", "--dry-run")
    assert planned.exit_code == 0
    assert "would run" in planned.stdout  # settings S-248
    assert "ran" in run("migrate").stdout
    assert "up to date" in run("migrate").stdout


@pytest.mark.usefixtures("_database")
def test_check_fails_until_the_database_is_migrated() -> None:
    before = run("check")
    assert before.exit_code == 4
    assert "kinto migrate" in before.stdout
    run("migrate")
    after = run("check")
    assert after.exit_code == 0
    assert "ok   storage" in after.stdout
    assert "weak http_scheme" in after.stdout
    assert run("check", "--strict").exit_code == 1


@pytest.mark.usefixtures("_database")
def test_a_read_only_server_refuses_care_with_status_1() -> None:
    run("migrate")
    write("kinto.storage_url = sqlite:///%(here)s/data/kinto.db\nkinto.readonly = true\n")
    for arguments in (("migrate",), ("purge-deleted", "record", "--yes")):
        result = run(*arguments)
        assert result.exit_code == 1  # settings SW-21
        assert "read-only" in result.stderr


@pytest.mark.usefixtures("_database")
def test_purging_asks_first_and_knows_the_types() -> None:
    run("migrate")
    assert run("purge-deleted", "record", answer="n\n").exit_code == 1
    assert run("purge-deleted", "recrod", "--yes").exit_code == 2  # settings SW-21
    assert run("purge-deleted", "record", "--keep", "-1", "--yes").exit_code == 2
    result = run("purge-deleted", "record", "group", "--older-than", "1", "--yes")
    assert result.exit_code == 0
    assert result.stdout == "0 tombstone(s) deleted.\n"  # settings S-257


@pytest.mark.usefixtures("_database")
def test_flushing_the_cache_says_so() -> None:
    run("migrate")
    result = run("flush-cache")
    assert result.exit_code == 0
    assert result.stderr == "Cache has been cleared.\n"  # settings S-258
