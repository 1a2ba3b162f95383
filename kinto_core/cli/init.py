"""``kinto init``."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import click

from kinto_core.cli.options import common_options, examples, find_ini, tell
from kinto_core.discovery import installed
from kinto_core.errors import KintoError
from kinto_core.settings.rendering import render_ini

EMBEDDED_STORAGE = "sqlite:///%(here)s/data/kinto.db"
"""The database of a new server, beside its settings file."""


EMBEDDED_FILES = "%(here)s/data/attachments"
"""Where a new server keeps attached files."""

OWN_PLUGINS = ("attachment", "redis_listener", "webhook", "websocket")
"""Distributions of this project that a new server enables where they are installed."""


class FileExists(KintoError):
    """The settings file exists already."""


@click.command(
    epilog=examples(
        "kinto init",
        "kinto init --backend postgresql --storage-url postgresql://kinto:…@localhost/kinto",
    )
)
@common_options
@click.option(
    "--backend",
    type=click.Choice(["sqlite", "postgresql", "memory"]),
    default="sqlite",
    show_default=True,
    help="Where objects and permissions are kept.",
)
@click.option(
    "--cache-backend",
    type=click.Choice(["storage", "memory", "redis"]),
    default="storage",
    show_default=True,
    help="Where cached values are kept.",
)
@click.option("--storage-url", help="Database URL; needed with postgresql.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8888, show_default=True)
@click.option("--force", is_flag=True, help="Replace a file that exists, and its secrets.")
def init(  # noqa: PLR0913  one for each option
    ini: Path | None,
    *,
    backend: str,
    cache_backend: str,
    storage_url: str | None,
    host: str,
    port: int,
    force: bool,
) -> None:
    """Write a commented settings file, with new secrets, that only you can read."""
    if backend == "postgresql" and not storage_url:
        message = "postgresql needs --storage-url postgresql://user:password@host/name"
        raise click.UsageError(message)
    settings = {"host": host, "port": str(port), **_storage(backend, storage_url)}
    if cache_backend != "storage":
        settings["cache_backend"] = cache_backend
    if cache_backend == "redis":
        settings["cache_url"] = "redis://127.0.0.1:6379/0"
    path = ini or find_ini(None) or Path("kinto.ini")
    write_ini(path, settings, force=force)
    tell(f"Wrote {path.resolve()}; next: kinto start --ini {path}")


def write_ini(path: Path, overrides: Mapping[str, str], *, force: bool = False) -> None:
    """Write a settings file with new secrets, mode 0600; folders are made as needed.

    Args:
        path: of the file.
        overrides: settings in addition to those of every new server.
        force: replace a file that exists.

    Raises:
        FileExists: and ``force`` is not given; the file is untouched.
    """
    text = render_ini({**_usual(), **overrides})
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError as error:
        message = f"{path} exists; use --force to replace it and its secrets"
        raise FileExists(message) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        path.chmod(0o600)
        file.write(text)


def _own_plugins() -> list[str]:
    """The server's own plugins that are installed; those of others are for the operator to name."""
    names = {one.name for one in installed()}
    return [name for name in OWN_PLUGINS if name in names]


def _usual() -> Mapping[str, str]:
    plugins = _own_plugins()
    return {
        "includes": " ".join(("default_bucket", *plugins)),
        **({"attachment.base_path": EMBEDDED_FILES} if "attachment" in plugins else {}),
        "multiauth.policies": "basicauth",
        "userid_hmac_secret": secrets.token_hex(32),
        "default_bucket_hmac_secret": secrets.token_hex(32),
    }


def _storage(backend: str, url: str | None) -> Mapping[str, str]:
    if backend == "memory":
        return {"storage_backend": "memory"}
    return {"storage_url": url.replace("%", "%%") if url else EMBEDDED_STORAGE}
