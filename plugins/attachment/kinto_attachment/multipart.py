"""Forms, read while they arrive: from chunks of bytes to the beginnings, data and ends of parts.

Source: attachment A-7; RFC 7578.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from kinto_attachment.failures import CutShort, missing, no_boundary, not_a_form

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_BOUNDARY = 200


@dataclass(frozen=True, slots=True)
class Begin:
    """A part begins.

    Attributes:
        name: of the form's field.
        filename: as sent; ``None`` when the part is no file.
        media_type: its ``Content-Type``, with parameters; ``None`` without one.
    """

    name: str
    filename: str | None
    media_type: str | None


@dataclass(frozen=True, slots=True)
class Data:
    """Some content of the part that began last."""

    content: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The part that began last is complete."""


Event = Begin | Data | End


def boundary_of(content_type: str | None) -> bytes:
    """What separates the parts of a form.

    Raises:
        HttpError: the body is no form, or does not say.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise not_a_form()
    boundary = options.get(b"boundary", b"")
    if not boundary or len(boundary) > MAX_BOUNDARY:
        raise no_boundary(boundary)
    return boundary


def form_events(boundary: bytes, chunks: Iterable[bytes]) -> Iterator[Event]:
    """The parts of a form, in order.

    Raises:
        HttpError: the body is no form.
        CutShort: it ends before its last boundary.
    """
    gathered = _Gatherer()
    parser = MultipartParser(boundary, gathered.callbacks())
    for chunk in chunks:
        try:
            parser.write(chunk)
        except MultipartParseError as error:
            raise missing() from error
        yield from gathered.take()
    if not gathered.is_complete and gathered.is_begun:
        raise CutShort


class _Gatherer:
    """Turns the parser's calls into events."""

    def __init__(self) -> None:
        self.is_begun = False
        self.is_complete = False
        self._events: list[Event] = []
        self._headers: dict[str, str] = {}
        self._name = b""
        self._value = b""

    def callbacks(self) -> "MultipartCallbacks":
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._field,
            "on_header_value": self._text,
            "on_header_end": self._header,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._complete,
        }

    def take(self) -> list[Event]:
        """The events since the last call."""
        events, self._events = self._events, []
        return events

    def _begin(self) -> None:
        self.is_begun = True
        self._headers = {}

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _text(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition"))
        filename = options.get(b"filename")
        self._events.append(
            Begin(
                _decoded(options.get(b"name", b"")),
                None if filename is None else _decoded(filename),
                self._headers.get("content-type"),
            )
        )

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(Data(data[start:end]))

    def _end(self) -> None:
        self._events.append(End())

    def _complete(self) -> None:
        self.is_complete = True


def _decoded(raw: bytes) -> str:
    """Text that browsers send as UTF-8 and others as they like; without NUL."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.replace("\0", "")
