"""Secrets and headers of webhooks: where they could come to light, and how they rest."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from kinto_core.cli.group import main
from kinto_core.testing.server import make_settings
from kinto_webhook import sql_endpoints
from kinto_webhook.endpoints import MAX_HEADER
from kinto_webhook.schedule import DAY
from kinto_webhook.sealing import SEALED, Seal, Unreadable
from kinto_webhook.settings import WebhookSettings, server_wide
from kinto_webhook.targets import UnusableURL, parse
from tests.plugins.webhook.receiver import Receiver, Say
from tests.plugins.webhook.rig import HOOK, LOOPBACK, OTHER_SECRET, SECRET, Clock, Site

TOKEN = "Bearer s3cret-t0ken"
KEY, OTHER_KEY = "0123456789abcdef" * 2, "fedcba9876543210" * 2
OPEN: dict[str, str] = {
    **LOOPBACK,
    "userid_hmac_secret": "0123456789abcdef0123456789abcdef",
    "webhook.endpoints": "search",
    "webhook.search.url": "https://hooks.example.com/?key=t0ken-in-url",
    "webhook.search.secret": SECRET,
    "webhook.search.headers": f"Authorization: {TOKEN}",
}


def write_ini(folder: Path, **values: str) -> Path:
    """A settings file with a database beside it."""
    path = folder / "kinto.ini"
    found = {**OPEN, "storage_url": f"sqlite:///{folder}/kinto.db", **values}
    lines = [f"kinto.{name} = {value}" for name, value in found.items()]
    path.write_text("\n".join(["[app:main]", *lines, ""]))
    return path


def kinto(ini: Path, *words: str, status: int = 0) -> str:
    """What a command writes."""
    result = CliRunner().invoke(main, [*words], env={"KINTO_INI": str(ini)})
    assert result.exit_code == status, result.output
    return result.output


@pytest.mark.parametrize("words", [["config"], ["config", "--json"], ["webhook", "list"]])
def test_commands_show_neither_secrets_nor_headers(tmp_path: Path, words: list[str]) -> None:
    ini = write_ini(tmp_path, **{"webhook.encryption_keys": KEY})
    kinto(ini, "migrate")
    output = kinto(ini, *words)
    assert "search" in output
    assert not [one for one in (SECRET, TOKEN, KEY, "t0ken-in-url") if one in output]


def test_values_say_nothing_of_secrets_when_they_are_printed() -> None:
    settings = make_settings(OPEN | {"webhook.encryption_keys": KEY})
    settings = settings.with_plugins([WebhookSettings])
    shown = repr(settings) + repr(settings.plugin(WebhookSettings)) + repr(server_wide(settings))
    assert not [one for one in (SECRET, TOKEN, KEY) if one in shown]


def test_nothing_is_logged_while_messages_are_sent(
    site: Site, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.script = lambda _: Say(410)
    site.hook(receiver.url(), headers={"Authorization": TOKEN})
    site.write(2)
    site.work()
    assert receiver.got[0].headers["authorization"] == TOKEN
    assert SECRET not in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    "secret", ["hunter2hunter2", "whsec_hunter2hunter2", "whsk_hunter2hunter2"]
)
def test_a_faulty_secret_is_not_repeated(site: Site, secret: str) -> None:
    data = {"data": {"url": "https://example.com", "secret": secret}}
    assert "hunter2" not in site.client.put_json(f"/v1{HOOK}", data, status=400).text


def test_a_faulty_header_is_not_repeated(site: Site) -> None:
    for value in ("hunter2\r\nx: y", "hunter2" * MAX_HEADER):
        data = {"url": "https://example.com", "secret": SECRET, "headers": {"X-Token": value}}
        answer = site.client.put_json(f"/v1{HOOK}", {"data": data}, status=400).text
        assert "hunter2" not in answer


@pytest.mark.parametrize("url", ["https://u:hunter2@e.com", "https://e.com:hunter2/", "x:hunter2"])
def test_a_faulty_url_is_not_repeated(url: str) -> None:
    with pytest.raises(UnusableURL) as caught:
        parse(url, allow_http=True)
    assert "hunter2" not in str(caught.value)


def test_creating_a_webhook_that_exists_changes_nothing(site: Site) -> None:
    site.hook("https://example.com")
    data = {"id": "hook", "url": "https://other.example.com", "secret": OTHER_SECRET}
    site.client.post_json("/v1/buckets/blog/webhooks", {"data": data}, status=200)
    with site.server.storage.database.reading() as connection:
        row = sql_endpoints.find(connection, HOOK)
    assert row is not None
    assert (row.secret, row.former_secret) == (SECRET, "")


def test_a_former_secret_is_forgotten_after_its_day(site: Site) -> None:
    site.hook("https://example.com")
    site.post(f"{HOOK}/rotate", {"secret": OTHER_SECRET})
    clock, database = Clock(site), site.server.storage.database
    for wait, expected in ((DAY - 1000, SECRET), (2000, "")):
        clock.now += wait
        with database.writing() as connection:
            sql_endpoints.forget_former(connection, clock.now)
            row = sql_endpoints.find(connection, HOOK)
        assert row is not None
        assert (row.secret, row.former_secret) == (OTHER_SECRET, expected)


# -- at rest ---------------------------------------------------------------------------------------


def test_a_sealed_text_opens_with_its_key_and_for_its_webhook_only() -> None:
    seal = Seal([KEY])
    stored = seal.close(SECRET, HOOK)
    assert stored.startswith(SEALED)
    assert seal.close(SECRET, HOOK) != stored
    assert seal.open(stored, HOOK) == Seal([OTHER_KEY, KEY]).open(stored, HOOK) == SECRET
    for other, uri in ((Seal([OTHER_KEY]), HOOK), (Seal([]), HOOK), (seal, HOOK + "2")):
        with pytest.raises(Unreadable, match="encryption_keys"):
            other.open(stored, uri)


def test_without_keys_secrets_rest_as_they_are() -> None:
    assert Seal([]).close(SECRET, HOOK) == SECRET
    assert Seal([KEY]).open(SECRET, HOOK) == SECRET
    assert Seal([KEY]).close("", HOOK) == ""


@pytest.fixture
def sealed(tmp_path: Path) -> Iterator[Site]:
    """A site on a file, which seals."""
    write_ini(tmp_path)
    found = Site({**OPEN, "storage_url": f"sqlite:///{tmp_path}/kinto.db", **keys(KEY)})
    yield found
    found.close()


def keys(*values: str) -> dict[str, str]:
    """The setting of keys."""
    return {"webhook.encryption_keys": " ".join(values)}


def dump(site: Site) -> str:
    """All that the table of endpoints holds."""
    with site.server.storage.database.reading() as connection:
        return str(connection.execute(text("SELECT * FROM webhook_endpoints")))


def test_a_copy_of_the_database_has_no_secrets(sealed: Site, receiver: Receiver) -> None:
    sealed.hook(receiver.url(), headers={"Authorization": TOKEN})
    sealed.post(f"{HOOK}/rotate", {"secret": OTHER_SECRET})
    sealed.put(HOOK, {"url": receiver.url(), "secret": OTHER_SECRET})  # which it has already
    assert not [one for one in (SECRET, OTHER_SECRET, TOKEN) if one in dump(sealed)]
    sealed.write(1)
    sealed.work()
    assert receiver.got[-1].headers["authorization"] == TOKEN
    assert len(receiver.got[-1].headers["webhook-signature"].split()) == 2


def test_keys_change_while_all_of_it_goes_on(
    sealed: Site, receiver: Receiver, tmp_path: Path
) -> None:
    sealed.hook(receiver.url(), headers={"Authorization": TOKEN})
    before = dump(sealed)
    output = kinto(write_ini(tmp_path, **keys(OTHER_KEY, KEY)), "webhook", "reseal")
    assert "1 webhooks are sealed" in output
    assert dump(sealed) != before
    values = {**OPEN, "storage_url": f"sqlite:///{tmp_path}/kinto.db"}
    site = Site({**values, **keys(OTHER_KEY)})
    site.write(1)
    site.work()
    assert receiver.got[-1].headers["authorization"] == TOKEN
    site.close()
    assert "stored as they are" in kinto(
        write_ini(tmp_path, **keys(OTHER_KEY)), "webhook", "reseal", "--plain"
    )
    assert SECRET in dump(sealed)


def test_a_lost_key_is_told_and_another_secret_is_a_remedy(
    sealed: Site, receiver: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sealed.hook(receiver.url())
    site = Site({**OPEN, "storage_url": f"sqlite:///{tmp_path}/kinto.db", **keys(OTHER_KEY)})
    site.write(1)
    site.work()
    assert site.deliveries()[0]["reason"] == "internal-error"
    assert "put it back" in caplog.text
    site.hook(receiver.url(), secret=OTHER_SECRET)
    site.write(1, start=1)
    site.work()
    assert len(receiver.got) == 1
    site.close()


def test_short_keys_are_refused() -> None:
    settings = make_settings({**OPEN, **keys("short")}).with_plugins([WebhookSettings])
    with pytest.raises(Exception, match="32 characters") as caught:
        server_wide(settings)
    assert "short" not in str(caught.value).replace("shorter", "")
