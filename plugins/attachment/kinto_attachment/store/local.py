"""Files in a folder of this machine."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from kinto_attachment.store.interface import (
    BLOBS,
    PIECES,
    FileMissing,
    StoredFile,
    StoreUnavailable,
    Unfinished,
)

CHUNK = 256 * 1024


class LocalStore:
    """A folder; see ``Store`` for each method.

    Args:
        root: created if need be.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def save(self, key: str, chunks: Iterable[bytes], media_type: str) -> None:
        """See ``Store.save``."""
        del media_type
        path = self.root / key
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("xb")
        except OSError as error:
            raise _unavailable(error) from error
        try:
            with file:
                for chunk in chunks:
                    _write(file.fileno(), chunk)
                _sync(file.fileno())
            _sync_folder(path.parent)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def read(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """See ``Store.read``."""
        try:
            file = (self.root / key).open("rb", buffering=0)
        except FileNotFoundError as error:
            raise FileMissing(key) from error
        except OSError as error:
            raise _unavailable(error) from error

        def content() -> Iterator[bytes]:
            with file:
                file.seek(start)
                left = stop - start
                while left > 0 and (chunk := file.read(min(CHUNK, left))):
                    left -= len(chunk)
                    yield chunk

        return content()

    def delete(self, keys: Iterable[str]) -> None:
        """See ``Store.delete``."""
        for key in keys:
            try:
                (self.root / key).unlink(missing_ok=True)
            except OSError as error:
                raise _unavailable(error) from error

    def size(self, key: str) -> int | None:
        """See ``Store.size``."""
        try:
            return (self.root / key).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unavailable(error) from error

    def files(self) -> Iterator[StoredFile]:
        """See ``Store.files``."""
        shelves = (self.root / folder for folder in (BLOBS, PIECES))
        for shelf in (one for folder in shelves for one in sorted(folder.glob("*"))):
            for path in sorted(shelf.glob("*")):
                try:
                    found = path.stat()
                except FileNotFoundError:  # gone meanwhile
                    continue
                key = path.relative_to(self.root).as_posix()
                yield StoredFile(key, found.st_size, found.st_mtime_ns // 1_000_000)

    def unfinished(self, before: int) -> Iterator[Unfinished]:
        """See ``Store.unfinished``: what was begun is a file like others here."""
        del before
        return iter(())

    def abort(self, file: Unfinished) -> None:
        """See ``Store.abort``."""
        self.delete([file.key])


def _write(descriptor: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError as error:
        raise _unavailable(error) from error


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise _unavailable(error) from error


def _sync_folder(folder: Path) -> None:
    """Make the names of new files durable, and that of the folder itself."""
    for path in (folder, folder.parent, folder.parent.parent):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _sync(descriptor)
        finally:
            os.close(descriptor)


def _unavailable(error: OSError) -> StoreUnavailable:
    return StoreUnavailable(f"the folder of files cannot be used: {error.strerror}")
