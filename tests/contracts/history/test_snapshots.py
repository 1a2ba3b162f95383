"""Collections as they were."""

import random
from collections.abc import Callable, Mapping
from typing import Any

from tests.contracts.history.rig import B, C, H, Person, R, Site

MakeSite = Callable[[Mapping[str, str]], Site]

S = f"{B}/snapshot/collections/c"


def at(person: Person, moment: int, query: str = "") -> list[dict[str, Any]]:
    """The records at a moment."""
    answer = person.get(f"{S}@{moment}{query}")
    assert answer.status_int == 200, answer.text
    found: list[dict[str, Any]] = answer.json["data"]
    return found


def is_complete(person: Person, moment: int) -> bool:
    """Whether the answer claims to be all there was."""
    return bool(person.get(f"{S}@{moment}").headers["Snapshot-Complete"] == "true")


def test_any_moment_is_as_it_was(site: Site) -> None:
    lots = random.Random(7)
    now: dict[str, dict[str, Any]] = {}
    moments: list[tuple[int, list[dict[str, Any]]]] = []
    for n in range(60):
        name = lots.choice("abcdef")
        if name in now and lots.random() < 0.3:
            stamp = site.mat.delete(f"{R}/{name}")
            del now[name]
        else:
            stamp = site.mat.put(f"{R}/{name}", {"n": n})
            now[name] = {"n": n, "id": name, "last_modified": stamp}
        newest = sorted(now.values(), key=lambda one: -one["last_modified"])
        moments.append((stamp, [dict(one) for one in newest]))
    for stamp, expected in moments:
        assert at(site.mat, stamp) == expected  # B-150
        assert is_complete(site.mat, stamp)
    assert at(site.mat, moments[0][0] - 1) == []
    assert at(site.mat, 10**30) == moments[-1][1]  # B-151


def test_pages_of_a_snapshot_are_the_snapshot(site: Site) -> None:
    for n in range(4):
        site.mat.put(f"{R}/{n}", {"n": n})
    moment = site.mat.put(f"{R}/4")
    site.mat.put(f"{R}/0", {"n": 9})
    site.mat.delete(f"{R}/1")
    path, pages = f"{S}@{moment}?_limit=2", []
    while path:
        answer = site.mat.get(path)
        pages.append(answer.json["data"])
        path = answer.headers.get("Next-Page", "").partition("/v1")[2]
    assert [len(one) for one in pages] == [2, 2, 1]  # BW-21
    assert [one for page in pages for one in page] == at(site.mat, moment)


def test_pages_have_a_version(site: Site) -> None:
    moment = site.mat.put(f"{R}/0")
    path = f"{S}@{moment}?_limit=10"
    etag = site.mat.get(path).headers["ETag"]
    site.mat.put(f"{R}/1")
    assert site.mat.get(path, If_None_Match=etag).status_int == 304  # BW-21
    site.mat.put(f"{R}/0", {"n": 2})
    site.mat.delete(H)
    assert site.mat.get(path, If_None_Match=etag).status_int == 200


def test_without_parameters_there_is_neither_page_nor_version(make_site: MakeSite) -> None:
    site = make_site({"paginate_by": "1"})
    site.mat.put(B)
    site.mat.put(C)
    site.mat.put(f"{R}/0")
    moment = site.mat.put(f"{R}/1")
    answer = site.mat.get(f"{S}@{moment}?_sort=bad&x=1")
    assert len(answer.json["data"]) == 2  # B-150
    assert "ETag" not in answer.headers


def test_purged_history_shows(site: Site) -> None:
    moment = site.mat.put(f"{R}/0", {"n": 1})
    site.mat.put(f"{R}/0", {"n": 2})
    assert is_complete(site.mat, moment)
    site.mat.delete(f"{H}?record_id=0")
    assert at(site.mat, moment) == []  # B-153
    assert not is_complete(site.mat, moment)  # BW-21
    answer = site.mat.get(f"{S}@{moment}?_complete=true")
    assert answer.status_int == 410
    assert str(moment) in answer.json["message"]
    assert is_complete(site.mat, site.mat.put(f"{R}/0"))


def test_what_was_before_the_plugin_shows_as_a_gap(make_site: MakeSite) -> None:
    make_site({})  # empties the history too
    plain = make_site({"includes": "default_bucket"})
    plain.mat.put(B)
    plain.mat.put(C)
    old = plain.mat.put(f"{R}/0", {"n": 1})
    site = _again(plain)
    site.mat.put(f"{R}/1")  # the first entry: what was before its commit is not known
    moment = site.mat.put(f"{R}/2")
    assert is_complete(site.mat, moment)
    site.mat.put(f"{R}/0", {"n": 2})
    assert not is_complete(site.mat, moment)
    assert not is_complete(site.mat, old)
    site.close()


def test_a_collection_made_anew_does_not_show_the_old_one(site: Site) -> None:
    before = site.mat.put(f"{R}/old")
    site.mat.delete(C)
    assert at(site.mat, before) == []  # B-153
    assert not is_complete(site.mat, before)
    site.mat.put(C)
    after = site.mat.put(f"{R}/new")
    assert [one["id"] for one in at(site.mat, after)] == ["new"]
    assert [one["id"] for one in at(site.mat, before)] == ["old"]


def test_faulty_timestamps_are_refused(site: Site) -> None:
    for text in ("abc", "-1", "1.5", "%201", "%C2%B2"):
        answer = site.mat.get(f"{S}@{text}")
        assert (answer.status_int, answer.json["errno"]) == (400, 107)  # B-151
        assert answer.json["details"][0]["location"] == "path"


def test_who_may_read_the_collection_sees_its_past(site: Site) -> None:
    moment = site.mat.put(f"{R}/0", read=[site.bob.id])
    assert site.bob.get(f"{S}@{moment}").status_int == 403  # B-152
    assert site.nobody.get(f"{S}@{moment}").status_int == 401
    site.mat.permit(C, read=[site.bob.id])
    assert len(at(site.bob, moment)) == 1
    assert site.mat.get(f"/buckets/none/snapshot/collections/c@{moment}").status_int == 403
    assert site.mat.get(f"{B}/snapshot/collections/none@{moment}").json["data"] == []
    answer = site.mat.get(f"{B}/snapshot/collections/-bad@{moment}")
    assert answer.status_int == 404
    assert answer.json["details"] == {"id": "-bad", "resource_name": "collection"}


def test_other_methods_are_not_there(site: Site) -> None:
    assert site.mat.ask("POST", f"{S}@1", {}).status_int == 405
    assert site.mat.get(f"{S}@").status_int == 404
    assert site.mat.ask("HEAD", f"{S}@1").body == b""


def _again(plain: Site) -> Site:
    """The same data, with history from now on."""
    settings = {"includes": "history", "storage_url": plain.server.settings.storage_url}
    return Site(settings, is_new=False)
