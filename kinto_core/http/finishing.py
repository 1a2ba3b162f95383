"""What every answer carries, whatever made it.

Source: protocol C-1, C-4, C-9, E-29, E-30.
"""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kinto_core import json
from kinto_core.http.cors import BASE_EXPOSED, allowed_origin
from kinto_core.http.exchange import Reply
from kinto_core.http.incoming import request_id
from kinto_core.settings import Settings

Headers = list[tuple[str, str]]

FINISHED = "kinto.finished"
"""Set in the environment of a request whose answer has all its headers."""

UNAUTHORIZED = 401

SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
_ALWAYS = (
    # An answer is for who asked, and for the page that asked. Source: W-31.
    ("Vary", "Authorization, Origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", SECURITY_POLICY),
)

_EXPOSE = "Access-Control-Expose-Headers"


@dataclass(frozen=True, slots=True)
class EndOfService:
    """When the service ends, and what clients are told about it."""

    moment: datetime
    soft: str
    hard: str

    @classmethod
    def of(cls, settings: Settings) -> "EndOfService | None":
        """What the settings say; ``None`` when there is no end in sight."""
        if settings.eos is None:
            return None
        moment = settings.eos
        if moment.tzinfo is None:
            moment = moment.astimezone()
        notice = {
            "message": settings.eos_message,
            "url": settings.eos_url or settings.project_docs,
        }
        return cls(
            moment,
            json.dumps({"code": "soft-eol", **notice}),
            json.dumps({"code": "hard-eol", **notice}),
        )

    def is_over(self) -> bool:
        """Whether that moment has passed."""
        return datetime.now(UTC) >= self.moment


class Finisher:
    """Adds the headers that every answer carries.

    Args:
        settings: of the server.
    """

    def __init__(self, settings: Settings) -> None:
        self._origins = settings.cors_origins
        self._backoff = settings.backoff
        self._percentage = settings.backoff_percentage
        self._lists: dict[tuple[str, ...], str] = {}

    def complete(self, environ: dict[str, Any], reply: Reply) -> Reply:
        """Add the headers to a reply, and note in the environment that it has them."""
        if reply.status == UNAUTHORIZED and environ.get("HTTP_ACCEPT") == "application/json":
            # A script asks: a browser that sees a challenge would ask its user. Source: C-130.
            reply.headers = [one for one in reply.headers if one[0] != "WWW-Authenticate"]
        origin = environ.get("HTTP_ORIGIN") if reply.is_open else None
        self.finish(reply.headers, origin, reply.exposed)
        reply.headers.append(("X-Request-Id", request_id(environ)))
        environ[FINISHED] = True
        return reply

    def finish(self, headers: Headers, origin: str | None, exposed: tuple[str, ...] | None) -> None:
        """Add the headers of an answer inside a batch, or of a whole one.

        Args:
            headers: changed in place.
            origin: the request's ``Origin``.
            exposed: additional names for browsers; ``None``: no list at all.
        """
        if exposed is not None:
            headers.append((_EXPOSE, self._list(exposed)))
        if origin is not None:
            allowed = allowed_origin(origin, self._origins)
            if allowed is not None:
                headers.append(("Access-Control-Allow-Origin", allowed))
        if self._backoff is not None and self._is_chosen():
            headers.append(("Backoff", str(self._backoff)))
        headers += _ALWAYS

    def _is_chosen(self) -> bool:
        share = self._percentage
        return share is None or random.uniform(0, 100) < share  # noqa: S311  no secret

    def _list(self, exposed: tuple[str, ...]) -> str:
        if exposed not in self._lists:
            self._lists[exposed] = ", ".join((*BASE_EXPOSED, *exposed))
        return self._lists[exposed]
