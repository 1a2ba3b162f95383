"""Commands of plugins, found by the settings file that the command line names."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from kinto_core.cli import main

PLUGIN = """
import click
from kinto_core import hookimpl
@hookimpl
def register_commands(cli):
    @cli.command()
    @click.option("--ini")
    def greet(ini):
        click.echo("hello")
"""


@pytest.fixture
def ini(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A settings file, named nowhere else, that includes a plugin with a command."""
    (tmp_path / "greeting_plugin.py").write_text(PLUGIN)
    path = tmp_path / "other.ini"
    path.write_text("[app:main]\nuse = egg:kinto-core\nkinto.includes = greeting_plugin\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("KINTO_INI", raising=False)
    yield path
    main.commands.pop("greet", None)


@pytest.mark.parametrize("form", ["--ini {}", "--ini={}"])
def test_the_option_says_whose_commands_there_are(ini: Path, form: str) -> None:
    words = form.format(ini).split(" ")
    done = CliRunner().invoke(main, ["greet", *words])
    assert (done.exit_code, done.output) == (0, "hello\n")


def test_without_it_there_is_no_such_command(ini: Path) -> None:
    assert ini.exists()
    done = CliRunner().invoke(main, ["greet"])
    assert done.exit_code == 2
    assert "No such command" in done.output
