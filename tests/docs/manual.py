"""The examples of the manual: blocks of code, and the requests that its curl commands make."""

import re
import shlex
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent.parent
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("[!_]*/*.md")),
)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of code of a page.

    Attributes:
        page: path, relative to the project.
        language: as marked: ``python``, ``ini``, ``console``, …
        text: its lines.
    """

    page: str
    language: str
    text: str


def blocks(language: str) -> list[Block]:
    """All blocks of a language; generated pages have their own tests."""
    return [
        Block(page.relative_to(ROOT).as_posix(), language, text)
        for page in PAGES
        if "Written by docs/generate.py" not in page.read_text(encoding="utf-8")
        for found, text in _BLOCK.findall(page.read_text(encoding="utf-8"))
        if found == language
    ]


def commands(block: Block) -> list[str]:
    """The lines that a reader is to type."""
    return [line[2:] for line in block.text.splitlines() if line.startswith("$ ")]


@dataclass
class CurlRequest:
    """What a curl command sends."""

    method: str = "GET"
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


def curl_request(command: str) -> CurlRequest:
    """The request of a command; options that it does not know are an error."""
    request = CurlRequest()
    words = iter(shlex.split(command)[1:])
    is_chosen = False
    for word in words:
        if word == "-X":
            request.method, is_chosen = next(words), True
        elif word == "-u":
            request.headers["Authorization"] = f"Basic {b64encode(next(words).encode()).decode()}"
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            request.headers[name] = value
        elif word == "-d":
            request.body = next(words)
        else:
            request.path = _path(word)
    if request.body and not is_chosen:
        request.method = "POST"
    return request


def _path(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "http":
        message = f"{url!r} is no option of curl that these tests know, and no URL"
        raise ValueError(message)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def curl_requests(page: str) -> Iterator[CurlRequest]:
    """The requests of a page in order."""
    for block in blocks("console"):
        if block.page == page:
            yield from (curl_request(one) for one in commands(block) if one.startswith("curl"))
