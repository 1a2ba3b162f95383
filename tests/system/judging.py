"""What every answer must be like, whoever asked for whatever."""

from collections.abc import Mapping

from kinto_core import json


def judge(status: int, content: bytes, headers: Mapping[str, str]) -> None:
    """An answer is no server's fault, and an error is the protocol's document.

    Args:
        status: of the answer.
        content: its body.
        headers: by names in lower case.

    Source: protocol E-1.
    """
    assert status < 500, content
    if status < 400 or not content:
        return
    assert headers["content-type"].startswith("application/json"), content
    document = json.parse(content)
    assert document["code"] == status
    assert isinstance(document["errno"], int)
    assert isinstance(document["error"], str)
    assert set(document) <= {"code", "errno", "error", "message", "info", "details"}
    assert None not in document.values()
