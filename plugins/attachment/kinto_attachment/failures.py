"""The errors of this plugin, as the protocol answers them: one place for status and number.

Source: attachment A-33.
"""

from kinto_core.errors import Fault, InvalidInput, KintoError
from kinto_core.http.errors import INVALID_PARAMETERS, TOO_LARGE, ErrorKind, HttpError

_BAD = ErrorKind(400, 109, None, "a form with missing or faulty parts")
_FORGED = ErrorKind(
    400, 999, "Attachment metadata cannot be modified.", "only the server describes files"
)


class CutShort(KintoError):
    """The connection ended before the body did."""


def not_a_form() -> HttpError:
    """The body is no form."""
    return HttpError(INVALID_PARAMETERS, message="Content-Type should be multipart/form-data")


def no_boundary(boundary: bytes) -> HttpError:
    """The form's parts cannot be told from each other."""
    text = f"Invalid boundary in multipart form: {boundary!r}"
    return HttpError(INVALID_PARAMETERS, message=text)


def missing() -> HttpError:
    """The form has no file."""
    return HttpError(_BAD, message="Attachment missing.")


def bad_part(text: str) -> HttpError:
    """A part of the form is not what it should be."""
    return HttpError(_BAD, message=f"body: {text}")


def unacceptable(text: str) -> InvalidInput:
    """The file is not accepted."""
    return InvalidInput(Fault("body", None, text))


def extension_refused() -> InvalidInput:
    """The name of the file has no extension that is accepted."""
    return unacceptable("File extension is not allowed.")


def nameless() -> InvalidInput:
    """The file has no name."""
    return unacceptable("Filename is required.")


def untrue(claimed: str, shown: str) -> InvalidInput:
    """The file is not what it says it is."""
    return unacceptable(f"The file says it is {claimed}, but its content is {shown}.")


def over_limit(size: int, limit: int) -> InvalidInput:
    """The file is a little too large; all of it was counted."""
    return unacceptable(f"File size ({size} bytes) exceeds the limit ({limit} bytes).")


def too_large(limit: int) -> HttpError:
    """The file is far too large; the rest of it is not read."""
    return HttpError(TOO_LARGE, message=f"The file exceeds the limit ({limit} bytes).")


def cut_short() -> HttpError:
    """What is answered, should anybody still listen, when the connection ended early."""
    text = "The body ends before its declared length or its last boundary: send it again."
    return HttpError(INVALID_PARAMETERS, message=text)


def forged() -> HttpError:
    """Somebody else than the server wrote the field ``attachment``. Source: A-21."""
    return HttpError(_FORGED)
