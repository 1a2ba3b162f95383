"""Who sees what of history, and how it is asked for."""

from collections.abc import Callable, Mapping

from kinto_core.testing.recorder import HookRecorder
from tests.contracts.history.rig import B, C, H, R, Site

MakeSite = Callable[[Mapping[str, str]], Site]


# -- lists ----------------------------------------------------------------------------------------


def test_filters_reach_every_field(site: Site) -> None:
    site.mat.put(f"{R}/a", {"n": 1})
    site.mat.put(f"{R}/b", {"n": 2})
    site.mat.put(f"{R}/a", {"n": 3})
    expected = {  # B-141
        "?action=create": "ba",
        "?target.data.n=2": "b",
        "?min_target.data.n=2": "ab",
        "?in_action=delete,update": "a",
        "?like_uri=records/a": "aa",
        f"?uri={R}/a": "aa",
        f"?uri={R}": "",
        f"?uri={B}": "",
        "?record_id=a&not_action=create": "a",
        "?has_collection_id=true&record_id=b": "b",
    }
    found = {
        query: "".join(one.get("record_id", "") for one in site.mat.history(query))
        for query in expected
    }
    assert found == expected


def test_numbers_are_compared_with_ids_as_texts(site: Site) -> None:
    site.mat.put(f"{R}/42")
    site.mat.put(f"{R}/x")
    assert site.mat.told("?record_id=42") == ["create record 42"]  # B-141
    assert site.mat.told("?in_record_id=42,x") == ["create record x", "create record 42"]


def test_unknown_fields_are_refused(site: Site) -> None:
    for query in ("?bad=1", "?timestamp=1", "?_sort=bad", "?_since=abc"):
        answer = site.mat.get(H + query)
        assert (answer.status_int, answer.json["errno"]) == (400, 107)  # B-141


def test_pages_follow_one_another(site: Site) -> None:
    for n in range(5):
        site.mat.put(f"{R}/{n}", {"n": n})
    path, seen = f"{H}?_limit=2&_sort=-target.data.n", []
    while path:
        answer = site.mat.get(path)
        seen += [one["uri"].rpartition("/")[2] for one in answer.json["data"]]
        path = answer.headers.get("Next-Page", "").partition("/v1")[2]
    assert sorted(seen) == ["0", "1", "2", "3", "4", "b", "c"]
    assert [one for one in seen if one.isdigit()] == ["4", "3", "2", "1", "0"]


def test_fields_can_be_chosen(site: Site) -> None:
    [entry, _] = site.mat.history("?_fields=uri,target.data.id")
    assert set(entry) == {"uri", "target", "id", "last_modified"}
    assert entry["target"] == {"data": {"id": "c"}}


def test_the_list_has_a_version(site: Site) -> None:
    answer = site.mat.get(H)
    etag = answer.headers["ETag"]
    assert etag == f'"{answer.json["data"][0]["last_modified"]}"'
    assert site.mat.get(H, If_None_Match=etag).status_int == 304  # B-140
    site.mat.put(f"{R}/r")
    assert site.mat.told(f"?_since={etag}") == ["create record r"]
    assert site.mat.get(H, If_Match=etag).status_int == 412


def test_head_counts(site: Site) -> None:
    answer = site.mat.ask("HEAD", f"{H}?action=create")
    assert answer.headers["Total-Objects"] == "2"  # BW-19
    assert answer.body == b""


def test_only_reading_and_purging_is_allowed(site: Site) -> None:
    for method in ("POST", "PUT", "PATCH"):
        assert site.mat.ask(method, H, {"data": {}}).status_int == 405  # B-139
    [entry, _] = site.mat.history()
    for method in ("GET", "DELETE"):
        answer = site.mat.ask(method, f"{H}/{entry['id']}")
        assert (answer.status_int, answer.json["errno"]) == (404, 111)  # B-139
    assert len(site.mat.history(f"?id={entry['id']}")) == 1


def test_methods_can_be_switched_off(make_site: MakeSite) -> None:
    site = make_site({"plural_history_delete_enabled": "false"})
    site.mat.put(B)
    answer = site.mat.ask("DELETE", H)
    assert answer.status_int == 405  # settings S-79
    assert "DELETE" not in answer.headers["Allow"]


def test_reads_are_told_to_plugins(site: Site) -> None:
    recorder = HookRecorder()
    site.server.plugins.add(recorder, "recorder")
    site.mat.history()
    assert recorder.texts == ["resource_read read history"]  # events E-71


# -- permissions ----------------------------------------------------------------------------------


