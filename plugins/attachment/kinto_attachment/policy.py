"""Which files are accepted: by extension, and by whether the content is what it claims to be.

Source: attachment A-44, A-45, A-87.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kinto_attachment import names

GROUPS: Mapping[str, str] = {
    "documents": "pdf rtf odf ods gnumeric abw doc docx xls xlsx",
    "text": "txt",
    "images": "jpg jpe jpeg png gif svg bmp tiff",
    "audio": "wav mp3 aac ogg oga flac",
    "video": "mpeg 3gp avi divx dvr flv mp4 wmv",
    "data": "csv ini json plist xml yaml yml",
    "scripts": "js php pl py rb sh",
    "archives": "gz bz2 zip tar tgz txz 7z",
    "executables": "so exe dll",
    "any": "",
}
_DEFAULT = ("documents", "text", "images", "data")

HEAD_BYTES = 512
"""So much of the beginning of a file tells what it is."""

_SIGNATURES: tuple[tuple[bytes, int, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF87a", 0, "image/gif"),
    (b"GIF89a", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"%PDF-", 0, "application/pdf"),
    (b"PK\x03\x04", 0, "application/zip"),
    (b"\x1f\x8b", 0, "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", 0, "application/x-7z-compressed"),
    (b"\x7fELF", 0, "application/x-executable"),
    (b"MZ", 0, "application/x-msdownload"),
    (b"fLaC", 0, "audio/flac"),
    (b"OggS", 0, "application/ogg"),
    (b"ftyp", 4, "video/mp4"),
)
_MARKUP: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype html", "text/html"),
    (b"<html", "text/html"),
    (b"<script", "text/html"),
    (b"<body", "text/html"),
    (b"<iframe", "text/html"),
    (b"<svg", "image/svg+xml"),
    (b"<?xml", "text/xml"),
)

_EXACT: Mapping[str, str] = {
    "application/pdf": "application/pdf",
    "application/zip": "application/zip",
    "application/gzip": "application/gzip",
    "application/x-gzip": "application/gzip",
    "application/x-7z-compressed": "application/x-7z-compressed",
}
"""Types that cannot be mistaken for each other, and what their content shows."""
_DRAWING = "image/svg+xml"
PICTURES_AND_SOUNDS = ("image/", "audio/", "video/")


@dataclass(frozen=True, slots=True)
class Extensions:
    """The accepted extensions.

    Attributes:
        known: in lower case, without a dot; ``None``: all, and none at all as well.
    """

    known: frozenset[str] | None

    @classmethod
    def parse(cls, text: str) -> "Extensions":
        """What the setting says: groups and extensions joined with ``+``. Source: A-45."""
        found: set[str] = set()
        for part in filter(None, text.strip().split("+")):
            groups = _DEFAULT if part == "default" else (part,)
            for group in groups:
                found.update(GROUPS.get(group, group.lower()).split())
        return cls(frozenset(found) if found else None)

    def accept(self, filename: str) -> bool:
        """Whether a file of that name is accepted. Source: A-44."""
        if self.known is None:
            return True
        return names.split(filename)[1][1:].lower() in self.known


def recognised(head: bytes) -> str | None:
    """The type that the first bytes of a file show beyond doubt; ``None`` when they do not.

    Args:
        head: ``HEAD_BYTES`` of it, or all of a shorter one.
    """
    for signature, place, kind in _SIGNATURES:
        if head[place : place + len(signature)] == signature:
            return kind
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next((kind for mark, kind in _MARKUP if start.startswith(mark)), None)


def contradiction(head: bytes, media_type: str) -> str | None:
    """The type that a file shows, when it claims to be something else that can be told from it.

    These are pictures, sounds and films, which browsers show in place, PDF and archives. Text of
    every kind may look like other text, and an archive like a document, so other claims stand.
    """
    claimed = media_type.lower()
    shown = recognised(head)
    if shown is not None and claimed in _EXACT:
        return None if shown == _EXACT[claimed] else shown
    if shown is None or not claimed.startswith(PICTURES_AND_SOUNDS):
        return None
    if _DRAWING in (claimed, shown):
        is_true = claimed == _DRAWING and shown in (_DRAWING, "text/xml")
    elif claimed.startswith("image/"):
        is_true = shown.startswith("image/")
    else:
        is_true = shown.startswith(("audio/", "video/")) or shown == "application/ogg"
    return None if is_true else shown
