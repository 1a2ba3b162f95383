"""Names and paths of files: pure functions of texts.

A path is what follows the base URL in ``attachment.location``. It names a row of a table, never a
file on disk, so nothing that a client sends can point anywhere else.

Source: attachment A-38 to A-43, A-67.
"""

import re
import unicodedata
import uuid
from collections.abc import Iterator
from datetime import datetime
from os.path import splitext
from urllib.parse import urljoin

MAX_NAME = 200
"""Longest name that is made of a client's, in characters."""

NUMBERED = 20
"""So many files with one name are told apart by numbers."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


def split(filename: str) -> tuple[str, str]:
    """A file name before its last extension, and that extension with its dot.

    Dots at the beginning begin no extension, so ``.htaccess`` has none. Source: A-44.
    """
    return splitext(filename)  # noqa: PTH122  pathlib takes these dots for one


def clean(filename: str) -> str:
    """A client's file name as it may stand in a path: ASCII letters, digits, ``_``, ``.``, ``-``.

    What may be left of a name is nothing at all.
    """
    last = filename.rpartition("/")[2]
    plain = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode()
    name = _UNSAFE.sub("", "_".join(plain.split())).strip("._")
    if len(name) <= MAX_NAME:
        return name
    stem, extension = split(name)
    extension = extension[: MAX_NAME // 2]
    return stem[: MAX_NAME - len(extension)] + extension


def randomized(cleaned: str) -> str:
    """A random name with the extension of a cleaned one."""
    return f"{uuid.uuid4()}{split(cleaned)[1].lower()}"


def patterned(pattern: str, name: str, *, record_id: str, moment: datetime) -> str:
    """A name as a pattern wants it.

    Args:
        pattern: with ``{datetime}``, ``{rid}``, ``{filename}``.
        name: cleaned or random.
        record_id: of the record.
        moment: local time.
    """
    return pattern.format(datetime=moment.strftime("%Y%m%d%H%M%S"), rid=record_id, filename=name)


def folder(pattern: str, *, bucket_id: str, collection_id: str, record_id: str) -> str:
    """The folder of a record's file, with a slash at its end; ``""`` for none."""
    filled = pattern.format(bucket_id=bucket_id, collection_id=collection_id, id=record_id)
    parts = [part for part in filled.split("/") if part not in ("", ".", "..")]
    return "/".join(parts) + "/" if parts else ""


def alternatives(path: str) -> Iterator[str]:
    """A path, then the same with ``-1``, ``-2`` … before the extension.

    A name that very many files have goes on with random words: each try costs a look-up.
    """
    yield path
    stem, extension = split(path)
    for number in range(1, NUMBERED + 1):
        yield f"{stem}-{number}{extension}"
    while True:
        yield f"{stem}-{uuid.uuid4().hex}{extension}"


def location(base_url: str, path: str) -> str:
    """The URL of a path; just the path without a base URL."""
    return urljoin(with_slash(base_url), path) if base_url else path


def with_slash(base_url: str) -> str:
    """A base URL that ends with a slash, so that joining keeps all of it."""
    return base_url if not base_url or base_url.endswith("/") else base_url + "/"
