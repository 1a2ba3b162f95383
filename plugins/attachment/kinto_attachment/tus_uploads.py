"""Uploads in pieces, in tables and in the store; HTTP is in ``tus.py``.

A piece is a file of its own in the store. It counts once a row says so, after its bytes are
durable; the last one counts in the transaction that writes the record, so an upload is complete if
and only if the record has its file.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from kinto_attachment import sql
from kinto_attachment.plugin import Attachments
from kinto_core.database.engine import Connection
from kinto_core.objects import ObjectKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An upload as it stands.

    Attributes:
        id: cannot be guessed.
        record: that is going to have the file.
        user_id: whose it is; ``""``: nobody's in particular.
        length: of the whole file, in bytes.
        place: so many bytes are there.
        told: ``Upload-Metadata`` as it came.
        expires: when it is forgotten, in milliseconds since 1970.
    """

    id: str
    record: ObjectKey
    user_id: str
    length: int
    place: int
    told: str
    expires: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes in the store, and how many."""

    key: str
    size: int


def begin(connection: Connection, upload: Upload) -> None:
    """Note a new upload."""
    connection.run(
        sql.BEGIN_UPLOAD,
        {
            "id": upload.id,
            "parent_id": upload.record.parent_id,
            "object_id": upload.record.id,
            "user_id": upload.user_id,
            "length": upload.length,
            "place": upload.place,
            "told": upload.told,
            "expires": upload.expires,
        },
    )


def find(connection: Connection, upload_id: str, *, hold: bool = False) -> Upload | None:
    """An upload; with ``hold``, nobody else changes it until the transaction ends."""
    rows = connection.run(sql.LOCK_UPLOAD if hold else sql.UPLOAD, {"id": upload_id})
    if not rows:
        return None
    found, parent_id, object_id, user_id, length, place, told, expires = rows[0]
    return Upload(
        id=found,
        record=ObjectKey(parent_id, "record", object_id),
        user_id=user_id,
        length=length,
        place=place,
        told=told,
        expires=expires,
    )


def add(connection: Connection, upload: Upload, piece: Piece, expires: int) -> None:
    """Count a piece that is not the last."""
    row = {"upload_id": upload.id, "place": upload.place, "size": piece.size, "key": piece.key}
    connection.run(sql.ADD_PIECE, row)
    move(connection, upload, upload.place + piece.size, expires)


def move(connection: Connection, upload: Upload, place: int, expires: int) -> None:
    """Note how much is there."""
    moved = {"upload_id": upload.id, "new_place": place, "new_expires": expires}
    connection.run(sql.MOVE_UPLOAD, moved)


def pieces(connection: Connection, upload_id: str) -> list[Piece]:
    """The pieces that count, in order."""
    return [Piece(*row) for row in connection.run(sql.PIECES, {"upload_id": upload_id})]


def drop_pieces(connection: Connection, upload_id: str) -> list[str]:
    """Forget the pieces; gives their keys."""
    return [row[0] for row in connection.run(sql.DELETE_PIECES, {"upload_id": upload_id})]


def drop(connection: Connection, upload_id: str) -> list[str]:
    """Forget an upload; gives the keys of its pieces."""
    keys = drop_pieces(connection, upload_id)
    connection.run(sql.DELETE_UPLOAD, {"upload_id": upload_id})
    return keys


def content(plugin: Attachments, parts: list[Piece]) -> Iterator[bytes]:
    """The bytes of pieces, one after the other.

    They are read by a thread of their own, so that the store can read while it writes.
    """
    with ThreadPoolExecutor(1) as reader:
        for part in parts:
            chunks = reader.submit(plugin.store.read, part.key, 0, part.size).result()
            while chunk := reader.submit(next, chunks, b"").result():
                yield chunk
