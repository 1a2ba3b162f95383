"""``kinto flush-cache``."""

from pathlib import Path

import click

from kinto_core.cli.options import common_options, examples, load_settings, tell
from kinto_core.server import Server


@click.command("flush-cache", epilog=examples("kinto flush-cache"))
@common_options
def flush_cache(ini: Path | None) -> None:
    """Empty the cache: everybody who logs in through a provider must do so again.

    Only the keys of this server go, those that start with its cache_prefix.
    """
    with Server(load_settings(ini)) as server:
        server.cache.flush()
    tell("Cache has been cleared.")
