"""The headers of resumable uploads: pure functions of texts.

Source: tus 1.0.0, sections "Headers", "Creation", "Checksum".
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

from kinto_core.http.errors import ErrorKind, HttpError

VERSION = "1.0.0"
EXTENSIONS = ("creation", "checksum", "expiration", "termination")
ALGORITHMS = ("sha1", "sha256", "md5")

MEDIA_TYPE = "application/offset+octet-stream"
_FAULTY = ErrorKind(400, 107, None, "a faulty header")
_OTHER_VERSION = ErrorKind(412, 107, "This server speaks tus 1.0.0.", "another version of tus")
_WRONG_TYPE = ErrorKind(
    415, 107, f"Content-Type should be {MEDIA_TYPE}", "the body's type is not supported"
)


def require_version(headers: Mapping[str, str]) -> None:
    """Refuse another version of the protocol.

    Raises:
        HttpError: 412.
    """
    if headers.get("tus-resumable") != VERSION:
        raise HttpError(_OTHER_VERSION, headers=(("Tus-Version", VERSION),))


def require_piece(headers: Mapping[str, str]) -> None:
    """Refuse a body that is no piece of a file.

    Raises:
        HttpError: 415.
    """
    if headers.get("content-type") != MEDIA_TYPE:
        raise HttpError(_WRONG_TYPE)


def number(headers: Mapping[str, str], name: str) -> int:
    """A header that counts bytes.

    Raises:
        HttpError: it is missing, or no number.
    """
    text = headers.get(name.lower(), "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):  # noqa: PLR2004  below 2**63
        raise HttpError(_FAULTY, message=f"{name} should be a number of bytes.")
    return int(text)


def metadata(text: str) -> dict[str, str]:
    """The pairs of ``Upload-Metadata``: ``name base64, name base64``.

    Raises:
        HttpError: it cannot be read.
    """
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = pair.partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True).decode().replace("\0", "")
        except (binascii.Error, UnicodeDecodeError) as error:
            message = f"Upload-Metadata: {name} is not UTF-8 in base64."
            raise HttpError(_FAULTY, message=message) from error
    return found


class Checksum:
    """What the client says about the bytes of a piece.

    Args:
        header: ``Upload-Checksum``: an algorithm and a digest in base64.

    Raises:
        HttpError: it cannot be read, or the algorithm is not known.
    """

    def __init__(self, header: str) -> None:
        algorithm, _, digest = header.strip().partition(" ")
        try:
            self._expected = base64.b64decode(digest, validate=True)
        except binascii.Error as error:
            raise HttpError(_FAULTY, message="Upload-Checksum is not in base64.") from error
        if algorithm not in ALGORITHMS or not self._expected:
            known = ", ".join(ALGORITHMS)
            raise HttpError(_FAULTY, message=f"Upload-Checksum should be a digest by {known}.")
        self._digest: Any = hashlib.new(algorithm, usedforsecurity=False)

    def update(self, chunk: bytes) -> None:
        """Some more bytes of the piece."""
        self._digest.update(chunk)

    def fits(self) -> bool:
        """Whether the bytes are those that the client sent."""
        return bool(self._digest.digest() == self._expected)
