"""What every answer carries."""

from datetime import UTC, datetime

from kinto_core import json
from kinto_core.http.finishing import SECURITY_POLICY, EndOfService, Finisher, Headers
from kinto_core.testing import make_settings


def finished(
    values: dict[str, str] | None = None,
    origin: str | None = None,
    exposed: tuple[str, ...] | None = (),
) -> dict[str, str]:
    """The headers of an answer with these settings."""
    headers: Headers = [("ETag", '"5"')]
    Finisher(make_settings(values)).finish(headers, origin, exposed)
    return dict(headers)


def test_headers_for_safety() -> None:
    headers = finished()
    assert headers["ETag"] == '"5"'
    assert headers["X-Content-Type-Options"] == "nosniff"  # protocol C-9
    assert headers["Content-Security-Policy"] == SECURITY_POLICY
    assert headers["Vary"] == "Authorization, Origin"  # protocol W-31
    assert "Backoff" not in headers


def test_exposed_headers() -> None:
    name = "Access-Control-Expose-Headers"  # protocol C-4
    base = "Backoff, Retry-After, Alert, Content-Length, Content-Type"
    assert finished()[name] == base
    assert finished(exposed=("ETag",))[name] == base + ", ETag"
    assert name not in finished(exposed=None)


def test_origins() -> None:
    name = "Access-Control-Allow-Origin"
    assert name not in finished()
    assert finished(origin="http://a.org")[name] == "*"
    only = {"cors_origins": "http://a.org"}
    assert finished(only, "http://a.org")[name] == "http://a.org"
    assert name not in finished(only, "http://b.org")


def test_backoff() -> None:
    assert finished({"backoff": "7"})["Backoff"] == "7"  # protocol E-29
    assert finished({"backoff": "7", "backoff_percentage": "100"})["Backoff"] == "7"
    assert "Backoff" not in finished({"backoff": "7", "backoff_percentage": "0"})


def test_no_end_in_sight() -> None:
    assert EndOfService.of(make_settings()) is None


def test_the_end_of_service() -> None:
    values = {"eos": "2020-01-01", "eos_message": "bye", "eos_url": "http://x.org"}
    end = EndOfService.of(make_settings(values))
    assert end is not None
    assert end.is_over()
    assert end.moment.date().isoformat() in ("2019-12-31", "2020-01-01")
    assert json.parse(end.hard) == {"code": "hard-eol", "message": "bye", "url": "http://x.org"}
    assert json.parse(end.soft)["code"] == "soft-eol"  # protocol E-30
    later = EndOfService.of(make_settings({"eos": f"{datetime.now(UTC).year + 5}-01-01"}))
    assert later is not None
    assert not later.is_over()
    assert json.parse(later.soft)["url"] == make_settings().project_docs
