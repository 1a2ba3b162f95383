"""What is told of a file: the record's field ``attachment``.

Source: attachment A-17 to A-19.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kinto_attachment import names
from kinto_core.errors import ConfigurationError

FIELD = "attachment"
UNKNOWN = "application/octet-stream"
_WITHOUT_TYPE = "text/plain"
_BUILT_IN: Mapping[str, str] = {
    ".pem": "application/x-pem-file",
    ".geojson": "application/geojson",
}
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A file that is in the store, as the client sent it.

    Attributes:
        filename: unchanged.
        media_type: of the content.
        sha256: in lower-case hexadecimal digits.
        size: in bytes.
    """

    filename: str
    media_type: str
    sha256: str
    size: int

    def shown(self, location: str) -> dict[str, Any]:
        """The field ``attachment``: ``{"filename", "location", "hash", "mimetype", "size"}``."""
        return {
            "filename": self.filename,
            "location": location,
            "hash": self.sha256,
            "mimetype": self.media_type,
            "size": self.size,
        }


def parse_types(text: str) -> Mapping[str, str]:
    """The types that extensions always have; ``.ext:type;.ext2:type2``. Source: A-19, A-52.

    Raises:
        ConfigurationError: the text has another form.
    """
    found = dict(_BUILT_IN)
    for pair in filter(None, (part.strip() for part in text.split(";"))):
        extension, _, kind = (part.strip() for part in pair.partition(":"))
        if not extension.startswith(".") or not is_media_type(kind):
            problem = f"attachment.mimetypes: {pair!r} is not like .ext:type/subtype"
            raise ConfigurationError([problem])
        found[extension] = kind
    return found


def media_type(filename: str, declared: str | None, types: Mapping[str, str]) -> str:
    """The type of a file: by its extension where that is set, else what the client says.

    Something that is no media type at all becomes ``application/octet-stream``. Source: A-18.
    """
    known = types.get(names.split(filename)[1])
    if known is not None:
        return known
    if declared is None:
        return _WITHOUT_TYPE
    kind = declared.partition(";")[0].strip()
    return kind if is_media_type(kind) else UNKNOWN


def is_media_type(text: str) -> bool:
    """Whether a text has the form of a media type without parameters."""
    return _MEDIA_TYPE.fullmatch(text) is not None
