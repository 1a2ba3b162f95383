"""Between Pyramid and our values."""

import webtest

from kinto_core.http.adapter import to_response
from kinto_core.http.exchange import Reply


def test_a_reply_without_body() -> None:
    unchanged = to_response(Reply(304, None, [("ETag", '"5"')]))
    assert unchanged.headers.get("Content-Type") is None  # protocol T-22
    assert to_response(Reply(200)).content_length == 0


def test_a_reply_with_a_body() -> None:
    response = to_response(Reply(201, b"{}", [("X", "y")]))
    assert (response.status_int, response.body) == (201, b"{}")
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X"] == "y"


def test_unexpected_errors_tell_nothing(app: webtest.TestApp) -> None:
    def broken() -> None:
        message = "secret"
        raise RuntimeError(message)

    app.app.registry.site.user_info.append(lambda _identity: broken())
    answer = app.get("/v1/", status=500)
    assert answer.json["errno"] == 999  # protocol E-26
    assert "secret" not in answer.text
    assert "info" in answer.json
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_answers_carry_the_name_of_their_request(app: webtest.TestApp) -> None:
    given = {"X-Request-Id": "r" * 200}  # settings SW-19
    assert app.get("/v1/", headers=given).headers["X-Request-Id"] == "r" * 128
    first, second = (app.get("/v1/nowhere", status=404).headers["X-Request-Id"] for _ in range(2))
    assert first != second
