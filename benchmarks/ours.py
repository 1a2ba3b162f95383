"""This server, as ``kinto serve`` runs it, on SQLite or PostgreSQL."""

import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.kinto_protocol import KintoSubject, client, fill, prepare
from benchmarks.processes import free_port, run, running

_PER_BATCH = 500
_INDEXES = ("category,score",)
"""Of every collection, as PocketBase has one; its other one is for changes, as our timestamps."""
_INI = """\
[server:main]
host = 127.0.0.1
port = {port}

[app:main]
use = egg:kinto-core
kinto.storage_url = {url}
kinto.workers = {workers}
kinto.threads = {threads}
kinto.multiauth.policies = basicauth
kinto.userid_hmac_secret = {secret}
kinto.batch_max_requests = {batch}
"""


@contextmanager
def ours(  # noqa: PLR0913  each is said by its name
    *,
    folder: Path,
    name: str,
    url: str,
    pids: Sequence[int] = (),
    sizes: Sequence[int],
    workers: int,
    threads: int,
) -> Iterator[KintoSubject]:
    """Start it on an empty database and fill it.

    Args:
        folder: for its files.
        name: for people.
        url: of the database.
        pids: of the database's processes.
        sizes: of the collections to be read.
        workers: HTTP processes.
        threads: of each of them.
    """
    port = free_port()
    ini = folder / f"{name.replace(' ', '-').lower()}.ini"
    values = {"workers": workers, "threads": threads, "batch": _PER_BATCH, "port": port}
    text = _INI.format(**values, url=url.replace("%", "%%"), secret=secrets.token_hex(32))
    ini.write_text(text, encoding="utf-8")
    program: list[str | Path] = [sys.executable, "-m", "kinto_core.cli"]
    run([*program, "migrate", "--ini", ini, "--quiet"])
    serve = [*program, "serve", "--ini", ini, "--quiet"]
    with running(serve, port=port, log=ini.with_suffix(".log")) as pid:
        user = client(port)
        prepare(user, sizes, indexes=_INDEXES)
        for size in sizes:
            fill(user, size, per_batch=_PER_BATCH)
        yield KintoSubject(name=name, port=port, pids=(pid, *pids), sizes=sizes)
