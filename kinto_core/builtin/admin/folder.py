"""Another console, in a folder of the operator's.

Files are read when they are asked for, so a new build is served as soon as it is there.

Source: built-in plugins B-183 to B-187.
"""

from pathlib import Path

from kinto_core.builtin.admin.files import NO_CACHE, ONE_HOUR, File, media_type
from kinto_core.builtin.admin.settings import INDEX, VERSION


class Folder:
    """The console of a folder.

    Args:
        folder: holds ``index.html`` and ``VERSION``.
        policy: of its page.
    """

    def __init__(self, folder: Path, policy: str) -> None:
        self._folder = folder
        self._policy = policy
        self.version = (folder / VERSION).read_text(encoding="utf-8").strip()

    def find(self, path: str) -> File | None:
        """The file at a path."""
        file = self._file(path or INDEX)
        if file is None:
            return None
        try:
            body, modified = file.read_bytes(), int(file.stat().st_mtime * 1000)
        except OSError:  # it went away, or is nobody's business
            return None
        if path in ("", INDEX):
            return File(body, media_type(INDEX), modified, NO_CACHE, self._policy)
        return File(body, media_type(file.name), modified, ONE_HOUR)

    def _file(self, path: str) -> Path | None:
        """Where a path leads; ``None`` when that is not inside of the folder."""
        parts = path.split("/")
        if any(not part or part.startswith(".") or _is_odd(part) for part in parts):
            return None
        try:
            file = self._folder.joinpath(*parts).resolve()
        except (OSError, RuntimeError):  # links that lead to themselves
            return None
        is_inside = file.is_relative_to(self._folder.resolve())
        return file if is_inside and _is_file(file) else None


def _is_file(file: Path) -> bool:
    """Whether reading it comes to an end: no folder, pipe or device."""
    try:
        return file.is_file()
    except OSError:  # a name that is too long
        return False


def _is_odd(part: str) -> bool:
    """Whether a name could mean something else to the operating system."""
    return "\\" in part or ":" in part or not part.isprintable()
