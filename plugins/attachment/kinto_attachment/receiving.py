"""From the parts of a form to a file in the store and the fields beside it.

The file goes into the store while it arrives; its hash and size are worked out on the way, and the
limit is enforced before the last byte. What fails leaves nothing behind.

Source: attachment A-7 to A-15, A-32 to A-35, A-85.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from kinto_attachment.failures import (
    bad_part,
    extension_refused,
    missing,
    nameless,
    over_limit,
    too_large,
    untrue,
)
from kinto_attachment.incoming import Incoming
from kinto_attachment.metadata import Described, media_type
from kinto_attachment.multipart import Begin, Data, End, Event, boundary_of, form_events
from kinto_attachment.plugin import Attachments
from kinto_attachment.policy import HEAD_BYTES, contradiction
from kinto_attachment.rules import Rules
from kinto_attachment.serving import served_type
from kinto_attachment.store.interface import BLOBS, new_key
from kinto_core import json

FIELDS = ("data", "permissions")
EXCESS = 1024 * 1024
"""A body with at most so much left is read to its end to say exactly how large the file is."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file that is safe in the store and belongs to nobody yet.

    Attributes:
        key: of its bytes in the store.
        described: what it is.
    """

    key: str
    described: Described


@dataclass(slots=True)
class Form:
    """What a form holds.

    Attributes:
        file: the last one.
        fields: JSON values by name: ``data``, ``permissions``.
        dropped: keys of files that the last one replaces.
    """

    file: Received | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)


class Meter:
    """Counts and hashes the bytes that go through it, and keeps the first ones.

    Args:
        limit: of the size in bytes; ``None``: none.
        incoming: where the bytes come from, to know how much is left; ``None``: do not look.
    """

    def __init__(self, limit: int | None, incoming: Incoming | None = None) -> None:
        self._limit = limit
        self._incoming = incoming
        self._digest = hashlib.sha256()
        self.size = 0
        self.head = b""

    @property
    def sha256(self) -> str:
        """Of everything so far."""
        return self._digest.hexdigest()

    def through(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The chunks, unchanged.

        Raises:
            HttpError: far too large; the rest was not read.
            InvalidInput: a little too large.
        """
        for chunk in chunks:
            self.size += len(chunk)
            if self._limit is not None and self.size > self._limit:
                self._refuse_rest()
                continue
            if len(self.head) < HEAD_BYTES:
                self.head += chunk[: HEAD_BYTES - len(self.head)]
            self._digest.update(chunk)
            yield chunk
        if self._limit is not None and self.size > self._limit:
            raise over_limit(self.size, self._limit)

    def _refuse_rest(self) -> None:
        limit = self._limit or 0
        left = self._incoming.remaining if self._incoming is not None else None
        if self.size > limit + EXCESS or (left is not None and left > EXCESS):
            raise too_large(limit)


def receive_form(plugin: Attachments, incoming: Incoming, rules: Rules) -> Form:
    """Read a form; its file is in the store afterwards.

    Args:
        plugin: has the store.
        incoming: the request.
        rules: of the collection.

    Raises:
        HttpError, InvalidInput: the form or its file is not accepted.
        CutShort: the connection ended early.
    """
    boundary = boundary_of(incoming.exchange.headers.get("content-type"))
    limit = rules.max_size_bytes
    if limit is not None and incoming.length is not None and incoming.length > limit + 2 * EXCESS:
        raise too_large(limit)
    form = Form()
    events = form_events(boundary, incoming.chunks())
    try:
        for event in events:
            if isinstance(event, Begin):
                _part(plugin, form, event, events, rules, incoming)
    except BaseException:
        if form.file is not None:
            form.dropped.append(form.file.key)
        plugin.discard(form.dropped)
        raise
    if form.file is None:
        raise missing()
    return form


def _part(  # noqa: PLR0913, PLR0917  everything that a part depends on
    plugin: Attachments,
    form: Form,
    begin: Begin,
    events: Iterator[Event],
    rules: Rules,
    incoming: Incoming,
) -> None:
    if begin.name == "attachment":
        if not begin.filename:
            raise nameless()
        if form.file is not None:
            form.dropped.append(form.file.key)
        meter = Meter(rules.max_size_bytes, incoming)
        form.file = keep(
            plugin, _content(events), meter, filename=begin.filename, declared=begin.media_type
        )
    elif begin.name in FIELDS:
        if begin.filename is not None:
            message = f"'{begin.name}' field should be passed as form data, not files"
            raise bad_part(message)
        form.fields[begin.name] = _json(plugin, begin.name, _content(events))
    else:
        message = f"{begin.name!r} not in {FIELDS!r}"
        raise bad_part(message)


def keep(
    plugin: Attachments,
    chunks: Iterable[bytes],
    meter: Meter,
    *,
    filename: str,
    declared: str | None,
) -> Received:
    """Put a file into the store.

    Args:
        plugin: has the store and the policy.
        chunks: the content.
        meter: new; it counts.
        filename: as the client sent it.
        declared: the type that the client says it has.

    Raises:
        HttpError, InvalidInput: it is not accepted; nothing is left in the store.
    """
    if not plugin.extensions.accept(filename):
        raise extension_refused()
    kind = media_type(filename, declared, plugin.types)
    key = new_key(BLOBS)
    # Whoever serves the store by itself must not serve pages either.
    plugin.store.save(key, meter.through(chunks), served_type(kind))
    shown = contradiction(meter.head, kind)
    if shown is not None:
        plugin.discard([key])
        raise untrue(kind, shown)
    return Received(
        key, Described(filename=filename, media_type=kind, sha256=meter.sha256, size=meter.size)
    )


def _content(events: Iterator[Event]) -> Iterator[bytes]:
    """The content of the part that has just begun."""
    for event in events:
        if isinstance(event, End):
            return
        if isinstance(event, Data):
            yield event.content


def _json(plugin: Attachments, name: str, chunks: Iterable[bytes]) -> dict[str, Any]:
    """The JSON object of a field."""
    settings = plugin.server.settings
    text = bytearray()
    for chunk in chunks:
        text += chunk
        if len(text) > settings.max_body_size_bytes:
            raise too_large(settings.max_body_size_bytes)
    try:
        value = json.loads(bytes(text), settings.max_json_depth)
    except json.InvalidJSON as error:
        message = f"{name} is not valid JSON ({error})"
        raise bad_part(message) from error
    if not isinstance(value, dict):
        message = f"{name} must be a JSON object"
        raise bad_part(message)
    return value
