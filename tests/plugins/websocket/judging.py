"""An oracle of who could read which version of what, and clients that mirror a collection."""

import random
from collections.abc import Callable
from typing import Any

from kinto_core.errors import NotAllowed, ObjectNotFound
from kinto_core.objects import ObjectKey
from kinto_core.resources.access import Caller
from kinto_core.resources.calls import Call
from kinto_core.resources.reading import fetch
from kinto_core.resources.record import RECORD
from kinto_core.storage.query import Query
from kinto_websocket.targets import address_of
from tests.plugins.websocket.driving import BUCKET, COLLECTION, Client, World, record

GROUP = f"{BUCKET}/groups/g"
NAMES = ("x", "y", "z")
USERS = ("alice", "bob")


class Oracle:
    """Who could read which version of a record, while it was the present one.

    Attributes:
        seen: ``(user, uri, timestamp)``.
        now: the timestamps of what each user can read at this moment, by user and URI.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.seen: set[tuple[str, str, int]] = set()
        self.now: dict[str, dict[str, int]] = {user: {} for user in USERS}

    def note(self) -> None:
        """Ask the operations of the server what everybody can read now."""
        for user in USERS:
            self.now[user] = {}
            self._note_tombstones(user)
            for name in NAMES:
                timestamp = self._read(user, record(name))
                if timestamp is not None:
                    self.now[user][record(name)] = timestamp
                    self.seen.add((user, record(name), timestamp))

    def note_deletion(self, uri: str, timestamp: int) -> None:
        """Who could read it may know when it was deleted."""
        self.seen |= {(user, uri, timestamp) for user in USERS if uri in self.now[user]}

    def _note_tombstones(self, user: str) -> None:
        """Who may list everything sees the tombstones, too."""
        server, caller = self.world.server, Caller(self.world.user(user))
        keys = [ObjectKey("", "bucket", "b"), ObjectKey(BUCKET, "collection", "c")]
        with server.transaction() as tx:
            found = tx.look_up(keys, user_id=caller.user_id, target_is_list=True)
            principals = caller.principals(found.groups)
            if server.rules.access.may_list(RECORD, found.grants, principals):
                for stored in tx.find(COLLECTION, "record", Query(include_deleted=True)):
                    self.seen.add((user, record(stored.id), stored.last_modified))

    def _read(self, user: str, uri: str) -> int | None:
        server = self.world.server
        call: Call[None] = Call(read=lambda: None, caller=Caller(self.world.user(user)))
        try:
            with server.transaction() as tx:
                answer = fetch(tx, server.rules, address_of(server.types, uri), call)
        except (NotAllowed, ObjectNotFound):
            return None
        return answer.object.last_modified


class Writer:
    """Makes random changes of records and permissions, each one judged at once."""

    def __init__(self, world: World, oracle: Oracle, chance: random.Random) -> None:
        self.world = world
        self.oracle = oracle
        self.chance = chance
        self.count = 0

    def steps(self, count: int) -> list[Callable[[], None]]:
        """So many changes to be made one after the other."""
        return [self.step for _ in range(count)]

    def step(self) -> None:
        """One change."""
        self.count += 1
        choice: Callable[[], object] = self.chance.choices(
            [self._write, self._share, self._open, self._members, self._remove, self._bucket],
            [8, 5, 2, 2, 1, 1],
        )[0]
        choice()
        self.oracle.note()

    def _some(self) -> list[str]:
        return [one for one in (*USERS, GROUP) if self.chance.random() < 0.35]

    def _write(self) -> None:
        self.world.put(record(self.chance.choice(NAMES)), {"n": self.count})

    def _share(self) -> None:
        uri = record(self.chance.choice(NAMES))
        self.world.put(uri, {"n": self.count}, grants={"read": self._some()})

    def _open(self) -> None:
        some = self._some() if self.chance.random() < 0.5 else []
        more = {"record:create": list(USERS)} if self.chance.random() < 0.7 else {}
        self.world.put(COLLECTION, {"n": self.count}, grants={"read": some, **more})

    def _bucket(self) -> None:
        some = self._some() if self.chance.random() < 0.3 else []
        self.world.put(BUCKET, {"n": self.count}, grants={"read": some})

    def _members(self) -> None:
        members = [one for one in USERS if self.chance.random() < 0.5]
        self.world.put(GROUP, {"members": members})

    def _remove(self) -> None:
        name = self.chance.choice(NAMES)
        key = ObjectKey(COLLECTION, "record", name)
        with self.world.server.transaction() as tx:
            found = tx.fetch(key)
        if found is not None and not found.deleted:
            timestamp = self.world.remove(record(name))
            self.oracle.note_deletion(record(name), timestamp)


class Mirror:
    """A client's copy of the collection, made of nothing but what the server sends.

    Args:
        user: who it is.
        client: connected.
        oracle: the judge.
        uri: what is followed; when it is not the collection, the copy begins empty.

    Attributes:
        state: timestamps by URI.
        is_subscribed: whether the copy is kept up to date.
    """

    def __init__(self, user: str, client: Client, oracle: Oracle, uri: str = COLLECTION) -> None:
        self.uri = uri
        self.user = user
        self.client = client
        self.oracle = oracle
        self.state: dict[str, int] = {}
        self.is_subscribed = False
        self._number = 1
        self._read = 0
        self._claims: list[tuple[tuple[str, str, int], dict[str, Any]]] = []

    @property
    def is_complete(self) -> bool:
        """Whether the copy has everything that can be read, and not just what changes."""
        return self.uri == COLLECTION

    async def begin(self) -> bool:
        """Subscribe with everything; whether that was granted."""
        self._number += 1
        self.state = {}
        options = {"since": "0"} if self.is_complete else {}
        answer = await self.client.subscribe(self.uri, self._number, old=True, **options)
        self._read = len(self.client.events)
        self.is_subscribed = "subscribe" in answer
        for event in answer.get("subscribe", {}).get("events", []):
            self._apply(event)
        return self.is_subscribed

    async def follow(self) -> None:
        """Read what was sent."""
        await self.client.drain()
        for sub, event in self.client.events[self._read :]:
            if sub == self._number:
                self._apply(event)
        self._read = len(self.client.events)
        if any(one.get("sub") == self._number for one in self.client.others):
            self.is_subscribed = False

    def _apply(self, event: dict[str, Any]) -> None:
        uri, new = event["uri"], event["new"]
        if not uri.startswith(COLLECTION + "/records/"):
            return
        old = event.get("old")
        if old is not None:
            self._claim(uri, old, event)
        if not new.get("deleted"):
            self._claim(uri, new, event)
            self.state[uri] = new["last_modified"]
        elif self.state.pop(uri, None) is None and set(new) != {"id", "deleted"}:
            self._claim(uri, new, event)

    def _claim(self, uri: str, version: dict[str, Any], event: dict[str, Any]) -> None:
        """Have it judged later that the user could read this version, once the oracle knows."""
        self._claims.append(((self.user, uri, version["last_modified"]), event))

    def judge(self) -> None:
        """Make sure that nothing came that the user could not read."""
        for claim, event in self._claims:
            assert claim in self.oracle.seen, event
        self._claims.clear()


def worlds_writer(world: World, seed: int) -> tuple[Oracle, Writer]:
    """An oracle and a writer, with the group that grants name."""
    world.put(GROUP, {"members": []})
    oracle = Oracle(world)
    oracle.note()
    return oracle, Writer(world, oracle, random.Random(seed))
