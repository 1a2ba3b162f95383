"""What can go wrong, by meaning; no status code lives here (see ``http/errors.py``).

The tree::

    KintoError
    ├── ConfigurationError       settings or plugins that cannot work; lists every problem
    ├── InvalidInput             a request, or a call, with faulty values; lists every fault
    ├── NotAllowed
    │   ├── Unauthenticated      nobody in particular asked, and that is not enough
    │   └── Forbidden            somebody asked who may not
    ├── ObjectNotFound           the addressed object does not exist
    ├── ParentNotFound           what should contain the object does not exist
    ├── ModifiedMeanwhile        the object is no longer what the caller saw
    ├── NotModified              the object is still what the caller saw
    ├── NotUnique                another object has what only one may have
    ├── Refused                  a plugin's hook said no; nothing was written
    ├── QuotaExceeded            a bucket or collection would hold more than it may
    ├── ReadOnly                 the server takes no writes
    ├── TooManyRequests          somebody asked too often; later they may again
    ├── Overloaded               there is more work of a kind than the server does at once
    └── BackendError
        ├── BackendUnavailable   a database or cache is away, full or locked; nothing was written
        │   └── ConnectionLost   only a connection to it broke, perhaps
        ├── ValueTooLong         a text is too long for the database
        ├── WriteConflict        two writes met; trying again is the remedy
        └── ConstraintViolated   the write would break a rule that the database keeps
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class KintoError(Exception):
    """Something that Kinto Core can explain."""


class ConfigurationError(KintoError):
    """The settings cannot work.

    Attributes:
        problems: one sentence each, with the key, the value and what was expected.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the input.

    Attributes:
        location: ``body``, ``querystring``, ``header`` or ``path``.
        name: what is at fault (``data.members.0``); ``None`` when nothing in particular.
        description: what is wrong with it, for people.

    Source: protocol E-7.
    """

    location: str
    name: Any
    description: str


class InvalidInput(KintoError):
    """The input has faults.

    Attributes:
        faults: all of them.
    """

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.description for fault in faults))
        self.faults = faults


class NotAllowed(KintoError):
    """This caller may not do that."""


class Unauthenticated(NotAllowed):
    """Please authenticate yourself to use this endpoint."""


class Forbidden(NotAllowed):
    """This user cannot access this resource."""


class ObjectNotFound(KintoError):
    """The object does not exist.

    Attributes:
        resource_name: the singular name of its type, such as ``record``.
        object_id: the identifier asked for.
    """

    def __init__(self, resource_name: str, object_id: str) -> None:
        super().__init__(f"{resource_name} {object_id!r} does not exist")
        self.resource_name = resource_name
        self.object_id = object_id


class ParentNotFound(ObjectNotFound):
    """The object that should hold the addressed one does not exist."""


class ModifiedMeanwhile(KintoError):
    """The object was modified meanwhile.

    Attributes:
        last_modified: of the object, or of the list for list requests and creations; milliseconds.
        existing: the JSON text of the stored object, if there is one and the caller may read it.

    Source: protocol T-21.
    """

    def __init__(self, last_modified: int, existing: str | None = None) -> None:
        super().__init__("Resource was modified meanwhile")
        self.last_modified = last_modified
        self.existing = existing


class NotModified(KintoError):
    """The caller already has the current version.

    Attributes:
        last_modified: of the object or list, in milliseconds.
    """

    def __init__(self, last_modified: int) -> None:
        super().__init__("Not modified")
        self.last_modified = last_modified


class NotUnique(KintoError):
    """Another object has the same values in a unique index; nothing was written.

    Attributes:
        field: the name of the index: a field, or several joined by commas.
        existing: the JSON text of the other object, if the caller may read it.
    """

    def __init__(self, field: str, existing: str | None = None) -> None:
        super().__init__(f"Another object has the same value in '{field}'")
        self.field = field
        self.existing = existing


class Refused(KintoError):
    """A hook refused the change; nothing was written."""


class QuotaExceeded(KintoError):
    """A bucket or collection would hold more than it may; nothing was written.

    Attributes:
        uri: of the bucket or collection.
        quota: the name of the limit, such as ``max_bytes``.
        limit: what is allowed.
        value: what there would be.
    """

    def __init__(self, message: str, *, uri: str, quota: str, limit: int, value: int) -> None:
        super().__init__(message)
        self.uri = uri
        self.quota = quota
        self.limit = limit
        self.value = value


class ReadOnly(KintoError):
    """The server is read-only."""


class TooManyRequests(KintoError):
    """Too many requests, please slow down.

    Attributes:
        retry_after_seconds: when it may be tried again.
    """

    def __init__(self, retry_after_seconds: int, message: str | None = None) -> None:
        super().__init__(message or "Too many requests, please slow down.")
        self.retry_after_seconds = retry_after_seconds


class Overloaded(KintoError):
    """The server has more to do than it can; try again soon."""


class BackendError(KintoError):
    """A backend could not do its work."""


class BackendUnavailable(BackendError):
    """A backend is away, full or locked; nothing of the current work was kept."""


class ConnectionLost(BackendUnavailable):
    """The connection to a backend broke; another one may work."""


class ValueTooLong(BackendError):
    """An identifier or a principal is longer than the database can index."""


class WriteConflict(BackendError):
    """Two writes met and this one lost; the whole transaction can be tried again."""


class ConstraintViolated(BackendError):
    """The write would break a rule that the database keeps."""
