"""``/__metrics__``, seen over HTTP alone."""

import re

import pytest

from tests.protocol.client import B, Client
from tests.protocol.conftest import MakeClient

METRICS = "/__metrics__"
PLUGIN = {"includes": "prometheus"}
SAMPLE = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})? [0-9.e+-]+\Z")


@pytest.fixture
def measured(make_client: MakeClient) -> Client:
    """Alice on a server that is measured."""
    return make_client(PLUGIN, lint=False)


def test_metrics_are_text_for_anybody(measured: Client) -> None:
    answer = measured.as_(None).get(METRICS)
    assert answer.status == 200  # built-in plugins B-189
    assert answer.headers["Content-Type"] == "text/plain; version=1.0.0; charset=utf-8"


def test_every_line_is_a_comment_or_a_sample_and_stands_there_once(measured: Client) -> None:
    measured.put(B)
    lines = measured.get(METRICS).text.decode().splitlines()
    samples = [line for line in lines if not line.startswith(("# HELP ", "# TYPE "))]
    assert [line for line in samples if not SAMPLE.match(line)] == []
    assert len(lines) == len(set(lines))  # clients section 8


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_any_method_will_do(measured: Client, method: str) -> None:
    answer = measured.request(method, METRICS)
    assert answer.status == 200  # built-in plugins B-189
    assert b"# TYPE kinto_" in answer.text


def test_a_head_has_no_body(measured: Client) -> None:
    answer = measured.head(METRICS)
    assert (answer.status, answer.text) == (200, b"")


def test_web_pages_cannot_read_them(measured: Client) -> None:
    answer = measured.get(METRICS, origin="https://example.org")
    names = {name.lower() for name in answer.headers}
    assert not any(name.startswith("access-control-") for name in names)  # settings S-157


def test_a_read_only_server_is_only_read(make_client: MakeClient) -> None:
    client = make_client({**PLUGIN, "readonly": "true"}, lint=False)
    assert client.get(METRICS).status == 200
    assert client.post(METRICS).status == 405  # built-in plugins B-189


def test_requests_are_counted(make_client: MakeClient) -> None:
    client = make_client({**PLUGIN, "project_name": "Counting-one"}, lint=False)
    client.put(B)
    text = client.get(METRICS).text.decode()
    line = 'countingone_request_summary_total{endpoint="bucket-object",method="put",status="201"} '
    assert line in text  # settings S-217, S-220


def test_no_user_is_named_unless_that_is_wanted(make_client: MakeClient, measured: Client) -> None:
    user = measured.get("/").json["user"]["id"].partition(":")[2]
    assert user not in measured.get(METRICS).text.decode()  # settings SW-20
    named = make_client({**PLUGIN, "prometheus_user_ids": "true"}, lint=False)
    named.get("/")
    assert f'kinto_users_total{{auth="basicauth",userid="{user}"}}' in (
        named.get(METRICS).text.decode()  # settings S-223
    )


def test_a_token_keeps_strangers_away(make_client: MakeClient) -> None:
    client = make_client({**PLUGIN, "prometheus_token": "s3cret"}, lint=False)
    for refused in ("", "Bearer", "Bearer other", "s3cret", "Basic s3cret"):
        answer = client.as_(None).get(METRICS, authorization=refused)
        assert answer.error == (401, 104)  # built-in plugins BW-13
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert client.as_(None).get(METRICS, authorization="Bearer s3cret").status == 200


def test_the_root_view_announces_them(make_client: MakeClient) -> None:
    client = make_client({**PLUGIN, "prometheus_disabled_metrics": "a kinto_b"}, lint=False)
    shown = client.get("/").json["capabilities"]["prometheus"]
    assert shown["prefix"] == "kinto_"  # built-in plugins B-14
    assert shown["disabled_metrics"] == ["a", "kinto_b"]


def test_they_are_off_by_default(alice: Client) -> None:
    assert alice.get(METRICS).status == 404  # settings S-216
