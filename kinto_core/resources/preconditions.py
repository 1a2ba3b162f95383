"""Is it still what the caller saw? Pure decisions on versions.

Source: protocol T-16 to T-22.
"""

from dataclasses import dataclass
from typing import Final, Literal

from kinto_core.errors import ModifiedMeanwhile, NotModified

Version = int | Literal["*"] | None
"""A timestamp in milliseconds, ``*`` for any version, or ``None`` for no condition."""


@dataclass(frozen=True, slots=True)
class Preconditions:
    """The conditions of a request: ``If-Match`` and ``If-None-Match``."""

    if_match: Version = None
    if_none_match: Version = None

    @property
    def must_be_new(self) -> bool:
        """Whether the object may not exist yet."""
        return self.if_none_match == "*"

    def not_modified(self, last_modified: int) -> None:
        """For reads of something that exists.

        Raises:
            NotModified: the caller has this version. Source: protocol T-17, T-19.
        """
        if self.if_none_match is not None and self.if_none_match == last_modified:
            raise NotModified(last_modified)

    def unmodified(self, last_modified: int, existing: str | None = None) -> None:
        """For anything that exists.

        Args:
            last_modified: its version.
            existing: its JSON text if the caller may see it.

        Raises:
            ModifiedMeanwhile: it is not the version that the caller asks for.
        """
        if self.if_none_match == "*" or (
            self.if_match is not None and self.if_match not in ("*", last_modified)
        ):
            raise ModifiedMeanwhile(last_modified, existing)

    def creatable(self, list_timestamp: int) -> None:
        """For an object that is about to be created.

        Raises:
            ModifiedMeanwhile: the caller asks for a version. Source: protocol T-17, T-18.
        """
        if self.if_match is not None:
            raise ModifiedMeanwhile(list_timestamp)


NONE: Final = Preconditions()
"""No conditions."""
