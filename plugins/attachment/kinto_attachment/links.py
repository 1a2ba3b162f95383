"""Which record has which file: functions on a connection, without HTTP and without bytes.

A content (a *blob*) is kept once, however many records have it. A reference is written and dropped
in the transaction of its record, which also notes the content that lost one. Whether nobody refers
to it any more is the business of ``cleaning.py``; whoever claims a content holds its row until the
commit, so that it cannot be collected in between.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kinto_attachment import sql
from kinto_attachment.metadata import Described
from kinto_attachment.names import alternatives
from kinto_core import json
from kinto_core.database.engine import Connection
from kinto_core.database.ranges import bounds
from kinto_core.objects import ObjectKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file as it is served.

    Attributes:
        record: whose it is, or was.
        sha256: of the content.
        filename: as the client sent it.
        media_type: as the record says.
        is_fixed: whether its path will never have another content.
        created: when it was sent, in milliseconds.
        key: of the bytes in the store.
        size: in bytes.
    """

    record: ObjectKey
    sha256: str
    filename: str
    media_type: str
    is_fixed: bool
    created: int
    key: str
    size: int


def find(connection: Connection, path: str) -> Found | None:
    """The file that a path names."""
    rows = connection.run(sql.FIND, {"path": path})
    if not rows:
        return None
    parent, object_id, sha256, filename, media_type, is_fixed, created, key, size = rows[0]
    return Found(
        record=ObjectKey(parent, "record", object_id),
        sha256=sha256,
        filename=filename,
        media_type=media_type,
        is_fixed=bool(is_fixed),
        created=created,
        key=key,
        size=size,
    )


def free_path(connection: Connection, path: str) -> str:
    """The path, or the first of its alternatives that no file has. Source: A-41."""
    return next(
        candidate
        for candidate in alternatives(path)
        if not connection.run(sql.HAS_PATH, {"path": candidate})
    )


def claim(connection: Connection, described: Described, key: str, moment: int) -> str:
    """Note a content; gives the key of its bytes, which is an older one if it was there already."""
    row = {"hash": described.sha256, "key": key, "size": described.size, "used": moment}
    found: str = connection.run(sql.CLAIM, row)[0][0]
    return found


def rekey(connection: Connection, sha256: str, key: str) -> None:
    """The bytes of a content that was claimed are under another key from now on."""
    connection.run(sql.REKEY, {"sha256": sha256, "new_key": key})


def refer(  # noqa: PLR0913  a reference has these parts
    connection: Connection,
    record: ObjectKey,
    path: str,
    described: Described,
    *,
    shown: Mapping[str, Any],
    is_fixed: bool,
    moment: int,
) -> None:
    """Give a record a file."""
    connection.run(
        sql.REFER,
        {
            "path": path,
            **_record(record),
            "hash": described.sha256,
            "filename": described.filename,
            "media_type": described.media_type,
            "size": described.size,
            "shown": json.dumps(shown),
            "is_fixed": is_fixed,
            "kept": False,
            "created": moment,
        },
    )


def shown(connection: Connection, record: ObjectKey) -> list[Any]:
    """What the record's field may say, for each file that the record has."""
    return [json.parse(row[0]) for row in connection.run(sql.SHOWN, _record(record))]


def detach(connection: Connection, record: ObjectKey, *, keep: bool) -> None:
    """Take a record's file away; with ``keep``, it stays without belonging to the record."""
    if keep:
        connection.run(sql.KEEP, {**_record(record), "is_kept": True})
    else:
        gone = connection.run(sql.DETACH, _record(record))
        connection.run_many(sql.RELEASE, ({"hash": row[0]} for row in gone))


def parents_below(connection: Connection, uri: str) -> list[str]:
    """The URIs of the collections inside an object, or of itself, whose records have files."""
    return [row[0] for row in connection.run(sql.PARENTS_BELOW, bounds(uri))]


def detach_all(connection: Connection, parent_id: str, *, keep: bool) -> None:
    """Take away the files of all records of a collection."""
    if keep:
        connection.run(sql.KEEP_ALL, {"parent_id": parent_id, "is_kept": True})
    else:
        connection.run(sql.RELEASE_ALL, {"parent_id": parent_id})
        connection.run(sql.DETACH_ALL, {"parent_id": parent_id})


def _record(record: ObjectKey) -> dict[str, str]:
    return {"parent_id": record.parent_id, "object_id": record.id}
