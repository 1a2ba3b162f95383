"""A file of a console as it is served: its bytes and what browsers may do with them. No HTTP here.

Source: built-in plugins B-184, B-186, BW-23.
"""

import hashlib
from dataclasses import dataclass
from mimetypes import MimeTypes
from pathlib import PurePosixPath
from typing import Final, Protocol

NO_CACHE: Final = "no-cache"
"""Asked for every time, and answered with 304 while it is the same."""

FOR_EVER: Final = "public, max-age=31536000, immutable"
"""Never asked for again: its name changes with its content."""

ONE_HOUR: Final = "max-age=3600"
"""Asked for again after an hour. Source: built-in plugins B-186."""

OWN_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What our page may do: load its own files and talk to this server."""

_TYPES: Final = {
    ".css": "text/css; charset=UTF-8",
    ".html": "text/html; charset=UTF-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=UTF-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=UTF-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=UTF-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    "": "text/plain; charset=UTF-8",
}
"""By suffix; the operating system has no say in it."""

_known = MimeTypes(filenames=())


@dataclass(frozen=True, slots=True)
class File:
    """One file.

    Attributes:
        body: its bytes.
        media_type: as in ``Content-Type``.
        modified: when it changed, in milliseconds since 1970.
        caching: as in ``Cache-Control``.
        policy: as in ``Content-Security-Policy``; ``None``: that of all answers.
    """

    body: bytes
    media_type: str
    modified: int
    caching: str
    policy: str | None = None

    @property
    def tag(self) -> str:
        """Tells this content from any other, as in ``ETag``."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


class Console(Protocol):
    """What is served below ``/admin/``.

    Attributes:
        version: for the capability.
    """

    @property
    def version(self) -> str:
        """For the capability."""

    def find(self, path: str) -> File | None:
        """The file at a path below ``/admin/``, empty for the page; ``None``: there is none."""


def media_type(name: str) -> str:
    """The type of a file by its name."""
    suffix = PurePosixPath(name).suffix.lower()
    return _TYPES.get(suffix) or _known.guess_type(f"x{suffix}")[0] or "application/octet-stream"


def other_policy(*, may_eval: bool) -> str:
    """What the page of another console may do. Source: built-in plugins B-184, clients C-107.

    Args:
        may_eval: whether it may compile scripts from texts.
    """
    scripts = "'self' 'unsafe-eval'" if may_eval else "'self'"
    return (
        f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src data: *; object-src 'none'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
