"""What is logged, how it looks, and that secrets stay out."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from kinto_core import logs
from kinto_core.logs import HIDDEN, REQUESTS, RequestSummary, log_request, redacted, set_up


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Leave the logging of the process as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in [one for one in root.handlers if one not in handlers]:
        root.removeHandler(handler)
    root.setLevel(level)
    for logger in (logs.REQUESTS, logs.SUBREQUESTS):
        logger.setLevel(logging.NOTSET)


@pytest.fixture
def stream() -> io.StringIO:
    """Where the lines go."""
    return io.StringIO()


def test_json_record_has_the_keys_of_the_specification(stream: io.StringIO) -> None:
    """Settings S-185."""
    set_up(log_format="json", project_name="mine", stream=stream)
    logging.getLogger("kinto_core.x").warning("hello %s", "you", extra={"a": 1})
    entry = json.loads(stream.getvalue())
    assert list(entry) == [
        "Timestamp",
        "Type",
        "Logger",
        "Hostname",
        "EnvVersion",
        "Severity",
        "Pid",
        "Fields",
    ]
    assert (entry["Type"], entry["Logger"], entry["EnvVersion"]) == ("kinto_core.x", "mine", "2.0")
    assert entry["Severity"] == 4
    assert entry["Timestamp"] > 1_700_000_000_000_000_000
    assert entry["Fields"] == {"a": 1, "msg": "hello you", "rid": None}


def test_json_record_of_an_exception_has_error_and_traceback(stream: io.StringIO) -> None:
    """Settings S-185."""
    set_up(log_format="json", stream=stream)
    error = ValueError("password=hunter2")
    logging.getLogger("x").error("failed", exc_info=error)
    entry = json.loads(stream.getvalue())
    assert entry["Severity"] == 3
    assert entry["Fields"]["error"].startswith("ValueError(")
    assert "ValueError: password=***" in entry["Fields"]["traceback"]
    assert "hunter2" not in stream.getvalue()


def test_request_summary_has_the_fields_of_the_specification(stream: io.StringIO) -> None:
    """Settings S-188 to S-201."""
    set_up(log_format="json", log_requests=True, stream=stream)
    log_request(
        RequestSummary(
            agent="ua/1",
            path="/v1/buckets",
            method="GET",
            lang="fr",
            rid="abc123",
            querystring={"a": "2", "b": "x"},
            uid="9914c162",
            authn_type="basicauth",
            code=200,
            t=2,
        )
    )
    found = json.loads(stream.getvalue())["Fields"]
    assert found.pop("time")[10] == "T"
    assert found == {
        "agent": "ua/1",
        "path": "/v1/buckets",
        "method": "GET",
        "lang": "fr",
        "rid": "abc123",
        "errno": 0,
        "querystring": {"a": "2", "b": "x"},
        "uid": "9914c162",
        "authn_type": "basicauth",
        "code": 200,
        "t": 2,
        "msg": "",
    }


def test_requests_are_silent_unless_wanted(stream: io.StringIO) -> None:
    """The check beforehand says so too."""
    set_up(stream=stream)
    log_request(RequestSummary(method="GET", path="/"))
    assert not REQUESTS.isEnabledFor(logging.INFO)
    assert stream.getvalue() == ""


def test_request_id_is_in_every_record(stream: io.StringIO) -> None:
    """Settings S-186."""
    set_up(log_format="json", stream=stream)
    token = logs.request_id.set("r-1")
    logging.getLogger("x").error("one")
    logs.request_id.reset(token)
    assert json.loads(stream.getvalue())["Fields"]["rid"] == "r-1"


def test_text_record_is_one_line_whatever_is_in_it(stream: io.StringIO) -> None:
    """A request cannot forge a line of the log."""
    set_up(log_requests=True, stream=stream)
    log_request(
        RequestSummary(method="GET", path="/a\r\nFORGED", agent="x\n\x1b[2J\u2028y", code=200, t=3)
    )
    logging.getLogger("x").error("id %s", "a\nFORGED")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert '"GET /a\\r\\nFORGED" 200 (3 ms)' in lines[0]
    assert "\x1b" not in lines[0]


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_lone_surrogate_does_not_stop_a_record(log_format: str, stream: io.StringIO) -> None:
    """What cannot be written as UTF-8 is written out."""
    set_up(log_format=log_format, stream=stream)
    logging.getLogger("x").error("a\udcff", extra={"b": {"c\ud800": ["d\udc00"]}})
    assert "udcff" in stream.getvalue()
    assert "Logging error" not in stream.getvalue()


def test_setting_up_again_replaces_the_handler(stream: io.StringIO) -> None:
    """No record is written twice."""
    set_up(stream=io.StringIO())
    set_up(stream=stream)
    logging.getLogger("x").error("once")
    assert stream.getvalue().count("once") == 1


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Basic SECRETz9",
        "{'Authorization': 'Bearer SECRETz9'}",
        '{"HTTP_AUTHORIZATION": "Basic SECRETz9"}',
        "{'HTTP_AUTHORIZATION': 'SECRETz9'}",
        "got Basic SECRETz9== from",
        "bearer SECRETz9.SECRETz9",
        "Cookie: session=SECRETz9; other=SECRETz9",
        "Set-Cookie: a=SECRETz9; Path=/",
        '{"data": {"password": "SECRETz9"}}',
        '{"data": {"password": "x\\"SECRETz9"}}',
        "{'password': 'SECRETz9'}",
        "/v1/accounts?password=SECRETz9&x=1",
        "userid_hmac_secret = SECRETz9",
        "secret=SECRETz9",
        "api_key: SECRETz9",
        "access_token=SECRETz9",
        "postgresql://user:SECRETz9@host/db",
        "redis://:SECRETz9@host/0",
    ],
)
def test_secrets_are_taken_out_of_texts(text: str) -> None:
    """Settings SW-18."""
    assert "SECRETz9" not in redacted(text)
    assert HIDDEN in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "basic authentication is enabled",
        "GET /v1/buckets/secrets/collections?_limit=5",
        "http://127.0.0.1:8888/v1",
        "Permission 'read' on '/buckets/a' not granted",
    ],
)
def test_ordinary_texts_stay_as_they_are(text: str) -> None:
    """A log that hides everything helps nobody."""
    assert redacted(text) == text


def test_secrets_are_taken_out_of_fields_by_name() -> None:
    """Settings SW-18."""
    found = redacted(
        {
            "headers": {"Authorization": "x", "cookie": "y", "Accept": "*/*"},
            "body": b'{"password": "z"}',
            "list": [{"client_secret": ["a"]}],
            "code": 200,
        }
    )
    assert found == {
        "headers": {"Authorization": HIDDEN, "cookie": HIDDEN, "Accept": "*/*"},
        "body": '{"password": "***"}',
        "list": [{"client_secret": HIDDEN}],
        "code": 200,
    }
