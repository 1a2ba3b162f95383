"""What follows from a snapshot for one caller."""

from kinto_core.objects import Snapshot, StoredObject, tombstone
from kinto_core.resources.access import Access, Caller
from kinto_core.resources.addresses import list_address
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.calls import Rules, Situation, live
from kinto_core.resources.collection import COLLECTION
from kinto_core.resources.definition import ResourceTypes

TYPES = ResourceTypes.build((BUCKET, COLLECTION), {})
RULES = Rules(TYPES, Access(TYPES, {}))
BUCKET_B = StoredObject("b", 1, "{}")
DEAD = tombstone("c", 2)
LIST = list_address(COLLECTION, ("b",))


def test_a_tombstone_is_nothing_alive() -> None:
    assert live(BUCKET_B) is BUCKET_B
    assert live(DEAD) is None
    assert live(None) is None


def test_a_situation_of_an_object() -> None:
    snapshot = Snapshot([BUCKET_B, DEAD], [{"read": {"bob"}}, {}], ("/buckets/b/groups/g",))
    seen = Situation.of(snapshot, Caller("bob"), target_is_list=False)
    assert seen.existing is None
    assert seen.principals >= {"bob", "/buckets/b/groups/g"}
    assert seen.parent(LIST) is BUCKET_B
    assert seen.ancestor_grants(LIST) == [{"read": {"bob"}}]


def test_a_situation_of_a_list() -> None:
    seen = Situation.of(Snapshot([BUCKET_B], [{}]), Caller("bob"), target_is_list=True)
    assert seen.existing is None
    assert seen.parent(LIST) is BUCKET_B
    assert Situation.of(Snapshot([], []), Caller(), target_is_list=True).parent(
        list_address(BUCKET, ())
    ) is None  # fmt: skip


def test_permissions_are_shown_to_writers() -> None:
    grants = {"write": {"bob"}, "read": {"carol"}}
    for user, shown in (("bob", grants), ("carol", {}), (None, {})):
        snapshot = Snapshot([BUCKET_B], [grants])
        seen = Situation.of(snapshot, Caller(user), target_is_list=False)
        assert seen.visible_grants(RULES, BUCKET) == shown  # protocol W-12
