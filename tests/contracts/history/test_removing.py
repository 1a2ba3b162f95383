"""Purging, trimming and erasing: what goes, and that nothing is left behind."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from kinto_core.builtin.history import sql_trimming
from kinto_core.builtin.history.recording import recorder_of
from kinto_core.builtin.history.sql_tables import entries
from kinto_core.testing.recorder import HookRecorder
from tests.contracts.history.rig import B, C, H, R, Site

MakeSite = Callable[[Mapping[str, str]], Site]


# -- purging --------------------------------------------------------------------------------------


def test_purging_leaves_tombstones(site: Site) -> None:
    before = site.mat.get(H).headers["ETag"]
    answer = site.mat.ask("DELETE", f"{H}?resource_name=collection")
    [dead] = answer.json["data"]
    assert dead["deleted"] is True  # B-147
    assert site.mat.told() == ["create bucket b"]
    assert site.mat.history(f"?_since={before}") == [dead]
    assert answer.headers["ETag"] == site.mat.get(H).headers["ETag"] == f'"{dead["last_modified"]}"'


def test_purging_goes_page_by_page(site: Site) -> None:
    for n in range(3):
        site.mat.put(f"{R}/{n}")
    answer = site.mat.ask("DELETE", f"{H}?_limit=2")
    assert len(answer.json["data"]) == 2
    following = answer.headers["Next-Page"].partition("/v1")[2]
    assert len(site.mat.ask("DELETE", following).json["data"]) == 2
    assert site.mat.ask("DELETE", following).status_int == 400  # protocol G-12: used once
    assert site.mat.told() == ["create bucket b"]


def test_purging_needs_write_on_the_bucket(site: Site) -> None:
    site.mat.permit(B, read=[site.bob.id])
    assert site.bob.ask("DELETE", H).status_int == 403  # B-143
    site.mat.permit(B, write=[site.bob.id])
    assert site.bob.ask("DELETE", H, If_Match='"1"').status_int == 412
    assert site.bob.ask("DELETE", H).status_int == 200


def test_purging_is_told_to_plugins_and_not_to_history(site: Site) -> None:
    recorder = HookRecorder()
    site.server.plugins.add(recorder, "recorder")
    site.mat.delete(H)
    assert recorder.texts[0] == "resource_changed delete history"  # events E-71
    assert site.mat.told() == []  # B-147


# -- trimming -------------------------------------------------------------------------------------


def test_a_reader_never_sees_more_than_the_limit(make_site: MakeSite) -> None:
    site = make_site({"history.auto_trim_max_count": "3", "history.auto_trim_threshold": "0"})
    site.mat.put(B)
    site.mat.put(C)
    for n in range(6):
        site.mat.put(f"{R}/r", {"n": n})
        shown = [one["target"]["data"]["n"] for one in site.mat.history("?resource_name=record")]
        assert shown == list(range(n, max(-1, n - 3), -1))  # B-148
    assert len(site.mat.history()) == 5
    assert site.mat.ask("HEAD", H).headers["Total-Objects"] == "5"


def test_what_is_too_much_is_gone_without_a_trace(make_site: MakeSite) -> None:
    site = make_site({"history.auto_trim_max_count": "3", "history.auto_trim_threshold": "2"})
    site.mat.put(B)
    site.mat.put(C)
    stored = []
    for n in range(9):
        site.mat.put(f"{R}/r", {"n": n})
        site.settle()
        stored.append(len(site.mat.history("?resource_name=record")))
    assert stored == [1, 2, 3, 4, 5, 3, 4, 5, 3]  # B-148
    assert site.count(entries) == 3 + 2 + 1  # of records, of what contains them, of the server
    assert len(site.mat.history("?_since=0")) == 5  # B-149: no tombstones


def test_only_entries_of_certain_users_are_trimmed(make_site: MakeSite) -> None:
    probe = make_site({})
    site = make_site(
        {
            "history.auto_trim_max_count": "1",
            "history.auto_trim_threshold": "0",
            "history.auto_trim_user_ids": probe.bob.id,
        }
    )
    site.mat.put(B, write=[site.bob.id])
    site.mat.put(C)
    for _ in range(3):
        site.mat.put(f"{R}/r")
        site.bob.put(f"{R}/r")
    site.settle()
    by = [one["user_id"] for one in site.mat.history("?resource_name=record")]
    assert by.count(site.bob.id) == 1  # B-113
    assert by.count(site.mat.id) == 3


def test_trimming_is_bounded_and_goes_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_trimming, "STEP", 2)
    for n in range(5):
        site.mat.put(f"{R}/{n}")
    moment = site.mat.history()[0]["last_modified"]
    assert sql_trimming.remove_before(site.server.storage.database, moment) == 7
    assert site.mat.told() == ["create record 4"]


def test_a_server_closes_while_it_trims(make_site: MakeSite) -> None:
    site = make_site({"history.auto_trim_max_count": "1", "history.auto_trim_threshold": "0"})
    site.mat.put(B)
    for n in range(5):
        site.mat.put(f"{B}/collections/{n}")
    site.close()
    trimmer = recorder_of(site.server).trimmer
    assert trimmer is not None
    assert not trimmer.is_busy


def test_writers_and_the_trimmer_get_along(make_site: MakeSite) -> None:
    site = make_site({"history.auto_trim_max_count": "5", "history.auto_trim_threshold": "0"})
    site.mat.put(B)
    for name in "xyz":
        site.mat.put(f"{B}/collections/{name}")

    def write(name: str) -> None:
        for n in range(10):
            site.mat.put(f"{B}/collections/{name}/records/{n}")

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, "xyz"))
    site.settle()
    found = site.mat.history("?resource_name=record")
    times = [one["last_modified"] for one in found]
    assert len(found) == 5
    assert times == sorted(set(times), reverse=True)  # B-119


# -- erasing --------------------------------------------------------------------------------------


def test_erased_users_leave_nothing_that_names_them(make_site: MakeSite) -> None:
    probe = make_site({})
    site = make_site({"user-data_delete_principals": probe.mat.id})
    bob = site.bob.id
    body = {"permissions": {"read": [bob], "collection:create": [bob]}}
    site.mat.ask("PUT", B, body)
    site.bob.put(C, {"secret": "mine"})
    site.bob.put(f"{R}/r", {"secret": "mine"})
    site.mat.put(f"{B}/collections/d", write=[bob])
    site.bob.put(f"{B}/collections/d/records/s", write=[site.mat.id])
    assert site.mat.ask("DELETE", f"/__user_data__/{bob}").status_int == 200  # B-137, BW-14
    text = site.mat.get(H).text
    assert bob not in text
    assert "mine" not in text
    assert site.mat.told() == [
        "delete collection c",
        "create record s",
        "create collection d",
        "create bucket b",
    ]
    assert site.mat.history("?record_id=s")[0]["user_id"] is None
