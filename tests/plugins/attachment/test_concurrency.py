"""Requests and the collection of contents at the same time lose nothing.

Source: attachment A-82 to A-84.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from webtest import TestApp

from kinto_attachment import links
from kinto_attachment.checking import check
from kinto_attachment.cleaning import collect, sweep
from kinto_attachment.metadata import Described
from kinto_core.objects import ObjectKey
from tests.plugins.attachment.conftest import NewSite
from tests.plugins.attachment.driving import FORM, RECORDS, Site, a_file, form, sha256

ROUNDS = 12
SHARED = b"the same for all"
WAITING = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
"""Gives a row while somebody waits for somebody else."""


def _together(*works: Callable[[], None]) -> None:
    """Run all of them at once; what any raises is raised."""
    faults: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  raised again below
            faults.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def _client(site: Site) -> TestApp:
    http = TestApp(site.http.app)
    http.authorization = ("Basic", ("alice", "secret"))
    return http


def test_a_content_is_not_collected_while_somebody_claims_it(any_site: Site) -> None:
    is_done = threading.Event()
    body = form(a_file(SHARED, "a.txt", "text/plain"))

    def come_and_go(record: str) -> None:
        http = _client(any_site)
        for _ in range(ROUNDS):
            http.delete(f"{RECORDS}/{record}", status="*")
            http.post(f"{RECORDS}/{record}/attachment", body, {"Content-Type": FORM}, status=201)

    def work() -> None:
        _together(lambda: come_and_go("r"), lambda: come_and_go("s"))
        is_done.set()

    def clean() -> None:
        while not is_done.is_set():
            collect(any_site.plugin)

    _together(work, clean)
    assert check(any_site.plugin, reads=True).dangling == ()
    for record in ("r", "s"):
        assert any_site.get(any_site.record(record)["attachment"]["location"]).body == SHARED
    sweep(any_site.plugin, grace_seconds=-60)
    assert len(any_site.kept()) == 1


def test_the_last_of_several_at_once_counts(any_site: Site) -> None:
    """attachment A-84"""

    def send(number: int) -> None:
        content = b"%d" % number
        body = form(a_file(content, "a.txt", "text/plain"))
        http = _client(any_site)
        for _ in range(4):
            answer = http.post(f"{RECORDS}/r/attachment", body, {"Content-Type": FORM})
            assert answer.json["hash"] == sha256(content)

    _together(*(lambda number=number: send(number) for number in range(4)))
    shown = any_site.record()["attachment"]
    assert sha256(any_site.get(shown["location"]).body) == shown["hash"]
    sweep(any_site.plugin, grace_seconds=-60)
    found = check(any_site.plugin, reads=True)
    assert (found.references, found.contents, found.unknown) == (1, 1, 0)


SPOKEN = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}


def _begun(site: Site) -> str:
    """The path of a new upload of six bytes."""
    told = {"Upload-Length": "6", "Upload-Metadata": "filename YS50eHQ="}
    begun = site.http.post(f"{RECORDS}/r/attachment/uploads", headers={**SPOKEN, **told})
    return str(begun.headers["Location"].partition("localhost:80")[2])


def test_two_pieces_for_one_place_are_one_too_many(any_site: Site) -> None:
    path = _begun(any_site)
    for place, content in ((0, b"abc"), (3, b"def")):
        statuses: list[int] = []

        def send(place: int = place, content: bytes = content, seen: list[int] = statuses) -> None:
            headers = {**SPOKEN, "Upload-Offset": str(place)}
            answer = _client(any_site).patch(path, content, headers, status="*")
            seen.append(answer.status_code)

        _together(send, send, send)
        assert sorted(statuses) == [204, 409, 409]
    assert any_site.get(any_site.record()["attachment"]["location"]).body == b"abcdef"
    assert len(any_site.kept()) == 1


def test_pieces_that_another_has_joined_are_no_failure(
    any_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _begun(any_site)
    statuses: list[int] = []

    def send(place: int, content: bytes) -> None:
        headers = {**SPOKEN, "Upload-Offset": str(place)}
        answer = _client(any_site).patch(path, content, headers, status="*")
        statuses.append(answer.status_code)

    store = type(any_site.plugin.store)
    read = store.read

    def late(self: Any, key: str, *part: int) -> Iterator[bytes]:  # noqa: ANN401  either store
        monkeypatch.undo()
        send(3, b"def")  # somebody else joins the pieces first, after which they go
        return read(self, key, *part)

    send(0, b"abc")
    monkeypatch.setattr(store, "read", late)
    send(3, b"def")
    assert statuses == [204, 204, 409]
    assert any_site.get(any_site.record()["attachment"]["location"]).body == b"abcdef"
    assert len(any_site.kept()) == 1


def test_conditions_keep_an_update_from_being_lost(any_site: Site) -> None:
    """attachment A-13, A-84"""
    any_site.send()
    seen = any_site.http.get(f"{RECORDS}/r").headers["ETag"]
    any_site.send(a_file(b"two", "a.txt"), If_Match=seen, status=200)
    any_site.send(a_file(b"three", "a.txt"), If_Match=seen, status=412)
    any_site.http.delete(f"{RECORDS}/r/attachment", headers={"If-Match": seen}, status=412)
    any_site.send(a_file(), If_None_Match="*", status=412)
    any_site.send(a_file(), record="new", If_None_Match="*", status=201)
    assert any_site.record()["attachment"]["hash"] == sha256(b"two")


def test_a_content_is_held_by_who_claims_it(make_site: NewSite, postgresql_url: str) -> None:
    """attachment A-83: who collects waits, and then looks again"""
    site = make_site({"storage_url": postgresql_url})
    site.send(a_file(SHARED, "a.txt", "text/plain"))
    (key,) = site.kept()
    site.http.delete(f"{RECORDS}/r")
    described = Described(
        filename="a.txt", media_type="text/plain", sha256=sha256(SHARED), size=len(SHARED)
    )
    record = ObjectKey("/buckets/b/collections/c", "record", "s")
    collecting = threading.Thread(target=collect, args=(site.plugin,))
    with site.server.storage.database.writing() as connection:
        assert links.claim(connection, described, "blobs/other", 1) == key
        links.refer(connection, record, "x.txt", described, shown={}, is_fixed=True, moment=1)
        collecting.start()
        with psycopg.connect(postgresql_url, autocommit=True) as watching:
            while not watching.execute(WAITING).fetchone():
                assert collecting.is_alive()
    collecting.join()
    assert site.kept() == [key]
    assert check(site.plugin).dangling == ()
