"""The statements on the plugin's own tables."""

from sqlalchemy import Table, bindparam, delete, exists, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ClauseElement, ColumnElement

from kinto_attachment.sql_tables import blobs, metadata, pieces, references, released, uploads
from kinto_core.database.connection import Statement
from kinto_core.database.ranges import below
from kinto_core.database.tables import objects


def _insert(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    kind = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return kind(table).values({column.name: bindparam(column.name) for column in table.columns})


def _claim(dialect: str) -> ClauseElement:
    statement = _insert(dialect, blobs)
    return statement.on_conflict_do_update(
        index_elements=["hash"], set_={"used": statement.excluded.used}
    ).returning(blobs.c.key)


def _of_record() -> ColumnElement[bool]:
    return (references.c.parent_id == bindparam("parent_id")) & (
        references.c.object_id == bindparam("object_id")
    )


def _lock_blob(dialect: str) -> ClauseElement:
    statement = select(blobs.c.key).where(blobs.c.hash == bindparam("hash"))
    return statement.with_for_update() if dialect == "postgresql" else statement


def _lock_upload(dialect: str) -> ClauseElement:
    statement = select(uploads).where(uploads.c.id == bindparam("id"))
    return statement.with_for_update() if dialect == "postgresql" else statement


def _unreferenced() -> ColumnElement[bool]:
    return ~exists().where(references.c.hash == blobs.c.hash)


def _gone() -> ColumnElement[bool]:
    """Whether a reference's record is not there."""
    return ~references.c.kept & ~exists().where(
        objects.c.parent_id == references.c.parent_id,
        objects.c.resource == "record",
        objects.c.id == references.c.object_id,
        ~objects.c.deleted,
    )


CLAIM = Statement(_claim)
"""Note a content, or that it is used again; gives the key that counts, whose row is held."""
REKEY = Statement(
    lambda _: (
        update(blobs).where(blobs.c.hash == bindparam("sha256")).values(key=bindparam("new_key"))
    )
)
LOCK_BLOB = Statement(_lock_blob)
DELETE_BLOB = Statement(
    lambda _: (
        delete(blobs)
        .where(blobs.c.hash == bindparam("hash"), _unreferenced())
        .returning(blobs.c.key)
    )
)
UNREFERENCED = Statement(
    lambda _: select(blobs.c.hash, blobs.c.key).where(_unreferenced()).limit(bindparam("limit"))
)
REFER = Statement(
    lambda _: insert(references).values(
        {column.name: bindparam(column.name) for column in references.columns}
    )
)
HAS_PATH = Statement(
    lambda _: select(references.c.path).where(references.c.path == bindparam("path"))
)
SHOWN = Statement(lambda _: select(references.c.shown).where(_of_record(), ~references.c.kept))
DETACH = Statement(
    lambda _: (
        delete(references).where(_of_record(), ~references.c.kept).returning(references.c.hash)
    )
)
KEEP = Statement(lambda _: update(references).where(_of_record()).values(kept=bindparam("is_kept")))
PARENTS_BELOW = Statement(
    lambda _: (
        select(references.c.parent_id)
        .where(below(references.c.parent_id), ~references.c.kept)
        .distinct()
    )
)
RELEASE = Statement(lambda _: insert(released).values(hash=bindparam("hash")))
RELEASE_ALL = Statement(
    lambda _: insert(released).from_select(
        ["hash"],
        select(references.c.hash).where(
            references.c.parent_id == bindparam("parent_id"), ~references.c.kept
        ),
    )
)
RELEASED = Statement(
    lambda _: (
        select(released.c.id, released.c.hash).order_by(released.c.id).limit(bindparam("limit"))
    )
)
FORGET_RELEASED = Statement(
    lambda _: delete(released).where(
        released.c.hash == bindparam("hash"), released.c.id <= bindparam("last")
    )
)
DETACH_ALL = Statement(
    lambda _: delete(references).where(
        references.c.parent_id == bindparam("parent_id"), ~references.c.kept
    )
)
KEEP_ALL = Statement(
    lambda _: (
        update(references)
        .where(references.c.parent_id == bindparam("parent_id"))
        .values(kept=bindparam("is_kept"))
    )
)
DETACH_GONE = Statement(lambda _: delete(references).where(_gone()).returning(references.c.path))
FIND = Statement(
    lambda _: (
        select(
            references.c.parent_id,
            references.c.object_id,
            references.c.hash,
            references.c.filename,
            references.c.media_type,
            references.c.is_fixed,
            references.c.created,
            blobs.c.key,
            blobs.c.size,
        )
        .join(blobs, blobs.c.hash == references.c.hash)
        .where(references.c.path == bindparam("path"))
    )
)
BLOBS = Statement(
    lambda _: (
        select(blobs.c.hash, blobs.c.key, blobs.c.size)
        .where(blobs.c.hash > bindparam("after"))
        .order_by(blobs.c.hash)
        .limit(bindparam("limit"))
    )
)
REFERENCES_WITHOUT_BLOB = Statement(
    lambda _: select(references.c.path).where(~exists().where(blobs.c.hash == references.c.hash))
)
COUNT_REFERENCES = Statement(lambda _: select(func.count()).select_from(references))
HAS_KEY = Statement(
    lambda _: (
        select(blobs.c.key)
        .where(blobs.c.key == bindparam("key"))
        .union_all(select(pieces.c.key).where(pieces.c.key == bindparam("key")))
    )
)

BEGIN_UPLOAD = Statement(
    lambda _: insert(uploads).values(
        {column.name: bindparam(column.name) for column in uploads.columns}
    )
)
UPLOAD = Statement(lambda _: select(uploads).where(uploads.c.id == bindparam("id")))
LOCK_UPLOAD = Statement(_lock_upload)
MOVE_UPLOAD = Statement(
    lambda _: (
        update(uploads)
        .where(uploads.c.id == bindparam("upload_id"))
        .values(place=bindparam("new_place"), expires=bindparam("new_expires"))
    )
)
ADD_PIECE = Statement(
    lambda _: insert(pieces).values(
        {column.name: bindparam(column.name) for column in pieces.columns}
    )
)
PIECES = Statement(
    lambda _: (
        select(pieces.c.key, pieces.c.size)
        .where(pieces.c.upload_id == bindparam("upload_id"))
        .order_by(pieces.c.place)
    )
)
DELETE_PIECES = Statement(
    lambda _: (
        delete(pieces).where(pieces.c.upload_id == bindparam("upload_id")).returning(pieces.c.key)
    )
)
DELETE_UPLOAD = Statement(lambda _: delete(uploads).where(uploads.c.id == bindparam("upload_id")))
EXPIRED = Statement(
    lambda _: (
        select(uploads.c.id)
        .where(uploads.c.expires < bindparam("moment"))
        .limit(bindparam("limit"))
    )
)


def _emptying(table: Table) -> Statement:
    return Statement(lambda _: delete(table))


EMPTY = tuple(_emptying(table) for table in metadata.sorted_tables)
"""Forget everything."""
