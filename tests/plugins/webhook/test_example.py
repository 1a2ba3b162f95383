"""The receiver of the manual, with the real server."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kinto_webhook.attempt import Message, Sender
from kinto_webhook.outcome import Answer
from kinto_webhook.settings import limits_of
from kinto_webhook.targets import parse
from tests.plugins.webhook.rig import HOOK, OTHER_SECRET, SECRET, Site

DOCS = Path(__file__).parents[3] / "docs"
SCRIPT = DOCS / "examples" / "webhook_receiver" / "receiver.py"
MANUAL = DOCS / "how-to" / "receive-webhooks.md"


@pytest.fixture
def script(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The script, and its URL."""
    process = subprocess.Popen(
        [
            *(sys.executable, str(SCRIPT), "--port", "0", "--secret", SECRET),
            *("--file", str(tmp_path / "inbox.db")),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    url = process.stderr.readline().rpartition(" ")[2].strip()
    yield process, url
    process.kill()
    process.communicate()


def test_the_script_explains_itself() -> None:
    result = subprocess.run(
        [sys.executable, str(SCRIPT), "--help"], check=True, capture_output=True, text=True
    )
    assert "--secret" in result.stdout


def test_a_message_is_handled_once(site: Site, script: tuple[subprocess.Popen[str], str]) -> None:
    process, url = script
    site.hook(url)
    site.write(1)
    site.work()
    event_id = site.deliveries()[0]["id"]
    site.post(f"{HOOK}/deliveries/{event_id}/resend")
    site.work()
    assert site.deliveries()[0]["attempt_count"] == 2
    site.write(1, start=1)
    site.work()
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(2)]
    assert [line.split("/")[-1].strip() for line in lines] == ["r00000", "r00001"]


def test_a_forged_message_is_refused(site: Site, script: tuple[subprocess.Popen[str], str]) -> None:
    _, url = script
    site.hook(url, secret=OTHER_SECRET)
    site.write(1)
    site.work()
    assert site.deliveries()[0]["reason"] == "status-401"


def test_a_message_that_is_too_large_is_refused(
    site: Site, script: tuple[subprocess.Popen[str], str]
) -> None:
    _, url = script
    sender = Sender(limits_of(site.server.settings))
    message = Message(place=parse(url, allow_http=True), headers={"x": "y"}, body=b"{}" * 600_000)
    outcome = sender.send(message)
    sender.close()
    assert not isinstance(outcome, Answer) or outcome.status == 413


@pytest.mark.parametrize("missing", ["webhook.allow_http", "webhook.allowed_networks"])
def test_who_leaves_a_line_of_the_manual_out_is_told_which(missing: str) -> None:
    page = MANUAL.read_text(encoding="utf-8")
    assert page.count(f"kinto.{missing} = ") == 1
    strict = Site({missing: "false" if missing.endswith("http") else ""})
    data = {"url": "http://127.0.0.1:8000/", "secret": SECRET, "resources": ["record"]}
    answer = strict.client.put_json(f"/v1{HOOK}", {"data": data}, status=400).json
    strict.close()
    assert missing in answer["message"]
