"""Protocol 6.4: what changed since."""

import pytest

from tests.protocol.client import BOB, B, Client, G, R, quoted


@pytest.fixture
def changed(blog: Client) -> Client:
    """Alice with records r1 to r3 and the tombstone of r0, as in AX-3."""
    for i in range(4):
        blog.put(f"{R}/r{i}", {"data": {"i": i}})
    blog.delete(f"{R}/r0")
    return blog


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", "r3 r2 r1"),
        ("?_since=0", "r0 r3 r2 r1"),  # protocol F-40
        ("?_since=0&_sort=i", "r1 r2 r3 r0"),
        ("?gt_last_modified=0", "r0 r3 r2 r1"),
        ("?not_last_modified=5", "r0 r3 r2 r1"),
        ("?_since=0&deleted=true", "r0"),  # protocol F-44
        ("?_since=0&not_deleted=true", "r3 r2 r1"),
        ("?_since=0&deleted=false", ""),
        ("?deleted=true", ""),
        ("?_since=0&i=1", "r1"),  # protocol F-45
        ("?_since=0&not_i=1", "r0 r3 r2"),
        ("?_since=null", "r3 r2 r1"),  # protocol F-43, W-22
        ("?_since=1.5&i=1", "r1"),  # protocol F-42
    ],
)
def test_tombstones_show_when_changes_are_asked_for(changed: Client, query: str, ids: str) -> None:
    assert changed.get(R + query).ids == ids.split()


def test_since_and_before_are_strict(changed: Client) -> None:
    stamps = [item["last_modified"] for item in changed.get(f"{R}?_since=0").data]
    assert changed.get(f"{R}?_since={stamps[1]}").ids == ["r0"]  # protocol F-41
    assert changed.get(f"{R}?_before={stamps[2]}").ids == ["r1"]
    assert changed.get(f"{R}?last_modified={stamps[1]}").ids == ["r3"]
    assert changed.get(f'{R}?_since="{stamps[1]}"').ids == ["r0"]  # protocol F-42


def test_to_is_deprecated(changed: Client) -> None:
    answer = changed.get(f"{R}?_to=5")  # protocol F-41
    assert answer.data == []
    assert "_to is now deprecated" in answer.headers["Alert"]


@pytest.mark.parametrize("value", ["abc", "-1", "", "{}", "99999999999999"])
def test_bad_moments_are_refused(changed: Client, value: str) -> None:
    [fault] = changed.get(f"{R}?_since={value}").faults  # protocol F-42
    assert fault[:2] == ("querystring", "_since")


def test_the_loop_of_a_client(changed: Client) -> None:
    etag = changed.get(R).etag  # protocol F-47
    url = f"{R}?_since={quoted(etag)}"
    assert changed.get(url, if_none_match=quoted(etag)).status == 304
    changed.put(f"{R}/r9")
    changed.delete(f"{R}/r1")
    answer = changed.get(url, if_none_match=quoted(etag))
    assert answer.ids == ["r1", "r9"]
    assert answer.data[0] == {
        "id": "r1",
        "last_modified": answer.etag,
        "deleted": True,
    }  # protocol R-28


def test_who_reads_a_part_sees_no_tombstones(changed: Client) -> None:
    for name in ("r1", "r2"):
        changed.patch(f"{R}/{name}", {"permissions": {"read": [BOB]}})
    changed.delete(f"{R}/r2")
    bob = changed.as_("bob")
    assert bob.get(f"{R}?_since=0").ids == ["r1"]  # protocol F-46
    assert bob.get(R).etag == changed.get(R).etag  # protocol P-34


def test_tombstones_keep_their_mark(changed: Client) -> None:
    found = {item["id"]: item for item in changed.get(f"{R}?_since=0&_fields=i").data}
    assert found["r0"].get("deleted") is True  # protocol W-24
    assert "deleted" not in found["r1"]


@pytest.mark.parametrize("plural", ["collections", "groups"])
def test_all_lists_can_be_polled(blog: Client, plural: str) -> None:
    blog.put(f"{B}/{plural}/x")
    etag = blog.get(f"{B}/{plural}").etag
    blog.delete(f"{B}/{plural}/x")
    assert blog.get(f"{B}/{plural}?_since={etag}").ids == ["x"]
    assert blog.get(G).status == 404
