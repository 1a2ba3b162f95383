"""``kinto check``."""

from pathlib import Path

import click

from kinto_core.cli.group import FAILED, UNAVAILABLE
from kinto_core.cli.options import common_options, examples, find_ini, load_settings, tell_warnings
from kinto_core.cli.weaknesses import weaknesses
from kinto_core.server import Server


@click.command(epilog=examples("kinto check", "kinto check --strict --ini /etc/kinto/kinto.ini"))
@common_options
@click.option("--strict", is_flag=True, help="Fail when something is weak for production.")
@click.pass_context
def check(context: click.Context, ini: Path | None, *, strict: bool) -> None:
    """Check the settings, try the services that they name, and say what is weak."""
    with Server(load_settings(ini)) as server:
        settings = server.settings
        tell_warnings(settings)
        results = server.check()
    for name, problem in results.items():
        click.echo(f"{'ok  ' if problem is None else 'FAIL'} {name}{_because(problem)}")
    weak = weaknesses(settings, find_ini(ini))
    for sentence in weak:
        click.echo(f"weak {sentence}")
    if any(problem is not None for problem in results.values()):
        context.exit(UNAVAILABLE)
    if strict and (weak or settings.warnings):
        context.exit(FAILED)


def _because(problem: str | None) -> str:
    return "" if problem is None else f": {problem}"
