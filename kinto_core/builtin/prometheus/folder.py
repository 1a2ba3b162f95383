"""A folder in which the processes of one machine put what they have measured.

Each process writes a file of its own, replaced as a whole. Whoever is asked adds them up. The files
of ended processes stay, folded into one, because a sum that falls would look like a restart. A
process shows that it lives by a lock, which ends with it however it ends.
"""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import msgspec

from kinto_core.builtin.prometheus.adding import Snapshot, snapshot_of, total

DATA, LIFE = ".data", ".life"
ENDED = "ended.sum"
TURN = "turn.lock"
MAX_ENDED = 8
"""How many files of ended processes may stay before they are folded."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Snapshot).decode


class Folder:
    """What one process sees of the folder; used by many threads at once.

    Args:
        path: of the folder; made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._life = (path / (self.name + LIFE)).open("wb")
        fcntl.flock(self._life, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def write(self, snapshot: Snapshot) -> None:
        """Replace what this process has measured.

        Raises:
            OSError: the folder is gone, or the disk is full.
        """
        self._replace(self.name + DATA, snapshot)

    def read(self) -> list[Snapshot]:
        """What all processes have measured; the identifier of those that have ended is 0.

        Raises:
            OSError: the folder is gone.
        """
        with self._turn():
            ended = self._snapshot(ENDED)
            folded = ended.folded if ended is not None else ()
            names = [one for one in self._names() if one not in folded]
            self._keep_young(names)
            gone = [name for name in names if not self._lives(name)]
            if len(gone) > MAX_ENDED:
                ended = self._fold(ended, gone)
                names = [name for name in names if name not in gone]
            found = [self._snapshot(name + DATA, has_ended=name in gone) for name in names]
        return [one for one in (ended, *found) if one is not None]

    def close(self) -> None:
        """Stop living, as far as others can see; what was written stays."""
        self._life.close()

    def _names(self) -> list[str]:
        return sorted(one.name.removesuffix(DATA) for one in self.path.glob(f"*{DATA}"))

    def _fold(self, ended: Snapshot | None, gone: list[str]) -> Snapshot:
        """Add the files of ended processes to the sum and remove them.

        The sum names its files, so that a crash before they are removed counts none twice.
        """
        parts = [self._snapshot(name + DATA) for name in gone]
        known = [one for one in (ended, *parts) if one is not None]
        buckets = known[-1].buckets if known else ()
        result = snapshot_of(
            total(known, buckets),
            buckets,
            process=0,
            started=min((one.started for one in known), default=time.time()),
            folded=(*gone, *self._still_there(ended)),
        )
        self._replace(ENDED, result)
        for name in result.folded:
            for kind in (DATA, LIFE):
                (self.path / (name + kind)).unlink(missing_ok=True)
        return result

    def _still_there(self, ended: Snapshot | None) -> list[str]:
        """Files that were folded, but not removed."""
        names = ended.folded if ended is not None else ()
        return [name for name in names if (self.path / (name + DATA)).exists()]

    def _lives(self, name: str) -> bool:
        if name == self.name:
            return True
        try:
            with (self.path / (name + LIFE)).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        return False

    def _keep_young(self, names: list[str]) -> None:
        """Touch the files, because some systems remove old ones from their temporary folder."""
        for name in names:
            for kind in (DATA, LIFE):
                with suppress(OSError):
                    os.utime(self.path / (name + kind))

    def _snapshot(self, name: str, *, has_ended: bool = False) -> Snapshot | None:
        """What a file holds; ``None`` without one, or when another release wrote it."""
        try:
            found = _decode((self.path / name).read_bytes())
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return msgspec.structs.replace(found, process=0) if has_ended else found

    def _replace(self, name: str, snapshot: Snapshot) -> None:
        new = self.path / f"{name}.{secrets.token_hex(4)}"
        new.write_bytes(_encode(snapshot))
        new.replace(self.path / name)

    @contextmanager
    def _turn(self) -> Iterator[IO[bytes]]:
        """The turn among all processes and threads that read."""
        with (self.path / TURN).open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
