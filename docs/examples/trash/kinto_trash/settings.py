"""What an operator can set."""

from dataclasses import dataclass
from typing import ClassVar

from kinto_core import setting


@dataclass(frozen=True, kw_only=True)
class TrashSettings:
    """The settings ``kinto.trash.*``."""

    prefix: ClassVar[str] = "trash."

    buckets: tuple[str, ...] = setting(
        (), example="blog shop-*", help="Patterns of bucket ids whose records are kept; none: all."
    )
    collection: str = setting("trash", help="The collection that the copies go to.")
