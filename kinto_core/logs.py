"""Logging: where records go, how they look, and what never gets into them.

Every record passes one handler on standard error. It adds the request id, takes secrets out and
writes one line, for people or as JSON. Which loggers speak is decided by level alone, so a record
that nobody wants costs one comparison. What happens is logged by whoever knows; nothing here
knows HTTP. Structured fields are given to a logger as ``extra={"uri": …}``.

Source: settings section 10.
"""

import logging
import os
import re
import socket
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, TextIO

import msgspec

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being answered; ``None`` outside of one. Source: settings S-186."""

REQUESTS: Final = logging.getLogger("request.summary")
"""One record for each request. Source: settings S-188."""

SUBREQUESTS: Final = logging.getLogger("subrequest.summary")
"""One record for each operation of a batch. Source: settings S-203."""

HIDDEN: Final = "***"
"""Stands where a secret was."""

_SECRET_NAMES = re.compile(
    r"(?i)authorization|cookie|passw(or)?d|secret|api[_-]?key|(access|id|refresh)[_-]?token"
)
_SECRETS = re.compile(
    r"""(?ix)
    (?P<header> (?<![a-z]) (authorization | (set-)?cookie) ["']? \s* [:=] \s* ["']? )
        (?P<header_value> [^"'\r\n]+ )
  | (?P<name> (passw(or)?d | secret | api[_-]?key | (access|id|refresh)[_-]?token)
        \\? ["']? \s* [:=] \s* )
        (?P<value> \\?"(?:[^"\\]|\\.)* | '[^']* | [^\s"',;&}\]]+ )
  | (?P<scheme> \b (basic|bearer) \s+ ) (?-i: (?= [a-z]* [A-Z0-9+/=._~] )) [\w+/=.~-]{8,}
  | (?P<userinfo> :// [^\s:/@]* : ) [^\s/@]+ (?= @ )
    """
)
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160), 0x2028, 0x2029)} | {
    9: "\\t",
    10: "\\n",
    13: "\\r",
}
_SEVERITIES = {50: 2, 40: 3, 30: 4, 20: 6, 10: 7}
_NOT_FIELDS = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
_encoder = msgspec.json.Encoder(enc_hook=str)


@dataclass(slots=True, kw_only=True)
class RequestSummary:
    """What is logged about one request; ``None`` is left out.

    Attributes:
        path: decoded. ``querystring``: the last value of each parameter.
        uid: the user id without the policy's prefix, whose name is ``authn_type``.
        rid: the request id; taken from ``request_id`` when absent.
        t: duration in whole milliseconds.
        headers, body, response: of the request and its answer, at level DEBUG only.

    Source: settings S-189 to S-202.
    """

    agent: str | None = None
    path: str | None = None
    method: str | None = None
    lang: str | None = None
    rid: str | None = None
    errno: int = 0
    querystring: Mapping[str, str] | None = None
    uid: str | None = None
    authn_type: str | None = None
    batch_size: int | None = None
    code: int | None = None
    t: int | None = None
    headers: Mapping[str, str] | None = None
    body: Any = None
    response: Mapping[str, Any] | None = None


_SUMMARY_FIELDS = tuple(field.name for field in fields(RequestSummary))


def log_request(summary: RequestSummary, logger: logging.Logger = REQUESTS) -> None:
    """Log one request; ask ``logger.isEnabledFor(logging.INFO)`` before making a summary."""
    if logger.isEnabledFor(logging.INFO):
        found = {name: getattr(summary, name) for name in _SUMMARY_FIELDS}
        logged = {name: value for name, value in found.items() if value not in (None, {})}
        logged["time"] = datetime.now().astimezone().replace(tzinfo=None).isoformat()
        logger.info("", extra=logged)


def set_up(
    *,
    level: str = "info",
    log_format: str = "text",
    project_name: str = "kinto",
    log_requests: bool = False,
    stream: TextIO | None = None,
) -> logging.Handler:
    """Send the records of this process to a stream; a handler of an earlier call is replaced.

    Args:
        level: name of the least important level to log.
        log_format: ``text`` or ``json``.
        project_name: shown in JSON records.
        log_requests: whether ``request.summary`` and ``subrequest.summary`` speak.
        stream: standard error unless given.

    Source: settings S-185 to S-188.
    """
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _Handler)]:
        root.removeHandler(handler)
    handler = _Handler(stream if stream is not None else sys.stderr)
    handler.setFormatter(JsonFormatter(project_name) if log_format == "json" else TextFormatter())
    root.addHandler(handler)
    root.setLevel(level.upper())
    lowest = min(root.level, logging.INFO) if log_requests else logging.WARNING
    for logger in (REQUESTS, SUBREQUESTS):
        logger.setLevel(lowest)
    return handler


def redacted(value: Any) -> Any:  # noqa: ANN401  any JSON value
    """A value without its secrets: texts by what they look like, fields by their names too.

    Source: settings SW-18.
    """
    if isinstance(value, str):
        return _SECRETS.sub(_hide, value)
    if isinstance(value, bytes):
        return redacted(value.decode(errors="replace"))
    if isinstance(value, Mapping):
        return {
            str(key): HIDDEN if _SECRET_NAMES.search(str(key)) else redacted(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted(item) for item in value]
    return value


class TextFormatter(logging.Formatter):
    """One line for people; control characters in it are written out, so it stays one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, followed by the traceback if there is one."""
        found = _fields(record)
        time = datetime.fromtimestamp(record.created).astimezone()
        parts = [time.isoformat(timespec="milliseconds"), f"{record.levelname:<8}", record.name]
        if "method" in found and "path" in found:
            parts.append(f'"{_line(found.pop("method"))} {_line(found.pop("path"))}"')
        if "code" in found:
            parts.append(f"{found.pop('code')} ({found.pop('t', '?')} ms)")
        found.pop("time", None)
        message = found.pop("msg")
        error, trace = found.pop("error", None), found.pop("traceback", None)
        parts += [_line(message)] if message else []
        parts += [f"{key}={_quoted(value)}" for key, value in found.items() if value is not None]
        line = " ".join(parts)
        return f"{line}\n{trace or error}" if error else line


class JsonFormatter(logging.Formatter):
    """One JSON object on one line.

    Args:
        project_name: the value of ``Logger``.

    Source: settings S-185.
    """

    def __init__(self, project_name: str) -> None:
        super().__init__()
        self._project_name = project_name
        self._hostname = socket.gethostname()

    def format(self, record: logging.LogRecord) -> str:
        """The object's text."""
        entry = {
            "Timestamp": int(record.created * 1_000_000) * 1000,
            "Type": record.name,
            "Logger": self._project_name,
            "Hostname": self._hostname,
            "EnvVersion": "2.0",
            "Severity": _SEVERITIES.get(record.levelno, 7),
            "Pid": os.getpid(),
            "Fields": _fields(record),
        }
        return _encoder.encode(entry).decode()


class _Handler(logging.StreamHandler[TextIO]):
    """Tells our handler from those that others add."""


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """The structured fields of a record with message, request id and error, without secrets."""
    found = {key: value for key, value in vars(record).items() if key not in _NOT_FIELDS}
    found.setdefault("rid", request_id.get())
    found["msg"] = record.getMessage()
    if record.exc_info and record.exc_info[1] is not None:
        found["error"] = repr(record.exc_info[1])
        found["traceback"] = logging.Formatter().formatException(record.exc_info)
    return {key: _encodable(value) for key, value in redacted(found).items()}


def _encodable(value: Any) -> Any:  # noqa: ANN401  any JSON value
    """A text whose lone surrogates are written out; other values as they are."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    return [_encodable(item) for item in value] if isinstance(value, list) else value


def _hide(match: re.Match[str]) -> str:
    kept = next(
        match[name] for name in ("header", "name", "scheme", "userinfo") if match[name] is not None
    )
    opening = re.match(r"\\?[\"']", match["value"] or "")
    return f"{kept}{opening[0] if opening else ''}{HIDDEN}"


def _line(text: object) -> str:
    return str(text).translate(_CONTROL)


def _quoted(value: object) -> str:
    """A value as text, in JSON when blanks or quotes would make it ambiguous."""
    if isinstance(value, str) and value and not re.search(r"[\s\"'=]", value):
        return _line(value)
    return _line(_encoder.encode(value).decode())
