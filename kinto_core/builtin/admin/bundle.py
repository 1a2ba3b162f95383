"""Our console: read once, with its files in a folder that is named after what they hold.

The page refers to that folder by a relative address, and the modules to each other, so nothing of
it knows where it is served.

Source: built-in plugins BW-23.
"""

import hashlib
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

from kinto_core.builtin.admin.files import (
    FOR_EVER,
    NO_CACHE,
    OWN_POLICY,
    File,
    media_type,
)
from kinto_core.builtin.admin.settings import INDEX, VERSION

SOURCES: Final = Path(__file__).with_name("console")
"""Where the files are."""

FOLDER: Final = "{folder}"
"""Stands in the page for the folder of its files."""

PRELOADS: Final = "{preloads}"
"""Stands in the page for links that let the browser fetch all modules at once."""


class Bundle:
    """The console that comes with the server.

    Args:
        sources: its folder.
    """

    def __init__(self, sources: Path = SOURCES) -> None:
        contents = dict(_contents(sources))
        page = contents.pop(INDEX).decode()
        folder = f"assets/{_digest(contents)}"
        modified = max(int(one.stat().st_mtime * 1000) for one in sources.rglob("*"))
        body = page.replace(PRELOADS, _preloads(contents)).replace(FOLDER, folder).encode()
        shown = File(body, media_type(INDEX), modified, NO_CACHE, OWN_POLICY)
        self.version = metadata.version("kinto-core")
        told = File(self.version.encode(), media_type(VERSION), modified, NO_CACHE)
        self._files = {"": shown, INDEX: shown, VERSION: told} | {
            f"{folder}/{name}": File(content, media_type(name), modified, FOR_EVER)
            for name, content in contents.items()
        }

    def find(self, path: str) -> File | None:
        """The file at a path."""
        return self._files.get(path)

    @property
    def paths(self) -> tuple[str, ...]:
        """Everything that is served."""
        return tuple(self._files)


def _contents(sources: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(sources.rglob("*")):
        if file.is_file():
            yield file.relative_to(sources).as_posix(), file.read_bytes()


def _digest(contents: Mapping[str, bytes]) -> str:
    """Another text when any name or content is another one."""
    total = hashlib.sha256()
    for name, content in contents.items():
        total.update(f"{len(name)} {name} {len(content)} ".encode())
        total.update(content)
    return total.hexdigest()[:16]


def _preloads(contents: Mapping[str, bytes]) -> str:
    names = (name for name in contents if name.endswith(".js"))
    return "\n".join(f'<link rel="modulepreload" href="{FOLDER}/{name}">' for name in names)
