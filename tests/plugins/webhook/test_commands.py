"""``kinto webhook``, on a database file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kinto_core.cli.group import main
from kinto_core.testing.consuming import deliver_pending
from kinto_webhook import sql_endpoints
from kinto_webhook.signing import key_of
from tests.plugins.webhook.receiver import Receiver, Say
from tests.plugins.webhook.rig import HOOK, LOOPBACK, SECRET, Site


class Desk:
    """A site on a file, and commands that find it."""

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        self.ini = folder / "kinto.ini"
        values = {
            **LOOPBACK,
            "storage_url": f"sqlite:///{folder}/kinto.db",
            "userid_hmac_secret": "0123456789abcdef0123456789abcdef",
            "webhook.endpoints": "search",
            "webhook.search.url": receiver.url("/search"),
            "webhook.search.secret": SECRET,
        }
        lines = [f"kinto.{name} = {value}" for name, value in values.items()]
        self.ini.write_text("\n".join(["[app:main]", *lines, ""]))
        self.site = Site(values)

    def run(self, *words: str, status: int = 0) -> Result:
        """Run ``kinto webhook``."""
        result = CliRunner().invoke(main, ["webhook", *words], env={"KINTO_INI": str(self.ini)})
        assert result.exit_code == status, result.output
        return result


@pytest.fixture
def desk(tmp_path: Path, receiver: Receiver) -> Iterator[Desk]:
    """A site with a webhook, and the commands."""
    found = Desk(tmp_path, receiver)
    found.site.hook(receiver.url())
    deliver_pending(found.site.server)
    yield found
    found.site.close()


def test_every_endpoint_is_listed(desk: Desk) -> None:
    lines = desk.run("list").output.splitlines()
    assert lines == [f"{HOOK}  enabled", "settings:search  enabled"]


@pytest.mark.parametrize("uri", [HOOK, "settings:search"])
def test_an_endpoint_is_disabled_and_enabled(desk: Desk, uri: str) -> None:
    desk.run("disable", uri, "--reason", "too loud")
    assert f"{uri}  disabled: too loud" in desk.run("list").output
    desk.run("enable", uri)
    assert f"{uri}  enabled" in desk.run("list").output


def test_a_disabled_webhook_says_so_itself(desk: Desk) -> None:
    desk.run("disable", HOOK)
    assert desk.site.get(HOOK)["disabled_reason"] == "by the operator"


def test_deliveries_are_shown_and_sent_again(desk: Desk, receiver: Receiver) -> None:
    receiver.script = lambda _: Say(500, {"webhook-delivery": "abort-message"})
    desk.site.write(2)
    desk.site.work()
    lines = desk.run("deliveries", HOOK, "--state", "failed").output.splitlines()
    assert len(lines) == 2
    assert "record.created  failed  1 attempts  abort-message" in lines[0]
    desk.run("resend", HOOK, receiver.got[0].id)
    assert "1 deliveries" in desk.run("replay", HOOK, "--since", "2020-01-01").output
    assert desk.site.work() == 2


def test_a_ping_is_queued(desk: Desk, receiver: Receiver) -> None:
    desk.run("ping", HOOK)
    desk.site.work()
    assert receiver.got[-1].data["type"] == "webhook.ping"


def test_a_rotation_shows_the_new_secret_once(desk: Desk) -> None:
    new = desk.run("rotate", HOOK).output.strip()
    key_of(new)
    with desk.site.server.storage.database.reading() as connection:
        row = sql_endpoints.find(connection, HOOK)
    assert row is not None
    assert (row.secret, row.former_secret) == (new, SECRET)


def test_secrets_of_the_settings_are_rotated_there(desk: Desk) -> None:
    assert "in the settings" in desk.run("rotate", "settings:search", status=1).output


def test_a_new_secret_can_be_made(desk: Desk) -> None:
    key_of(desk.run("secret").output.strip())


def test_an_unknown_endpoint_is_an_error(desk: Desk) -> None:
    for command in ("ping", "disable", "enable", "deliveries"):
        for uri in ("settings:nobody", "/buckets/blog/webhooks/nobody"):
            assert "does not exist" in desk.run(command, uri, status=1).output


COMMANDS = "list deliveries resend replay ping rotate secret disable enable"


def test_a_command_explains_itself(desk: Desk) -> None:
    for command in COMMANDS.split():
        assert "Examples:" in desk.run(command, "--help").output
