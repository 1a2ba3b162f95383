"""What the changes of one transaction do to the sums. Pure: no database, no limits.

Source: built-in plugins B-162.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from kinto_core.builtin.quotas.limits import size_of
from kinto_core.events.event import Action, Change

COUNTED = frozenset(("bucket", "collection", "group", "record"))
"""The types of objects that count; the rest of what is in a bucket is free. Source: B-162."""


@dataclass(slots=True)
class Sums:
    """How much a bucket or collection holds, or how much more it is going to hold.

    Attributes:
        collections: number of collections; of buckets only.
        records: number of records.
        bytes: size of all objects, its own included.
    """

    collections: int = 0
    records: int = 0
    bytes: int = 0

    def add(self, other: "Sums") -> None:
        """Become the sum of both."""
        self.collections += other.collections
        self.records += other.records
        self.bytes += other.bytes

    def less(self, other: "Sums") -> "Sums":
        """The difference."""
        return Sums(
            self.collections - other.collections,
            self.records - other.records,
            self.bytes - other.bytes,
        )

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.collections or self.records or self.bytes)


@dataclass(slots=True)
class Item:
    """One object that is written.

    Attributes:
        owners: whose limits it has to keep: its collection, if it is a record, and its bucket.
        before: its size before the transaction; 0 when it was not there.
        after: its size in the end; 0 when it is not there.
    """

    owners: tuple[str, ...]
    before: int
    after: int


@dataclass(slots=True)
class Tally:
    """The effect of changes, in their order.

    Attributes:
        sums: what is added, by the URI of the bucket or collection.
        gone_buckets: URIs of buckets whose sums begin anew, with all that is in them.
        gone: URIs of such collections. What they held is taken off their bucket.
        begun: URIs of what is created, all of whose content is counted.
        items: what was written, by URI.
        containers: each bucket or collection that was written, by URI: its text before and now.
    """

    sums: dict[str, Sums] = field(default_factory=dict)
    gone_buckets: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)
    items: dict[str, Item] = field(default_factory=dict)
    containers: dict[str, tuple[str | None, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, changes: Iterable[Change]) -> "Tally":
        """The effect of all these changes."""
        tally = cls()
        for change in changes:
            if change.resource_name in COUNTED:
                tally._add(change)
        return tally

    def of_bucket(self, uri: str) -> Sums:
        """What is added to the bucket that a URI is, or is in."""
        return self.sums.setdefault(bucket_of(uri), Sums())

    def _add(self, change: Change) -> None:
        uri, action = change.uri, change.action
        before = size_of(change.old) if change.old is not None else 0
        after = 0 if action is Action.DELETE else size_of(change.new)
        if change.resource_name == "bucket":
            self._bucket(change, uri)
        elif change.resource_name == "collection":
            self._collection(change, uri)
        elif change.resource_name == "record":
            number = (action is Action.CREATE) - (action is Action.DELETE)
            more = Sums(0, number, after - before)
            self.sums.setdefault(change.parent_uri, Sums()).add(more)
            self.of_bucket(uri).add(more)
        else:
            self.of_bucket(uri).bytes += after - before
        self._item(change, before, after)

    def _bucket(self, change: Change, uri: str) -> None:
        if change.action is not Action.UPDATE:
            self._forget_below(uri)
            self.gone_buckets.add(uri)
        if change.action is not Action.DELETE:
            old = size_of(change.old) if change.old is not None else 0
            self.of_bucket(uri).bytes += size_of(change.new) - old
            self._container(change, uri)

    def _collection(self, change: Change, uri: str) -> None:
        bucket = self.of_bucket(uri)
        if change.action is not Action.UPDATE:
            pending = self.sums.pop(uri, None)
            if pending is not None:
                bucket.add(Sums().less(pending))
            self._forget_items_below(uri)
            self.gone.add(uri)
            bucket.collections += 1 if change.action is Action.CREATE else -1
        if change.action is not Action.DELETE:
            old = size_of(change.old) if change.old is not None else 0
            more = Sums(0, 0, size_of(change.new) - old)
            self.sums.setdefault(uri, Sums()).add(more)
            bucket.add(more)
            self._container(change, uri)

    def _container(self, change: Change, uri: str) -> None:
        if change.action is Action.CREATE:
            self.begun.add(uri)
            self.containers[uri] = (None, change.new)
        else:
            first = self.containers[uri][0] if uri in self.containers else change.old
            self.containers[uri] = (first, change.new)

    def _forget_below(self, bucket: str) -> None:
        """A bucket is deleted, or begins: nothing that was done inside matters any more."""
        inside = bucket + "/"
        for uri in [uri for uri in self.sums if uri == bucket or uri.startswith(inside)]:
            del self.sums[uri]
        self.gone = {uri for uri in self.gone if not uri.startswith(inside)}
        self.begun = {uri for uri in self.begun if uri != bucket and not uri.startswith(inside)}
        self.containers.pop(bucket, None)
        self._forget_items_below(bucket)

    def _forget_items_below(self, uri: str) -> None:
        inside = uri + "/"
        self.begun.discard(uri)
        for known in [one for one in self.containers if one == uri or one.startswith(inside)]:
            del self.containers[known]
        for known in [one for one in self.items if one == uri or one.startswith(inside)]:
            del self.items[known]

    def _item(self, change: Change, before: int, after: int) -> None:
        known = self.items.get(change.uri)
        if known is not None:
            known.after = after
            return
        bucket = bucket_of(change.uri)
        owners = (change.parent_uri, bucket) if change.resource_name == "record" else (bucket,)
        self.items[change.uri] = Item(owners, before, after)


def bucket_of(uri: str) -> str:
    """The URI of the bucket that a URI is, or is in."""
    return "/".join(uri.split("/")[:3])
