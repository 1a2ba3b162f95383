"""What each caller sees of each target, kept in memory and right as events go by; no database.

A sight belongs to a caller and a target, and is shared by all subscriptions of that caller to it.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kinto_core.eventlog import Waiting
from kinto_core.events.event import Change
from kinto_core.resources.access import Caller
from kinto_core.resources.addresses import ObjectAddress
from kinto_websocket.access import View
from kinto_websocket.targets import containers, top_of

if TYPE_CHECKING:
    from kinto_websocket.subscriptions import Subscription

MAX_SPARE_OBJECTS = 100
"""Sights of more single objects are not kept when nobody uses them."""

SightKey = tuple[Caller, str]


class Sight:
    """What one caller sees of one target.

    Args:
        caller: who.
        address: the target.
        view: what may be seen of it.

    Attributes:
        uri: of the target.
        objects: URIs of single objects that may be seen, each with the timestamp up to which its
            changes are known to the subscribers.
        subscriptions: who depends on it.
        waiting: for its sight to be right, these have to be sent first; ``None`` once they were.
        changed: the offset of the last event that changed what may be seen.
        floor: the timestamp up to which changes of the list inside are known to the subscribers.
    """

    __slots__ = (
        "_latest",
        "_until",
        "address",
        "caller",
        "changed",
        "floor",
        "is_whole",
        "kinds",
        "objects",
        "own",
        "prefixes",
        "principals",
        "subscriptions",
        "uri",
        "waiting",
    )

    def __init__(self, caller: Caller, address: ObjectAddress, view: View) -> None:
        self.caller = caller
        self.address = address
        self.uri = address.uri
        self.subscriptions: dict[Subscription, None] = {}
        self.waiting: Waiting | None = None
        self.changed = 0
        self.objects: dict[str, int] = dict.fromkeys(view.objects, 0)
        self.floor = 0
        self._latest: Mapping[str, str] | None = None
        self._until = ""
        self._adopt(view)

    def _adopt(self, view: View) -> None:
        self.principals = view.principals
        self.own = view.own is not None
        self.kinds = view.kinds
        self.is_whole = view.is_whole
        self.prefixes = view.prefixes

    def replace(
        self, view: View, changed: int, until: str | None, latest: Mapping[str, str]
    ) -> None:
        """See something else from now on.

        Args:
            view: the new view.
            changed: the offset of the event that made it change.
            until: the id of the last event before which something else could be seen; ``None``:
                the view has been true since the change.
            latest: the ids of the last events that are known, by the URIs of their objects.
        """
        self._adopt(view)
        self.objects = {uri: self.objects.get(uri, 0) for uri in view.objects}
        self.changed = changed
        self._until = until or ""
        self._latest = None if until is None else latest

    def past(self, event_id: str) -> None:
        """An event was sent: perhaps what can be seen is certain from here on."""
        if event_id == self._until:
            self._until = ""
            self._latest = None

    def shows(self, change: Change, event_id: str, *, is_history: bool = False) -> bool:
        """Whether the caller may see a change, and the subscribers do not know it.

        While it is not certain what could be seen at an event, only what stays the last version of
        an object is shown, since that can be seen now.

        Args:
            change: what happened.
            event_id: of its event.
            is_history: for a new subscriber, who does not know what others know.
        """
        uri = change.uri
        if self._latest is not None and self._latest.get(uri) != event_id:
            return False
        if uri == self.uri:
            return self.own
        if change.resource_name in self.kinds:
            return change.timestamp > self.floor or is_history or change.parent_uri != self.uri
        floor = self.objects.get(uri)
        if floor is not None:
            return change.timestamp > floor
        return bool(self.prefixes) and any(
            container in self.prefixes for container in containers(change.parent_uri)
        )

    @property
    def is_certain(self) -> bool:
        """Whether what is seen has been seen since the last change of that."""
        return self._latest is None

    def shows_old(self, change: Change) -> bool:
        """Whether the caller may see what an object was before, too.

        Where single objects are shared, the version before may have been hidden.
        """
        is_open = self.sees_all_of(change) or (change.uri == self.uri and not change.grants_changed)
        return is_open and self._latest is None

    def sees_all_inside(self, uri: str) -> bool:
        """Whether nothing about an object inside the target can change what is visible."""
        if self.is_whole:
            return True
        return any(one in self.prefixes for one in containers(uri) if one != uri)

    def sees_all_of(self, change: Change) -> bool:
        """Whether a change is visible whatever the grants on its object are."""
        return change.resource_name in self.kinds or any(
            container in self.prefixes for container in containers(change.parent_uri)
        )


class Sights:
    """All sights of this process, those that nobody uses any more for a while.

    Args:
        spare: how many unused ones to keep, for clients that come back.
    """

    def __init__(self, spare: int = 20_000) -> None:
        self._by_key: dict[SightKey, Sight] = {}
        self._by_uri: dict[str, dict[Sight, None]] = {}
        self._by_top: dict[str, dict[Sight, None]] = {}
        self._by_user: dict[str | None, dict[Sight, None]] = {}
        self._unused: OrderedDict[SightKey, Sight] = OrderedDict()
        self._spare = spare

    def __iter__(self) -> Iterator[Sight]:
        """Every sight."""
        return iter(tuple(self._by_key.values()))

    def get(self, caller: Caller, uri: str) -> Sight | None:
        """The sight of a caller on a target."""
        return self._by_key.get((caller, uri))

    def at(self, uri: str) -> Iterable[Sight]:
        """The sights on exactly this target."""
        return self._by_uri.get(uri, ())

    def below(self, uri: str) -> Iterable[Sight]:
        """The sights on everything that is in the same bucket, or whatever is at the top."""
        return self._by_top.get(top_of(uri), ())

    def of(self, user_id: str) -> Iterable[Sight]:
        """The sights of a user."""
        return self._by_user.get(user_id, ())

    def add(self, sight: Sight) -> None:
        """Keep a new sight."""
        key = (sight.caller, sight.uri)
        known = self._by_key.get(key)
        if known is not None:
            self.drop(known)
        self._by_key[key] = sight
        for index, name in self._indexes(sight):
            index.setdefault(name, {})[sight] = None
        self.unuse(sight)

    def use(self, sight: Sight) -> None:
        """Somebody depends on it."""
        self._unused.pop((sight.caller, sight.uri), None)

    def unuse(self, sight: Sight) -> None:
        """It is unused if nobody depends on it any more; too many unused ones are dropped."""
        if sight.subscriptions or self._by_key.get((sight.caller, sight.uri)) is not sight:
            return
        if len(sight.objects) > MAX_SPARE_OBJECTS:
            self.drop(sight)
            return
        self._unused[sight.caller, sight.uri] = sight
        while len(self._unused) > self._spare:
            self.drop(next(iter(self._unused.values())))

    def drop(self, sight: Sight) -> None:
        """Forget a sight."""
        key = (sight.caller, sight.uri)
        if self._by_key.get(key) is sight:
            del self._by_key[key]
            self._unused.pop(key, None)
        for index, name in self._indexes(sight):
            there = index.get(name)
            if there is not None:
                there.pop(sight, None)
                if not there:
                    del index[name]

    def _indexes(self, sight: Sight) -> Iterator[tuple[dict[Any, dict[Sight, None]], Any]]:
        """Where a sight is found, besides by its key."""
        yield self._by_uri, sight.uri
        yield self._by_top, top_of(sight.uri)
        yield self._by_user, sight.caller.user_id
