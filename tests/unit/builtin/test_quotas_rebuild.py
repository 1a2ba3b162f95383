"""``kinto quotas rebuild``. Source: built-in plugins B-167."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from webtest import TestApp

from kinto_core.app import make_application
from kinto_core.builtin.quotas import sql_recount
from kinto_core.builtin.quotas.rebuilding import rebuild
from kinto_core.builtin.quotas.sql import find, lots_of_buckets
from kinto_core.builtin.quotas.tally import Sums
from kinto_core.cli import main
from kinto_core.database.engine import Database
from kinto_core.database.moment import one_moment
from kinto_core.server import Server
from kinto_core.testing import make_settings

Act = Callable[[TestApp], None]

BUCKET = "/v1/buckets/b"
RECORDS = f"{BUCKET}/collections/c/records"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of a server with quotas."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'kinto.db'}"
    found: str = request.getfixturevalue("postgresql_url")
    with Server(make_settings({"includes": "quotas", "storage_url": found})) as server:
        server.migrate()
    return found


def using(url: str, includes: str, act: Act) -> None:
    """Do something with an application."""
    application = make_application(make_settings({"includes": includes, "storage_url": url}))
    http = TestApp(application)
    http.authorization = ("Basic", ("alice", "secret"))
    act(http)
    application.close()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """The database."""
    with Server(make_settings({"includes": "quotas", "storage_url": url})) as server:
        server.prepare()
        yield server.storage.database


def fill(http: TestApp) -> None:
    """A bucket with a group, a collection and records."""
    http.put_json(BUCKET, {"data": {"quotas": {"max_items": 2}}})
    http.put_json(f"{BUCKET}/groups/g", {"data": {"members": []}})
    http.put(f"{BUCKET}/collections/c")
    http.put(f"{RECORDS}/gone")
    http.delete(f"{RECORDS}/gone")
    http.put_json(f"{RECORDS}/a", {"data": {"x": "é"}})
    http.put(f"{RECORDS}/b")


def test_data_from_before_are_counted(url: str, database: Database) -> None:
    using(url, "default_bucket", fill)
    lines: list[str] = []
    found = rebuild(database, lines.append, dry_run=True)
    assert (found.buckets, found.wrong) == (1, 2)
    with database.reading() as connection:
        assert find(connection, "/buckets/b") is None
    rebuild(database, lines.append)
    own = 40 + len(',"quotas":{"max_items":2}') + 40 + len(',"members":[]')
    inside = 40 + 40 + len(',"x":"\\u00e9"') + 40
    expected = [
        f"Bucket b, collection c. Final size: 2 records, {inside} bytes.",
        f"Bucket b. Final size: 1 collections, 2 records, {own + inside} bytes.",
    ]
    assert lines == expected * 2

    def exceed(http: TestApp) -> None:
        assert http.get(f"{BUCKET}/usage").json["data"]["is_complete"] is True
        http.put(f"{RECORDS}/d", status=507)  # its own limit counts, too

    using(url, "quotas", exceed)
    assert rebuild(database, lines.append).wrong == 0


def test_what_happened_while_nobody_counted_is_put_right(url: str, database: Database) -> None:
    def more(http: TestApp) -> None:
        fill(http)
        http.put(f"{BUCKET}/collections/d")
        http.put("/v1/buckets/other")

    def uncounted(http: TestApp) -> None:
        http.delete(f"{BUCKET}/collections/d")
        http.delete(f"{RECORDS}/b")
        http.put(f"{BUCKET}/collections/e")
        http.delete("/v1/buckets/other")

    using(url, "quotas", more)
    using(url, "default_bucket", uncounted)
    assert rebuild(database, lambda _: None).wrong == 3  # the bucket, c and e
    assert_right(database)
    with database.reading() as connection:
        assert list(lots_of_buckets(connection)) == ["/buckets/b"]
    using(url, "quotas", lambda http: http.put(f"{BUCKET}/collections/d"))
    assert_right(database)


def test_a_collection_made_anew_after_a_pause_begins_at_nothing(
    url: str, database: Database
) -> None:
    using(url, "quotas", fill)
    using(url, "default_bucket", lambda http: http.delete(f"{BUCKET}/collections/c"))

    def again(http: TestApp) -> None:
        http.put(f"{BUCKET}/collections/c")
        shown = http.get(f"{BUCKET}/collections/c/usage").json["data"]
        assert (shown["record_count"], shown["storage_size"]) == (0, 40)

    using(url, "quotas", again)
    with database.reading() as connection:
        row = find(connection, "/buckets/b")
    assert row is not None
    assert row.sums.records == 0


def test_what_is_deleted_while_it_is_counted_stays_forgotten(
    url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    using(url, "default_bucket", fill)
    count = sql_recount.recount

    def slowly(database: Database, bucket: str) -> sql_recount.Recount:
        found = count(database, bucket)
        using(url, "quotas", change)
        return found

    def change(http: TestApp) -> None:
        http.put(f"{BUCKET}/collections/new/records/x", status=404)
        http.delete(f"{BUCKET}/collections/c")
        http.put(f"{BUCKET}/collections/c")
        http.put(f"{RECORDS}/z")

    monkeypatch.setattr(sql_recount, "recount", slowly)
    rebuild(database, lambda _: None)
    assert_right(database)


def assert_right(database: Database) -> None:
    """All sums are what a recount gives."""
    found = sql_recount.recount(database, "/buckets/b")
    assert {uri: row.sums for uri, row in found.known.items()} == found.true
    assert found.true["/buckets/b"] != Sums()


def test_the_command_has_two_names(tmp_path: Path) -> None:
    ini = tmp_path / "kinto.ini"
    url = f"sqlite:///{tmp_path / 'kinto.db'}"
    ini.write_text(
        "[app:main]\nuse = egg:kinto-core\nkinto.includes = quotas\n"
        f"kinto.storage_url = {url}\nkinto.userid_hmac_secret = {'0123456789abcdef' * 4}\n"
    )
    using(url, "default_bucket", fill)
    run = CliRunner().invoke
    found = run(main, ["quotas", "rebuild", "--dry-run", "--ini", str(ini)])
    assert "1 buckets counted, 2 sums are to be put right." in found.output
    assert "Bucket b. Final size: 1 collections, 2 records," in found.output
    found = run(main, ["rebuild-quotas", "-q", "--ini", str(ini)])
    assert (found.exit_code, found.output) == (
        0,
        "1 buckets counted, 2 sums were put right.\n",
    )
    ini.write_text(ini.read_text() + "kinto.readonly = true\n")
    found = run(main, ["quotas", "rebuild", "--ini", str(ini)])
    assert found.exit_code == 1
    assert "use --dry-run" in found.output


def test_the_snapshot_takes_its_time_on_postgresql(postgresql_url: str) -> None:
    settings = make_settings({"includes": "quotas", "storage_url": postgresql_url})
    with Server(settings) as server:
        server.migrate()
        with one_moment(server.storage.database) as connection:
            assert connection.scalar(text("SHOW statement_timeout")) == "0"
