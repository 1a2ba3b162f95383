"""What history tells, in the transaction of what it tells of."""

from collections.abc import Callable, Mapping

import pytest

from kinto_core import json
from kinto_core.builtin.history.recording import recorder_of
from kinto_core.errors import Refused
from kinto_core.events.event import ResourceChanged
from kinto_core.hookspecs import hookimpl
from tests.contracts.history.rig import B, C, H, R, Site

MakeSite = Callable[[Mapping[str, str]], Site]


def test_every_change_is_told(site: Site) -> None:
    site.mat.put(f"{B}/groups/g", {"members": ["a"]})
    site.mat.put(f"{R}/r", {"n": 1})
    site.mat.ask("PATCH", f"{R}/r", {"data": {"n": 1}})  # B-116: also when nothing changes
    site.mat.permit(f"{R}/r", read=["system.Everyone"])
    site.mat.delete(f"{R}/r")
    assert site.mat.told() == [
        "delete record r",
        "update record r",
        "update record r",
        "create record r",
        "create group g",
        "create collection c",
        "create bucket b",
    ]


def test_an_entry_has_the_fields_of_the_specification(site: Site) -> None:
    stamp = site.mat.put(f"{R}/r", {"t": 3}, read=["system.Everyone"])
    [entry] = site.mat.history("?resource_name=record")
    assert len(entry.pop("id")) == 36  # B-118
    assert entry.pop("date").endswith("+00:00")  # B-120
    assert entry.pop("last_modified") >= stamp  # B-119
    assert entry == {  # B-121 to B-130
        "action": "create",
        "resource_name": "record",
        "uri": f"{R}/r",
        "user_id": site.mat.id,
        "collection_id": "c",
        "record_id": "r",
        "target": {
            "data": {"t": 3, "id": "r", "last_modified": stamp},
            "permissions": {"read": ["system.Everyone"], "write": [site.mat.id]},
        },
    }


def test_deletions_show_the_tombstone_and_no_permissions(site: Site) -> None:
    site.mat.put(f"{R}/r")
    stamp = site.mat.delete(f"{R}/r")
    [entry] = site.mat.history("?action=delete")
    data = {"id": "r", "last_modified": stamp, "deleted": True}
    assert entry["target"] == {"data": data, "permissions": {}}  # B-129


def test_a_batch_is_grouped_and_its_permissions_are_those_of_its_end(site: Site) -> None:
    site.mat.batch(
        ("PUT", f"{R}/a", {"data": {"n": 1}}),
        ("PUT", f"{R}/a", {"data": {"n": 2}}),
        ("PUT", f"{R}/b", {"data": {"n": 3}}),
        ("DELETE", f"{R}/b", None),
        ("PATCH", f"{R}/a", {"permissions": {"read": ["x"]}}),
    )
    found = site.mat.history("?resource_name=record&_sort=last_modified")
    assert [(one["action"], one["record_id"]) for one in found] == [  # B-131
        ("create", "a"),
        ("create", "b"),
        ("update", "a"),
        ("update", "a"),
        ("delete", "b"),
    ]
    assert [one["target"]["data"].get("n") for one in found] == [1, 3, 2, 2, None]
    assert found[0]["target"]["permissions"]["read"] == ["x"]
    assert found[1]["target"]["permissions"] == {}
    times = [one["last_modified"] for one in found]
    assert times == sorted(set(times))


def test_large_batches_are_told_in_full(site: Site) -> None:
    site.mat.batch(*(("PUT", f"{R}/{n}", {"permissions": {"read": [f"u{n}"]}}) for n in range(25)))
    found = site.mat.history("?resource_name=record")
    assert [one["target"]["permissions"]["read"] for one in found] == [
        [f"u{n}"] for n in reversed(range(25))
    ]