def test_who_may_read_the_bucket_sees_everything(site: Site) -> None:
    assert site.bob.get(H).status_int == 403  # B-146
    assert site.nobody.get(H).status_int == 401
    site.mat.permit(B, read=[site.bob.id])
    assert len(site.bob.history()) == 3  # B-143: what was before, too
    assert site.nobody.get(H).status_int == 401


def test_unknown_buckets_are_like_those_of_others(site: Site) -> None:
    for bucket in ("none", "-bad", "b%00"):
        assert site.mat.get(f"/buckets/{bucket}/history").status_int == 403  # B-142
        assert site.nobody.get(f"/buckets/{bucket}/history").status_int == 401


def test_who_may_read_an_object_sees_what_happened_to_it(site: Site) -> None:
    site.mat.put(f"{R}/hidden")
    site.mat.put(f"{R}/shown", read=[site.bob.id])
    site.mat.put(f"{R}/public", read=["system.Everyone"])
    assert site.bob.told() == ["create record public", "create record shown"]  # B-144
    assert site.nobody.told() == ["create record public"]
    assert site.bob.ask("HEAD", H).headers["Total-Objects"] == "2"
    site.mat.permit(C, read=[site.bob.id])
    site.mat.put(f"{R}/later")
    assert site.bob.told() == [
        "create record later",
        "update collection c",
        "create record public",
        "create record shown",
    ]


def test_who_gains_access_sees_nothing_from_before(site: Site) -> None:
    site.mat.put(f"{R}/r", {"n": 1})
    site.mat.put(f"{R}/r", {"n": 2}, read=[site.bob.id])
    assert [one["target"]["data"]["n"] for one in site.bob.history()] == [2]  # B-144


def test_who_loses_access_sees_nothing_any_more(site: Site) -> None:
    site.mat.put(f"{R}/r", read=[site.bob.id])
    site.mat.put(f"{R}/s", read=[site.bob.id])
    site.mat.permit(f"{R}/r", read=[])
    assert site.bob.told() == ["create record s"]  # BW-14
    site.mat.permit(f"{R}/s", read=[])
    assert site.bob.get(H).status_int == 403
    site.mat.permit(C, read=[site.bob.id])
    site.mat.permit(C, read=[])
    assert site.bob.get(H).status_int == 403


def test_access_through_groups_counts_as_it_is_today(site: Site) -> None:
    group = f"{B}/groups/g"
    site.mat.put(group, {"members": [site.bob.id]})
    site.mat.permit(C, read=[group])
    site.mat.put(f"{R}/r")
    assert site.bob.told() == ["create record r", "update collection c"]
    site.mat.put(group, {"members": []})
    assert site.bob.get(H).status_int == 403  # BW-14


def test_deletions_show_to_readers_of_what_contained_the_object(site: Site) -> None:
    site.mat.permit(C, read=[site.bob.id])
    site.mat.put(f"{R}/r")
    site.mat.delete(f"{R}/r")
    assert site.bob.told()[0] == "delete record r"  # B-145
    site.mat.delete(C)
    assert site.bob.get(H).status_int == 403


def test_settings_grant_all_history(make_site: MakeSite) -> None:
    probe = make_site({})
    site = make_site(
        {"history_read_principals": probe.bob.id, "bucket_read_principals": "system.Everyone"}
    )
    site.mat.put(B)
    assert site.bob.told() == ["create bucket b"]  # B-143
    assert site.nobody.get(H).status_int == 401
    assert site.bob.ask("DELETE", H).status_int == 403


# -- the log of the server ------------------------------------------------------------------------


def test_operators_see_what_became_of_buckets(make_site: MakeSite) -> None:
    probe = make_site({})
    site = make_site({"history_read_principals": probe.bob.id})
    site.mat.put(B)
    site.mat.put(C)
    site.mat.delete(B)
    assert site.mat.get("/__history__").status_int == 403
    assert site.bob.told(path="/__history__") == ["delete bucket b", "create bucket b"]  # BW-20
    assert [one["user_id"] for one in site.bob.history(path="/__history__")] == [site.mat.id] * 2
    assert site.bob.ask("DELETE", "/__history__").status_int == 405


def test_purges_are_in_the_log_of_the_server(make_site: MakeSite) -> None:
    probe = make_site({})
    site = make_site({"history_read_principals": probe.bob.id})
    site.mat.put(B)
    site.mat.put(C)
    site.mat.delete(H)
    [purge, _] = site.bob.history(path="/__history__")
    assert (purge["action"], purge["uri"], purge["user_id"]) == ("delete", H, site.mat.id)
    assert purge["target"]["data"] == {"count": 2}
