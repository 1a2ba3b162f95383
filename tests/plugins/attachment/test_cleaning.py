"""What is not needed goes, and nothing else, whatever happened before.

Source: attachment A-80 to A-84.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from kinto_attachment import commands, sql
from kinto_attachment.checking import check
from kinto_attachment.cleaning import collect, sweep
from kinto_attachment.store.interface import BLOBS, new_key
from kinto_core.errors import Refused
from kinto_core.events.event import ResourceChanged
from kinto_core.hookspecs import hookimpl
from kinto_core.server import Server
from kinto_core.settings import load
from tests.plugins.attachment.conftest import NewSite
from tests.plugins.attachment.driving import PNG, RECORDS, Site, a_file


class Veto:
    """A plugin that refuses every change of records, once it is awake."""

    is_awake = False

    @hookimpl
    def resource_changed(self, event: ResourceChanged) -> None:
        """Refuse."""
        if self.is_awake and event.resource_name == "record":
            message = "not today"
            raise Refused(message)


def test_what_a_hook_refuses_changes_nothing(any_site: Site) -> None:
    """attachment A-28"""
    before = any_site.send().json
    veto = Veto()
    any_site.server.plugins.add(veto, f"veto {id(veto)}")
    veto.is_awake = True
    any_site.send(a_file(b"two", "a.txt"), status=403)
    any_site.send(a_file(b"two", "a.txt"), record="s", status=403)
    any_site.http.delete(f"{RECORDS}/r/attachment", status=403)
    any_site.http.delete(f"{RECORDS}/r", status=403)
    assert any_site.get(before["location"]).body == PNG
    swept = sweep(any_site.plugin, grace_seconds=0)
    assert (swept.references, swept.contents, swept.files) == (0, 0, 0)
    assert check(any_site.plugin, reads=True).dangling == ()
    veto.is_awake = False


def test_unknown_files_are_given_time(any_site: Site) -> None:
    plugin = any_site.plugin
    any_site.send()
    plugin.store.save(new_key(BLOBS), [b"of a process that died"], "text/plain")
    assert check(plugin).unknown == 1
    assert sweep(plugin).files == 0
    assert sweep(plugin, grace_seconds=-60).files == 1
    assert check(plugin, reads=True).unknown == 0
    assert any_site.get(any_site.record()["attachment"]["location"]).body == PNG


def test_contents_are_looked_at_again_before_they_go(any_site: Site) -> None:
    plugin = any_site.plugin
    location = any_site.send().json["location"]
    assert collect(plugin) == 0
    any_site.http.delete(f"{RECORDS}/r")
    any_site.send(record="s")
    assert collect(plugin) == 0
    any_site.get(location, status=404)
    any_site.http.delete(f"{RECORDS}/s")
    assert collect(plugin) == 1
    assert any_site.kept() == []


def test_references_of_records_that_are_gone_go(any_site: Site) -> None:
    any_site.send()
    with any_site.server.storage.database.writing() as connection:
        row = {
            "path": "stray.txt",
            "parent_id": "/buckets/b/collections/c",
            "object_id": "nobody",
            "hash": "0" * 64,
            "filename": "stray.txt",
            "media_type": "text/plain",
            "size": 1,
            "shown": "{}",
            "is_fixed": True,
            "kept": False,
            "created": 1,
        }
        connection.run(sql.REFER, row)
    assert check(any_site.plugin).dangling == ("stray.txt",)
    assert sweep(any_site.plugin).references == 1
    assert check(any_site.plugin).dangling == ()
    assert any_site.record()["attachment"]["size"] == len(PNG)


LEVELS = [
    {"attachment.keep_old_files": "true"},
    {"attachment.resources.b.keep_old_files": "true"},
    {
        "attachment.resources.b.keep_old_files": "false",
        "attachment.resources.b.c.keep_old_files": "true",
    },
]
DELETIONS = [f"{RECORDS}/r", RECORDS, "/v1/buckets/b/collections/c", "/v1/buckets/b"]


@pytest.mark.parametrize("values", LEVELS)
@pytest.mark.parametrize("path", DELETIONS)
def test_old_files_are_kept_where_somebody_says_so(
    make_site: NewSite, values: dict[str, str], path: str
) -> None:
    """attachment A-30, A-31"""
    site = make_site(values)
    first = site.send(a_file(b"one", "a.txt", "text/plain")).json["location"]
    second = site.send(a_file(b"two", "a.txt", "text/plain")).json["location"]
    site.http.delete(path)
    site.deliver()
    sweep(site.plugin, grace_seconds=0)
    assert site.get(first).body == b"one"
    assert site.get(second).body == b"two"


def test_the_collection_has_the_last_word(make_site: NewSite) -> None:
    values = {
        "attachment.resources.b.keep_old_files": "true",
        "attachment.resources.b.c.keep_old_files": "false",
    }
    site = make_site(values)
    site.send()
    site.http.delete("/v1/buckets/b")
    site.deliver()
    assert site.kept() == []


def test_a_missing_file_is_found(site: Site) -> None:
    location = site.send().json["location"]
    (key,) = site.kept()
    path = site.folder / key
    path.write_bytes(b"x" * len(PNG))
    assert check(site.plugin).damaged == ()
    assert check(site.plugin, reads=True).damaged == (key,)
    path.unlink()
    assert check(site.plugin).dangling == (key,)
    site.get(location, status=503)
    site.send(a_file(b"new", "a.txt"), status=200)  # attachment A-29
    site.http.delete(f"{RECORDS}/r", status=200)


def test_the_same_file_again_heals_what_was_lost(any_site: Site) -> None:
    first = any_site.send().json["location"]
    any_site.plugin.store.delete(any_site.kept())
    second = any_site.send(record="s").json["location"]
    assert any_site.get(first).body == any_site.get(second).body == PNG
    assert check(any_site.plugin, reads=True).dangling == ()


def test_the_commands_do_the_same(tmp_path: Path) -> None:
    ini = tmp_path / "kinto.ini"
    ini.write_text(
        "[app:main]\nkinto.includes = attachment\nkinto.userid_hmac_secret = of tests, no secret\n"
        f"kinto.attachment.base_path = {tmp_path}/files\n"
        f"kinto.storage_url = sqlite:///{tmp_path}/kinto.db\nmultiauth.policies = basicauth\n"
    )
    stray = tmp_path / "files" / new_key(BLOBS)
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"x")
    long_ago = (datetime.now().astimezone() - timedelta(days=1)).timestamp()
    os.utime(stray, (long_ago, long_ago))
    with Server(load(ini=ini)[0]) as server:
        server.prepare()
    runner = CliRunner()
    options = ["--ini", str(ini)]
    found = runner.invoke(commands.attachment, ["check", *options])
    assert "1 unknown" in found.output
    swept = runner.invoke(commands.attachment, ["gc", *options])
    assert "1 unknown files" in swept.output
    assert not stray.exists()