def test_without_explicit_permissions_everything_is_told_too(make_site: MakeSite) -> None:
    site = make_site(
        {"explicit_permissions": "false", "bucket_create_principals": "system.Everyone"}
    )
    anybody = ["system.Everyone"]
    site.mat.put(B, write=anybody)
    site.mat.batch(("PUT", C, None), *(("PUT", f"{R}/{n}", None) for n in range(3)))
    assert len(site.mat.history("?resource_name=record")) == 3  # BW-19


def test_deleting_lists_tells_of_each_object_and_of_nothing_inside(site: Site) -> None:
    site.mat.put(f"{R}/a")
    site.mat.put(f"{R}/b")
    site.mat.delete(R)
    assert len(site.mat.history("?action=delete")) == 2  # B-132
    site.mat.put(f"{R}/c")
    site.mat.delete(C)
    assert site.mat.told("?action=delete")[0] == "delete collection c"
    assert len(site.mat.history("?action=delete")) == 3


def test_a_bucket_made_anew_begins_with_its_creation(site: Site) -> None:
    site.mat.put(f"{R}/a")
    site.mat.delete(B)
    assert site.mat.get(H).status_int == 403
    site.mat.put(B)
    assert site.mat.told() == ["create bucket b"]  # B-133


def test_a_bucket_deleted_and_made_anew_in_a_batch_keeps_what_came_after(site: Site) -> None:
    site.mat.batch(
        ("PUT", f"{R}/old", None),
        ("DELETE", B, None),
        ("PUT", B, None),
        ("PUT", C, None),
        ("PUT", f"{R}/new", None),
    )
    assert site.mat.told() == ["create collection c", "create bucket b", "create record new"]


def test_what_is_refused_leaves_no_entry(site: Site) -> None:
    class Guard:
        @hookimpl
        def resource_changed(self, event: ResourceChanged) -> None:
            if json.parse(event.changes[-1].new).get("bad"):
                raise Refused

    site.server.plugins.add(Guard(), "guard")
    assert site.mat.ask("PUT", f"{R}/r", {"data": {"bad": 1}}).status_int == 403
    assert site.mat.history("?resource_name=record") == []


def test_excluded_objects_and_users_leave_no_entry(
    make_site: MakeSite, caplog: pytest.LogCaptureFixture
) -> None:
    probe = make_site({})
    site = make_site(
        {
            "history.exclude_resources": f"{C} /buckets/quiet {B}/groups/g",
            "history.exclude_user_ids": probe.bob.id,
        }
    )
    caplog.set_level("INFO")
    site.mat.put(B, write=[site.bob.id])
    site.mat.put("/buckets/quiet")
    for path in (C, f"{R}/r", f"{B}/collections/d", f"{B}/groups/g", f"{B}/groups/h"):
        site.mat.put(path, {"members": []} if "groups" in path else {})
    site.bob.put(f"{B}/collections/e")
    assert site.mat.told() == ["create group h", "create collection d", "create bucket b"]
    assert site.mat.told(path="/buckets/quiet/history") == []  # B-109, B-110
    assert f"History entries for collection '{C}' are disabled in config" in caplog.messages


def test_personal_buckets_are_told_of_in_any_order_of_plugins(make_site: MakeSite) -> None:
    site = make_site({"includes": "history default_bucket"})
    site.mat.put("/buckets/default/collections/c/records/r")
    told = site.mat.told(path="/buckets/default/history")  # B-134, BW-22
    assert told[0] == "create record r"
    real = site.mat.get("/").json["user"]["bucket"]
    [entry] = site.mat.history("?resource_name=record", path="/buckets/default/history")
    assert entry["uri"] == f"/buckets/{real}/collections/c/records/r"


def test_a_flush_leaves_nothing(make_site: MakeSite) -> None:
    site = make_site({"includes": "history flush"})
    site.mat.put(B)
    site.mat.ask("POST", "/__flush__")
    site.mat.put(B)
    assert site.mat.told() == ["create bucket b"]


def test_what_plugins_write_in_a_hook_is_told_too(site: Site) -> None:
    assert recorder_of(site.server) is recorder_of(site.server)
    assert site.server.plugins.implements("before_commit")
    assert not site.server.plugins.implements("after_resource_changed")
