"""The query strings of the two endpoints as values. No I/O here.

Source: built-in plugins B-87, B-97.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

from kinto_core.errors import Fault, InvalidInput

LONGEST_CALLBACK: Final = 2048

_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*:[^\s]+", re.IGNORECASE)
_CHOICE: Final = (
    "Provide either 'state' and 'code', or 'error' and 'error_description', but not both."
)


@dataclass(frozen=True, slots=True)
class LoginQuery:
    """What a client asks for.

    Attributes:
        callback: where the tokens are to be sent.
        scopes: what they are to allow.
        prompt: whether the provider may talk to the user; ``None``: it may.
    """

    callback: str
    scopes: tuple[str, ...]
    prompt: str | None


@dataclass(frozen=True, slots=True)
class ReturnQuery:
    """What a browser brings back from the provider: a code, or an error.

    Attributes:
        state: names the login.
        code: becomes tokens.
        error: why there is no code.
        error_description: the same, for people.
    """

    state: str
    code: str | None
    error: str | None
    error_description: str | None


def read_login(query: str) -> LoginQuery:
    """The parameters of ``login``.

    Raises:
        InvalidInput: lists everything that is wrong with them.
    """
    given, faults = _single(query, ("callback", "scope", "prompt"))
    faults += _required(given, ("callback", "scope"))
    callback, prompt = given.get("callback", ""), given.get("prompt")
    if callback and not _URL.fullmatch(callback):
        faults.append(Fault("querystring", "callback", "Must be a URL"))
    elif len(callback) > LONGEST_CALLBACK:
        text = f"Longer than maximum length {LONGEST_CALLBACK}"
        faults.append(Fault("querystring", "callback", text))
    if prompt is not None and not prompt.startswith("none"):
        text = "String does not match expected pattern"
        faults.append(Fault("querystring", "prompt", text))
    if faults:
        raise InvalidInput(*faults)
    return LoginQuery(callback, tuple(given["scope"].split()), prompt)


def read_return(query: str) -> ReturnQuery:
    """The parameters of ``token``.

    Raises:
        InvalidInput: lists everything that is wrong with them.
    """
    given, faults = _single(query, ("state", "code", "error", "error_description"))
    faults += _required(given, ("state",))
    if not faults and bool(given.get("code")) == bool(given.get("error")):
        faults.append(Fault("querystring", "", _CHOICE))
    if faults:
        raise InvalidInput(*faults)
    return ReturnQuery(
        given["state"],
        given.get("code") or None,
        given.get("error") or None,
        given.get("error_description"),
    )


def _single(query: str, names: tuple[str, ...]) -> tuple[Mapping[str, str], list[Fault]]:
    """Parameters that may be given once. Source: RFC 6749 section 3.1."""
    try:
        given = parse_qs(query, keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError as error:
        raise InvalidInput(Fault("querystring", None, "Invalid query string")) from error
    faults = [
        Fault("querystring", name, "Given more than once")
        for name in names
        if len(given.get(name, ())) > 1
    ]
    return {name: given[name][0] for name in names if name in given}, faults


def _required(given: Mapping[str, str], names: tuple[str, ...]) -> list[Fault]:
    return [
        Fault("querystring", name, "Required") for name in names if not given.get(name, "").strip()
    ]
