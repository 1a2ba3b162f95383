"""What becomes of a piece: one more, or the last one, with which the record gets its file.

Source: tus 1.0.0, core protocol and checksum.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kinto_attachment import tus_uploads
from kinto_attachment.failures import CutShort, too_large, untrue
from kinto_attachment.metadata import Described, media_type
from kinto_attachment.plugin import Attachments
from kinto_attachment.policy import contradiction
from kinto_attachment.receiving import Meter, Received, keep
from kinto_attachment.store.interface import PIECES, FileMissing, new_key
from kinto_attachment.tus_headers import Checksum
from kinto_attachment.tus_uploads import Piece, Upload
from kinto_attachment.writing import Transact, Wish, attach_and_settle
from kinto_core.database.engine import Connection
from kinto_core.http.errors import ErrorKind, HttpError
from kinto_core.transactions import Transaction

_MISMATCH = ErrorKind(460, 107, "Checksum Mismatch", "a piece was damaged on its way")
_MEANWHILE = ErrorKind(409, 122, "Another request went on with this upload.", "another offset")


@dataclass(frozen=True, slots=True)
class Arrived:
    """An upload and what is known of its file.

    Attributes:
        upload: as it was before this piece.
        wish: who wants it for which record.
        filename: as the client sent it.
        declared: the type that the client says it has.
    """

    upload: Upload
    wish: Wish
    filename: str
    declared: str | None


class _Arrival:
    """Bytes on their way into the store; remembers how it ended.

    Args:
        chunks: of the body.
        missing: so many bytes are still missing from the file.
        checksum: of the piece, if the client says.
    """

    def __init__(self, chunks: Iterable[bytes], missing: int, checksum: Checksum | None) -> None:
        self._chunks = chunks
        self._missing = missing
        self._checksum = checksum
        self.is_cut = False

    def bytes(self) -> Iterator[bytes]:
        """The chunks. A connection that ends early ends them: what came is kept."""
        received = 0
        try:
            for chunk in self._chunks:
                received += len(chunk)
                if received > self._missing:
                    raise too_large(self._missing)
                if self._checksum is not None:
                    self._checksum.update(chunk)
                yield chunk
        except CutShort:
            self.is_cut = True

    def require_undamaged(self) -> None:
        """Refuse bytes that are not those that were sent.

        Raises:
            CutShort: not all of them came.
            HttpError: 460.
        """
        if self._checksum is None:
            return
        if self.is_cut:
            raise CutShort
        if not self._checksum.fits():
            raise HttpError(_MISMATCH, error="Checksum Mismatch")


def take(  # noqa: PLR0913, PLR0917  everything that a piece depends on
    plugin: Attachments,
    transact: Transact,
    arrived: Arrived,
    chunks: Iterable[bytes],
    checksum: Checksum | None,
    expires: int,
) -> int:
    """Take a piece; gives how many bytes of the file are there.

    Raises:
        CutShort: the connection ended early; what came is kept unless it has a checksum.
        KintoError: the piece, or the whole file, is not accepted.
    """
    upload = arrived.upload
    arrival = _Arrival(chunks, upload.length - upload.place, checksum)
    meter = Meter(None)
    piece_key = new_key(PIECES)
    plugin.store.save(piece_key, meter.through(arrival.bytes()), "application/octet-stream")
    piece = Piece(piece_key, meter.size)
    try:
        arrival.require_undamaged()
    except BaseException:
        plugin.discard([piece.key])
        raise
    place = upload.place + piece.size
    if place == upload.length:
        _complete(plugin, transact, arrived, piece, meter)
    elif piece.size == 0:
        plugin.discard([piece.key])
    else:
        _add(plugin, arrived, piece, expires)
    if arrival.is_cut:
        raise CutShort
    return place


def complete_empty(plugin: Attachments, transact: Transact, arrived: Arrived) -> None:
    """Give the record a file without content.

    Raises:
        KintoError: the record cannot be written.
    """
    file = keep(plugin, (), Meter(None), filename=arrived.filename, declared=arrived.declared)
    attach_and_settle(plugin, transact, arrived.wish, file)


def _add(plugin: Attachments, arrived: Arrived, piece: Piece, expires: int) -> None:
    """Count a piece that is not the last."""
    try:
        with plugin.server.storage.database.writing() as connection:
            upload = _hold(connection, arrived)
            tus_uploads.add(connection, upload, piece, expires)
    except HttpError:
        plugin.discard([piece.key])
        raise


def _complete(
    plugin: Attachments, transact: Transact, arrived: Arrived, piece: Piece, meter: Meter
) -> None:
    """Make one file of all pieces and give it to the record.

    Raises:
        KintoError: it is not accepted, or the record cannot be written.
    """
    with plugin.server.storage.database.reading() as connection:
        earlier = tus_uploads.pieces(connection, arrived.upload.id)
    file = (
        _joined(plugin, arrived, [*earlier, piece])
        if earlier
        else _whole(plugin, arrived, piece, meter)
    )
    superfluous: list[str] = []

    def settle(tx: Transaction) -> None:
        _hold(tx.connection, arrived)
        superfluous[:] = tus_uploads.drop_pieces(tx.connection, arrived.upload.id)
        length, expires = arrived.upload.length, arrived.upload.expires
        tus_uploads.move(tx.connection, arrived.upload, length, expires)

    try:
        attach_and_settle(plugin, transact, arrived.wish, file, settle)
    except BaseException:
        if earlier:  # joined into a file of its own, and not counted
            plugin.discard([piece.key])
        raise
    plugin.discard([*superfluous, piece.key] if earlier else superfluous)


def _whole(plugin: Attachments, arrived: Arrived, piece: Piece, meter: Meter) -> Received:
    """The file that came in one piece: its bytes stay where they are."""
    kind = media_type(arrived.filename, arrived.declared, plugin.types)
    shown = contradiction(meter.head, kind)
    if shown is not None:
        plugin.discard([piece.key])
        raise untrue(kind, shown)
    described = Described(
        filename=arrived.filename, media_type=kind, sha256=meter.sha256, size=meter.size
    )
    return Received(piece.key, described)


def _joined(plugin: Attachments, arrived: Arrived, parts: list[Piece]) -> Received:
    """The file made of several pieces: a new one in the store.

    Raises:
        HttpError: 409, somebody else joined them meanwhile, after which they go.
    """
    try:
        return keep(
            plugin,
            tus_uploads.content(plugin, parts),
            Meter(None),
            filename=arrived.filename,
            declared=arrived.declared,
        )
    except FileMissing:
        plugin.discard([parts[-1].key])
        with plugin.server.storage.database.reading() as connection:
            _require_unchanged(tus_uploads.find(connection, arrived.upload.id), arrived)
        raise
    except BaseException:
        plugin.discard([parts[-1].key])
        raise


def _hold(connection: Connection, arrived: Arrived) -> Upload:
    """The upload, held, if nobody went on with it meanwhile.

    Raises:
        HttpError: 409.
    """
    return _require_unchanged(tus_uploads.find(connection, arrived.upload.id, hold=True), arrived)


def _require_unchanged(upload: Upload | None, arrived: Arrived) -> Upload:
    """The upload as it is now, if that is how it was.

    Raises:
        HttpError: 409.
    """
    if upload is None or upload.place != arrived.upload.place:
        raise HttpError(_MEANWHILE)
    return upload
