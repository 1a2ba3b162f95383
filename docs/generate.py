"""Writes the pages of the manual that follow from declarations; ``--check`` only compares.

Run by ``make reference``, and by ``make lint`` with ``--check``. Settings, hooks, errors and
commands are declared once, in the code; nothing about them is written here.
"""

import inspect
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path

import click

from kinto_core import errors, hookspecs
from kinto_core.cli import main as cli
from kinto_core.discovery import installed
from kinto_core.hooks import Plugins
from kinto_core.http import errors as http_errors
from kinto_core.settings.rendering import render_reference, render_table

FOLDER = Path(__file__).resolve().parent / "reference"
EXAMPLES = FOLDER / "hook_examples"
_NOTE = "<!-- Written by docs/generate.py; run: make reference -->\n\n"
_PARTS = ("When:", "Transaction:", "Returns:", "Raising:")


def settings_page() -> str:
    """Every setting of the server."""
    return (
        "# Settings\n\n"
        "Settings are in the section `[app:main]` of the settings file, each with the prefix\n"
        "`kinto.`. An environment variable of the same name in capitals, with underscores instead\n"
        "of points (`KINTO_STORAGE_URL`), takes precedence. `kinto config` shows what counts and\n"
        "where it comes from, `kinto check` whether it can work.\n\n"
        + render_reference()
        + "".join(_plugin_settings())
    )


def _plugin_settings() -> Iterator[str]:
    """The settings of each plugin that comes with the server."""
    for plugin in installed():
        if plugin.distribution is None:
            for table in Plugins.load([plugin.name]).settings_tables():
                yield f"\n## Plugin `{plugin.name}`\n\n{render_table(table)}\n"


def hooks_page() -> str:
    """Every hook, with its example."""
    parts = [
        "# Hooks\n",
        "A plugin is a module with functions marked `@kinto_core.hookimpl`, enabled by its name",
        "in the setting `includes`. A hook may leave out the arguments that it does not need.\n",
    ]
    for name, hook in hooks().items():
        signature = str(inspect.signature(hook)).replace("'", "").replace('"', "")
        text = _with_bold_parts(inspect.getdoc(hook) or "")
        example = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
        parts.append(f"## {name}\n\n```python\n{name}{_short(signature)}\n```\n\n{text}\n")
        parts.append(f"An example:\n\n```python\n{example}```\n")
    return "\n".join(parts)


def hooks() -> Mapping[str, Callable[..., object]]:
    """Every hook by its name, in the order of their declaration."""
    return {name: one for name, one in vars(hookspecs).items() if hasattr(one, "kinto_spec")}


def _short(signature: str) -> str:
    """A signature without the modules of its types."""
    words = signature.replace("collections.abc.", "").replace("typing.", "")
    return words.replace("kinto_core.", "")


def _with_bold_parts(text: str) -> str:
    for part in _PARTS:
        text = text.replace(f"\n{part} ", f"\n**{part}** ")
    return text.replace("``", "`")


def errors_page() -> str:
    """What each class of errors means and how HTTP says it."""
    rows = [
        f"| `{kind.__name__}` | {_first_line(kind)} | {answer.status} | {answer.errno} |"
        for kind, answer in http_errors.KINDS
    ]
    own = [
        f"| {answer.meaning} | {answer.status} | {answer.errno} |"
        for answer in vars(http_errors).values()
        if isinstance(answer, http_errors.ErrorKind)
    ]
    tree = inspect.cleandoc(errors.__doc__ or "").partition("::\n\n")[2]
    return "\n".join(
        [
            "# Errors\n",
            "Every error has a JSON body with `code`, `errno`, `error` and, where there is more to",
            "say, `message`, `info` and `details`.\n",
            "## Answers\n",
            "| Meaning | Status | `errno` |",
            "| --- | ---: | ---: |",
            *sorted(set(own), key=lambda row: (row.split("|")[2:], row)),
            "",
            "## In Python\n",
            "Plugins and scripts meet these classes, all in `kinto_core.errors`:\n",
            "```text",
            inspect.cleandoc(tree),
            "```\n",
            "| Class | Meaning | Status | `errno` |",
            "| --- | --- | ---: | ---: |",
            *rows,
            "",
        ]
    )


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").partition("\n")[0]


def commands_page() -> str:
    """The help of every command."""
    parts = ["# Commands\n"]
    with click.Context(cli, info_name="kinto", terminal_width=80) as context:
        parts.append(f"```text\n{cli.get_help(context)}\n```\n")
        for words, command in _commands(cli, context, ()):
            with _context(command, words) as inner:
                parts.append(
                    f"## kinto {' '.join(words)}\n\n```text\n{command.get_help(inner)}\n```\n"
                )
    for plugin in installed():
        if plugin.distribution is None:
            parts += _plugin_commands(plugin.name)
    return "\n".join(parts)


def _plugin_commands(name: str) -> Iterator[str]:
    """The help of the commands that a plugin adds."""
    group = click.Group("kinto")
    Plugins.load([name]).hook.register_commands(cli=group)
    with click.Context(group, info_name="kinto", terminal_width=80) as context:
        for words, command in _commands(group, context, ()):
            with _context(command, words) as inner:
                yield (
                    f"## kinto {' '.join(words)}\n\nWith the plugin `{name}`.\n\n"
                    f"```text\n{command.get_help(inner)}\n```\n"
                )


def _context(command: click.Command, words: tuple[str, ...]) -> click.Context:
    return click.Context(command, info_name=" ".join(("kinto", *words)), terminal_width=80)


def _commands(
    group: click.Group, context: click.Context, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """All commands of a group and of the groups in it."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            yield (*words, name), command
            if isinstance(command, click.Group):
                yield from _commands(command, context, (*words, name))


PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "hooks.md": hooks_page,
    "errors.md": errors_page,
    "commands.md": commands_page,
}


@contextmanager
def _without_settings() -> Iterator[None]:
    """Away from the settings of a server that runs here: pages follow from the code alone."""
    for name in [name for name in os.environ if name.startswith("KINTO_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        yield


def main(arguments: list[str]) -> int:
    """Write the pages, or say which are not what they should be; gives an exit status."""
    stale = []
    with _without_settings():
        made = {name: _NOTE + make() for name, make in PAGES.items()}
    for name, text in made.items():
        path = FOLDER / name
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        sys.stderr.write(f"docs/reference: {', '.join(stale)} not up to date; make reference\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
