"""The released ``kinto`` package on PostgreSQL, in a virtual environment of its own."""

import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks.kinto_protocol import KintoSubject, client, prepare
from benchmarks.processes import free_port, run, running
from benchmarks.subject import CATEGORIES

_INI = """\
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = {port}

[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.postgresql
kinto.storage_url = {url}
kinto.permission_backend = kinto.core.permission.postgresql
kinto.permission_url = {url}
kinto.cache_backend = kinto.core.cache.postgresql
kinto.cache_url = {url}
kinto.multiauth.policies = basicauth
kinto.userid_hmac_secret = {secret}
kinto.bucket_create_principals = system.Authenticated
"""

# The same fields as `subject.record` makes; over HTTP, 100,000 records would take a quarter of an
# hour. Each row has a moment of its own in the past, as the index of timestamps demands.
_FILL = """\
INSERT INTO objects (id, parent_id, resource_name, last_modified, data, deleted)
SELECT gen_random_uuid()::text, %(parent)s, 'record', from_epoch(%(start)s + number),
    jsonb_build_object(
        'title', 'Record number ' || lpad(number::text, 8, '0'),
        'category', 'c' || lpad((number %% %(categories)s)::text, 2, '0'),
        'score', number::bigint * 7919 %% 1000003,
        'done', number %% 2 = 0,
        'note', repeat('x', 153)
    ), FALSE
FROM generate_series(0, %(size)s - 1) AS number
"""
_START = 1_500_000_000_000


def install(folder: Path) -> Path:
    """The Python of a virtual environment with the package; made when it is not there yet."""
    python = folder / "bin" / "python"
    if not (folder / "bin" / "kinto").exists():
        run([sys.executable, "-m", "venv", folder])
        pip: list[str | Path] = [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        run([*pip, "setuptools<81", "kinto[postgresql]"])
    return python


@contextmanager
def reference(
    *, folder: Path, python: Path, url: str, pids: Sequence[int], sizes: Sequence[int]
) -> Iterator[KintoSubject]:
    """Start it on an empty database and fill it.

    Args:
        folder: for its files.
        python: of the environment that it is installed in.
        url: of the database.
        pids: of the database's processes.
        sizes: of the collections to be read.
    """
    port = free_port()
    ini = folder / "reference.ini"
    text = _INI.format(port=port, url=url.replace("%", "%%"), secret=secrets.token_hex(32))
    ini.write_text(text, encoding="utf-8")
    program = python.parent / "kinto"
    run([program, "migrate", "--ini", ini])
    start: list[str | Path] = [program, "start", "--ini", ini, "--port", str(port)]
    with running(start, port=port, log=folder / "reference.log") as pid:
        prepare(client(port), sizes)
        for size in sizes:
            _fill(url, size)
        yield KintoSubject(name="Kinto, PostgreSQL", port=port, pids=(pid, *pids), sizes=sizes)


def _fill(url: str, size: int) -> None:
    parent = f"/buckets/bench/collections/r{size}"
    values = {"parent": parent, "size": size, "start": _START, "categories": CATEGORIES}
    with psycopg.connect(url) as connection:
        # Without its triggers, which look for the newest timestamp for each row.
        connection.execute("ALTER TABLE objects DISABLE TRIGGER USER")
        connection.execute(_FILL, values)
        connection.execute("ALTER TABLE objects ENABLE TRIGGER USER")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE objects")
