"""``kinto plugin``: the listing and a new plugin."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kinto_core.cli import main
from kinto_core.cli.plugin import plugin_rows
from kinto_core.cli.scaffolding import PluginNames, UnusableName, plugin_files

SECRETS = """\
kinto.userid_hmac_secret = ssssssssssssssssssssssss
kinto.default_bucket_hmac_secret = tttttttttttttttttttttttt
"""


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KINTO_INI", raising=False)


def run(*arguments: str) -> Result:
    """Call ``kinto plugin`` with these arguments."""
    return CliRunner().invoke(main, ["plugin", *arguments])


def enable(names: str) -> None:
    """A ``kinto.ini`` that includes these plugins."""
    text = f"[app:main]\n{SECRETS}kinto.includes = {names}\n"
    Path("kinto.ini").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("text", ["word-count", "word_count", "kinto-word-count"])
def test_every_name_of_a_plugin_follows_from_one(text: str) -> None:
    names = PluginNames.of(text)
    assert (names.name, names.module, names.distribution, names.table) == (
        "word_count",
        "kinto_word_count",
        "kinto-word-count",
        "WordCountSettings",
    )


@pytest.mark.parametrize("text", ["", "Word", "1st", "a b", "../x", "a--b", "core", "kinto-"])
def test_names_that_no_module_can_have_are_refused(text: str) -> None:
    with pytest.raises(UnusableName, match="word-count"):
        PluginNames.of(text)


def test_a_new_plugin_is_complete() -> None:
    files = plugin_files(PluginNames.of("word-count"), "0.1.0")
    assert sorted(files) == [
        "README.md",
        "kinto_word_count/__init__.py",
        "kinto_word_count/rules.py",
        "kinto_word_count/settings.py",
        "pyproject.toml",
        "tests/test_rules.py",
        "tests/test_server.py",
    ]
    assert files["README.md"].splitlines()[2:6] == [
        "```ini",
        "[app:main]",
        "kinto.includes = word_count",
        "kinto.word_count.forbidden_fields = password secret",
    ]
    assert not any("${" in text for text in files.values())
    for path, text in files.items():
        if path.endswith(".py"):
            compile(text, path, "exec")


def test_a_new_plugin_passes_its_own_tests(tmp_path: Path) -> None:
    result = run("new", "word-count")
    assert result.exit_code == 0
    folder = tmp_path / "kinto-word-count"
    assert result.stdout == "kinto-word-count\n"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout


def test_nothing_is_overwritten() -> None:
    assert run("new", "word-count", "--directory", "there").exit_code == 0
    assert Path("there/kinto-word-count/README.md").exists()
    result = run("new", "word-count", "--directory", "there")
    assert result.exit_code == 1
    assert "exists already" in result.stderr


def test_an_unusable_name_is_an_error_in_one_line() -> None:
    result = run("new", "Word Count")
    assert result.exit_code == 1
    assert "'Word Count' cannot be the name of a plugin" in result.stderr


def test_enabled_plugins_come_first_in_their_order() -> None:
    enable("flush default_bucket")
    result = run("list")
    assert result.exit_code == 0
    first, second, *others = result.stdout.splitlines()
    name, version, origin, state, hooks = first.split("\t")
    assert (name, origin, state) == ("flush", "built-in", "enabled")
    assert version
    assert "register_capabilities" in hooks
    assert "includeme" in hooks
    assert second.startswith("default_bucket\t")
    assert all("\t-\t" in line for line in others)


def test_programs_get_json() -> None:
    enable("flush")
    rows = json.loads(run("list", "--json").stdout)
    flush = next(row for row in rows if row["name"] == "flush")
    assert flush["enabled"] is True
    assert flush["problem"] is None
    assert "register_capabilities" in flush["hooks"]


def test_plugins_that_cannot_be_loaded_are_listed_with_the_reason() -> None:
    (row, *_) = plugin_rows(["no_such_plugin"])
    assert row.enabled
    assert row.origin == "module"
    assert "there is no plugin 'no_such_plugin'" in str(row.problem)
