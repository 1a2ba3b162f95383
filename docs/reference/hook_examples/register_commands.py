"""Adds the command ``kinto greet``."""

import click

from kinto_core import hookimpl


@click.command()
@click.argument("name")
def greet(name: str) -> None:
    """Say hello to NAME."""
    click.echo(f"Hello {name}")


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add the command above."""
    cli.add_command(greet)
