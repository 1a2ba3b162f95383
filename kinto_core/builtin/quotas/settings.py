"""The settings ``quotas.*``: how much buckets and collections may hold.

Source: built-in plugins B-155 to B-160.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from kinto_core.builtin.quotas.limits import Limits
from kinto_core.settings.setting import setting


@dataclass(frozen=True, kw_only=True)
class QuotaSettings:
    """Limits for all buckets and collections, and for single ones; none unless they are set."""

    prefix: ClassVar = "quotas."

    bucket_max_bytes: int | None = setting(
        None, minimum=0, unit="bytes", help="Size of all objects in a bucket, and of its own."
    )
    bucket_max_items: int | None = setting(
        None, minimum=0, unit="records", help="Records in all collections of a bucket."
    )
    bucket_max_bytes_per_item: int | None = setting(
        None, minimum=0, unit="bytes", help="Size of each object in a bucket."
    )
    collection_max_bytes: int | None = setting(
        None, minimum=0, unit="bytes", help="Size of all records of a collection, and of its own."
    )
    collection_max_items: int | None = setting(
        None, minimum=0, unit="records", help="Records of a collection."
    )
    collection_max_bytes_per_item: int | None = setting(
        None,
        minimum=0,
        unit="bytes",
        help="Size of each record; counts instead of the limit of the bucket.",
    )
    one_bucket_max_bytes: Mapping[str, int | None] = setting(
        {}, minimum=0, unit="bytes", pattern="bucket_{bucket}_max_bytes", help="Of one bucket."
    )
    one_bucket_max_items: Mapping[str, int | None] = setting(
        {}, minimum=0, unit="records", pattern="bucket_{bucket}_max_items", help="Of one bucket."
    )
    one_bucket_max_bytes_per_item: Mapping[str, int | None] = setting(
        {},
        minimum=0,
        unit="bytes",
        pattern="bucket_{bucket}_max_bytes_per_item",
        help="Of one bucket.",
    )
    one_collection_max_bytes: Mapping[str, int | None] = setting(
        {},
        minimum=0,
        unit="bytes",
        pattern="collection_{bucket_collection}_max_bytes",
        help="Of one collection, as `bucket_collection`; or of each in a bucket, as `bucket`.",
    )
    one_collection_max_items: Mapping[str, int | None] = setting(
        {},
        minimum=0,
        unit="records",
        pattern="collection_{bucket_collection}_max_items",
        help="Of one collection, as `bucket_collection`; or of each in a bucket, as `bucket`.",
    )
    one_collection_max_bytes_per_item: Mapping[str, int | None] = setting(
        {},
        minimum=0,
        unit="bytes",
        pattern="collection_{bucket_collection}_max_bytes_per_item",
        help="Of one collection, as `bucket_collection`; or of each in a bucket, as `bucket`.",
    )

    def of_bucket(self, bucket: str) -> Limits:
        """The limits of a bucket. Source: built-in plugins B-156, B-157."""
        return Limits(
            self.one_bucket_max_bytes.get(bucket, self.bucket_max_bytes),
            self.one_bucket_max_items.get(bucket, self.bucket_max_items),
            self.one_bucket_max_bytes_per_item.get(bucket, self.bucket_max_bytes_per_item),
        )

    def of_collection(self, bucket: str, collection: str) -> Limits:
        """The limits of a collection. Source: built-in plugins B-158 to B-160."""
        names = (f"{bucket}_{collection}", bucket)
        return Limits(
            _first(self.one_collection_max_bytes, names, self.collection_max_bytes),
            _first(self.one_collection_max_items, names, self.collection_max_items),
            _first(
                self.one_collection_max_bytes_per_item, names, self.collection_max_bytes_per_item
            ),
        )

    def of(self, uri: str) -> Limits:
        """The limits of the bucket or collection with this URI."""
        parts = uri.split("/")
        if len(parts) == _PARTS_OF_BUCKET:
            return self.of_bucket(parts[2])
        return self.of_collection(parts[2], parts[4])


_PARTS_OF_BUCKET = 3


def _first(
    known: Mapping[str, int | None], names: tuple[str, ...], default: int | None
) -> int | None:
    """The value of the first name that has one."""
    return next((known[name] for name in names if name in known), default)
