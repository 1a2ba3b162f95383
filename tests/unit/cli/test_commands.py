"""Commands as a person calls them: statuses, lines on the right stream, files they write."""

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kinto_core.cli import main
from kinto_core.errors import BackendUnavailable, ConfigurationError, ReadOnly
from kinto_core.settings import load

SECRETS = "kinto.userid_hmac_secret = ssssssssssssssssssssssss\n"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KINTO_INI", raising=False)


def run(*arguments: str, answer: str | None = None) -> Result:
    """Call ``kinto`` with these arguments."""
    return CliRunner().invoke(main, arguments, input=answer)


def write(text: str) -> Path:
    """A ``kinto.ini`` in the current folder."""
    path = Path("kinto.ini")
    path.write_text(f"[app:main]\n{text}", encoding="utf-8")
    return path


def test_help_lists_every_command_and_the_statuses() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for word in ("init", "start", "serve", "purge-deleted", "3  the settings cannot work"):
        assert word in result.output


@pytest.mark.parametrize(
    "command",
    [
        "init",
        "start",
        "serve",
        "migrate",
        "check",
        "config",
        "flush-cache",
        "purge-deleted",
        "version",
    ],
)
def test_every_command_has_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Examples:\n    kinto {command}" in result.output


def test_wrong_usage_is_status_2() -> None:
    assert run("no-such-command").exit_code == 2
    assert run("init", "--backend", "paper").exit_code == 2
    assert run("init", "--backend", "postgresql").exit_code == 2
    assert run("purge-deleted").exit_code == 2


def test_version_says_something() -> None:
    result = run("version")
    assert result.exit_code == 0
    assert result.output.strip()


def test_init_writes_a_file_that_works_and_only_its_owner_reads() -> None:
    result = run("init", "--port", "9000")
    assert result.exit_code == 0
    path = Path("kinto.ini")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600  # settings SW-22
    settings, warnings = load(ini=path)
    assert warnings == []
    assert settings.port == 9000
    assert settings.storage_url == f"sqlite:///{Path.cwd()}/data/kinto.db"
    assert len(settings.userid_hmac_secret) == 64  # settings S-263
    assert settings.userid_hmac_secret != settings.default_bucket_hmac_secret


@pytest.mark.parametrize(
    "arguments",
    [
        ("--backend", "memory"),
        ("--backend", "postgresql", "--storage-url", "postgresql://a:50%25@h/x"),
        ("--backend", "sqlite", "--cache-backend", "redis"),
        ("--cache-backend", "memory", "--host", "0.0.0.0"),
    ],
)
def test_every_kind_of_file_can_be_loaded(arguments: tuple[str, ...]) -> None:
    assert run("init", "--ini", "config/mine.ini", *arguments).exit_code == 0
    load(ini=Path("config/mine.ini"))


def test_init_replaces_nothing_unless_forced() -> None:
    path = write("# mine\n")
    result = run("init")
    assert result.exit_code == 1  # settings S-244
    assert "--force" in result.stderr
    assert path.read_text() == "[app:main]\n# mine\n"
    path.chmod(0o644)
    assert run("init", "--force").exit_code == 0
    assert "userid_hmac_secret" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_bad_settings_are_status_3_with_one_line_each() -> None:
    write("kinto.readonly = maybe\nkinto.paginate_by = x\n")
    result = run("config")
    assert result.exit_code == 3
    lines = result.stderr.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("kinto: error: ") for line in lines)


def test_a_named_file_that_is_missing_is_status_3() -> None:
    result = run("config", "--ini", "missing.ini")
    assert result.exit_code == 3
    assert "kinto init" in result.stderr


def test_config_shows_values_origins_and_no_secrets() -> None:
    write(SECRETS + "kinto.paginate_by = 5\nkinto.paginat_by = 6\n")
    result = run("config", "--changed")
    assert result.exit_code == 0
    assert "paginate_by = 5\tkinto.ini line 3" in result.stdout
    assert "ssssssss" not in result.output
    assert "did you mean paginate_by?" in result.stderr


def test_quiet_silences_warnings() -> None:
    write("kinto.paginat_by = 6\n")
    assert run("config", "-q").stderr == ""


def test_config_speaks_json() -> None:
    write("kinto.paginate_by = 5\n")
    result = run("config", "--json", "--changed", "--quiet")
    assert result.stdout == '{"paginate_by":{"value":"5","origin":"kinto.ini line 2"}}\n'


def test_the_file_is_found_in_the_usual_places(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("config").mkdir()
    Path("config/kinto.ini").write_text("[app:main]\nkinto.backoff = 1\n", encoding="utf-8")
    assert "backoff = 1" in run("config").stdout  # settings S-240
    write("kinto.backoff = 2\n")
    assert "backoff = 2" in run("config").stdout
    Path("other.ini").write_text("[app:main]\nkinto.backoff = 3\n", encoding="utf-8")
    monkeypatch.setenv("KINTO_INI", "other.ini")
    assert "backoff = 3" in run("config").stdout


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (ConfigurationError(["a", "b"]), 3, "kinto: error: a\nkinto: error: b\n"),
        (BackendUnavailable("the database is away"), 4, "kinto: error: the database is away\n"),
        (ReadOnly(), 1, "kinto: error: The server is read-only.\n"),
    ],
)
def test_errors_are_lines_and_statuses(
    error: Exception, status: int, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_options: object) -> None:
        raise error

    from kinto_core.cli.version import version  # noqa: PLC0415  what the test changes

    monkeypatch.setattr(version, "callback", fail)
    result = run("version")
    assert result.exit_code == status
    assert result.stderr == line
