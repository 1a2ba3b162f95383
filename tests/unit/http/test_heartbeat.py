"""Is everything well?"""

import threading

import pytest
import webtest

from tests.unit.http.conftest import MakeApp


def checks(app: webtest.TestApp) -> dict[str, object]:
    """The checks of a server; tests change them."""
    found: dict[str, object] = app.app.registry.site.heartbeats
    return found


def test_all_is_well(app: webtest.TestApp) -> None:
    answer = app.get("/v1/__heartbeat__")
    assert answer.json == {"storage": True, "permission": True, "cache": True}  # protocol V-20


def test_what_is_not_applicable_is_healthy(app: webtest.TestApp) -> None:
    checks(app)["extra"] = lambda: None
    assert app.get("/v1/__heartbeat__").json["extra"] is None


def test_a_failing_check_shows(app: webtest.TestApp, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> bool:
        message = "password=hunter2"
        raise RuntimeError(message)

    checks(app)["broken"] = broken
    checks(app)["false"] = lambda: False
    answer = app.get("/v1/__heartbeat__", status=503)
    assert answer.json == {
        "storage": True,
        "permission": True,
        "cache": True,
        "broken": False,
        "false": False,
    }
    assert "Retry-After" not in answer.headers  # protocol V-20
    assert "'broken' heartbeat failed." in caplog.text
    assert app.get("/v1/__lbheartbeat__").json == {}  # protocol V-21


def test_a_late_check_is_a_failing_one(app_with: MakeApp) -> None:
    app = app_with({"heartbeat_timeout_seconds": "0.1"})
    go = threading.Event()
    checks(app)["late"] = go.wait
    try:
        assert app.get("/v1/__heartbeat__", status=503).json["late"] is False
    finally:
        go.set()


def test_a_closed_database_is_not_well(app: webtest.TestApp) -> None:
    server = app.app.registry.site.server
    server.close()
    answer = app.get("/v1/__heartbeat__", expect_errors=True)
    assert answer.status_int in (200, 503)
    assert set(answer.json) == {"storage", "permission", "cache"}
