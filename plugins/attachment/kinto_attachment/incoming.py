"""A request whose body is read in pieces, never as a whole."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from kinto_attachment.failures import CutShort
from kinto_core.http.exchange import Exchange

CHUNK = 256 * 1024
"""At most so many bytes of a body are in memory at once."""


class Readable(Protocol):
    """What bytes come from."""

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; none at the end."""
        ...


@dataclass(slots=True)
class Incoming:
    """An exchange without its body, and where the body is read from.

    Attributes:
        exchange: all but the body.
        stream: of the body.
        length: of the body as declared, in bytes; ``None`` when it is not.
        received: so many bytes were read.
    """

    exchange: Exchange
    stream: Readable
    length: int | None
    received: int = field(default=0, init=False)

    @property
    def remaining(self) -> int | None:
        """So many bytes are still to come; ``None`` when nobody knows."""
        return None if self.length is None else self.length - self.received

    def chunks(self) -> Iterator[bytes]:
        """The body, piece by piece.

        Raises:
            CutShort: it ends before its declared length.
        """
        while self.length is None or self.received < self.length:
            wanted = CHUNK if self.length is None else min(CHUNK, self.length - self.received)
            try:
                chunk = self.stream.read(wanted)
            except OSError as error:
                raise CutShort from error
            if not chunk:
                if self.length is None:
                    return
                raise CutShort
            self.received += len(chunk)
            yield chunk
