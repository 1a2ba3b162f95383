"""From a reply to what WSGI sends."""

import pytest

from kinto_core.http.exchange import Reply
from kinto_core.http.outgoing import Answer, status_line


def sent(reply: Reply, method: str = "GET") -> tuple[str, dict[str, str], bytes]:
    """What goes over the network."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start(line: str, headers: list[tuple[str, str]]) -> None:
        started.append((line, headers))

    body = b"".join(Answer(reply)({"REQUEST_METHOD": method}, start))
    ((line, headers),) = started
    return line, dict(headers), body


def test_a_body() -> None:
    line, headers, body = sent(Reply(201, b"{}", [("X", "y")]))
    assert (line, body) == ("201 Created", b"{}")
    assert headers == {"X": "y", "Content-Type": "application/json", "Content-Length": "2"}


def test_none_but_its_length_goes_to_head() -> None:
    _, headers, body = sent(Reply(200, b"{}"), "HEAD")
    assert (headers["Content-Length"], body) == ("2", b"")


def test_no_body() -> None:
    assert sent(Reply(202)) == ("202 Accepted", {"Content-Length": "0"}, b"")
    unchanged = sent(Reply(304, None, [("ETag", '"5"')]))
    assert unchanged == ("304 Not Modified", {"ETag": '"5"'}, b"")  # protocol T-22


def test_an_answer_looks_like_a_response() -> None:
    answer = Answer(Reply(204))
    assert (answer.status_code, answer.body) == (204, b"")
    assert answer.headerlist == [("Content-Length", "0")]


@pytest.mark.parametrize(
    ("status", "line"), [(404, "404 Not Found"), (499, "499 Unknown Client Error")]
)
def test_status_lines(status: int, line: str) -> None:
    assert status_line(status) == line
