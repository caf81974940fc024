"""A file for what the database does not take in time; empty in good times.

A record is a mark, its length, a checksum and its bytes; it is on disk when `append` returns. The first room of the
file is set aside beforehand, so that a disk that has become full does not stop it. A record that was torn by a kill, or
damaged, is passed over and the next one looked for.
"""

import os
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from voicedesk.errors import SpillRefused, reason_of
from voicedesk.ownership import give_like
from voicedesk.settings import Settings
from voicedesk.store.batch import Place
from voicedesk.store.engine import database_file

RESERVE_BYTES = 16 * 1024 * 1024
_LEAST_BYTES = 4096
MAX_BYTES = 1024 * 1024 * 1024
_HEAD = struct.Struct(">4sII")
_MARK = b"\xf6VD1"
_WINDOW = 1024 * 1024
_ZEROS = b"\0" * _WINDOW


def spill_file(url: str, folder: Path | None) -> Path:
    """The spill file of a database: beside it, or in a folder of its own."""
    file = database_file(url)
    beside = file.parent if file else Path()
    return (folder or beside) / f"{file.name if file else 'voicedesk'}.spill"


class Spill:
    """One file; used by one process, by one thread at a time."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, reserve_bytes: int = RESERVE_BYTES) -> None:
        self.path = path
        self.used = 0
        self.damaged = 0
        self._max_bytes = max_bytes
        self._reserve_bytes = min(reserve_bytes, max_bytes)
        self._file: int | None = None

    def open(self) -> None:
        """Makes the file and its room, or finds the end of what an earlier run left in it.

        Raises SpillRefused where that cannot be done; `append` tries it again.
        """
        if self._file is not None:
            return
        with _mapped(self.path):
            is_new = not self.path.exists()
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self.used = max((place.end for place, _ in self.records()), default=0)
            os.posix_fallocate(self._file, 0, self._reserve_bytes)
            os.fsync(self._file)
            if is_new:
                give_like(self.path, self.path.parent)
                sync_folder(self.path.parent)

    def look(self) -> int:
        """The number of records in it, also while another process uses it. Changes nothing. 0 if there is no file.

        Raises SpillRefused where it cannot be read.
        """
        if not self.path.exists():
            return 0
        with _mapped(self.path):
            self._file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                return sum(1 for _ in self.records())
            finally:
                self.close()

    def append(self, payloads: Iterable[bytes]) -> list[Place]:
        """Adds records; they are on disk when this returns. Raises SpillRefused, and has added nothing then."""
        self.open()
        places, data = [], bytearray()
        for payload in payloads:
            start = self.used + len(data)
            data += _HEAD.pack(_MARK, len(payload), zlib.crc32(payload)) + payload
            places.append(Place(start=start, end=self.used + len(data)))
        if self.used + len(data) > self._max_bytes:
            raise SpillRefused(f"{self.path} holds as much as it may: {self.used} bytes")
        with _mapped(self.path):
            _write_all(self._descriptor, data, self.used)
            os.fdatasync(self._descriptor)
        self.used += len(data)
        return places

    def records(self, start: int = 0, end: int | None = None) -> Iterator[tuple[Place, bytes]]:
        """The whole records between two places, in order; what is damaged is counted and passed over."""
        file = self._descriptor
        stop = os.fstat(file).st_size if end is None else end
        while True:
            found = _find_mark(file, start, stop)
            if found is None:
                return
            payload = _payload_at(file, found, stop)
            if payload is None:
                self.damaged += 1
                start = found + 1
                continue
            start = found + _HEAD.size + len(payload)
            yield Place(start=found, end=start), payload

    def clear(self) -> None:
        """Empties the file, so that nothing of it can be read any more; the room set aside stays."""
        if self._file is None:
            return
        with _mapped(self.path):
            for start in range(0, self.used, len(_ZEROS)):
                _write_all(self._file, _ZEROS[: self.used - start], start)
            if self.used > self._reserve_bytes:
                os.ftruncate(self._file, self._reserve_bytes)
        self.used = 0

    def keep_unread(self, payload: bytes) -> None:
        """Keeps a record whose bytes mean nothing here in a file of its own beside this one, whole.

        Where that cannot be written, only what is kept elsewhere of it stays.
        """
        name = f"{self.path.name}.unread-{blake2b(payload, digest_size=6).hexdigest()}"
        with suppress(OSError):
            file = os.open(self.path.with_name(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(file, "wb") as kept:
                kept.write(payload)

    def rewrite(self, change: Callable[[bytes], bytes]) -> int:
        """Replaces each record by what `change` makes of it. Returns how many differ. Nobody else may use the file
        meanwhile.

        A record of which nothing is left is removed.

        Torn or damaged records are left out: nobody could read them. No byte of the old content is left. Raises
        SpillRefused; the file is unchanged then.
        """
        self.open()
        before = [payload for _, payload in self.records()]
        after = [change(payload) for payload in before]
        changed = sum(a != b for a, b in zip(before, after, strict=True))
        if not changed and not self.damaged:
            return 0
        fresh = Spill(
            self.path.with_name(f"{self.path.name}.new"), max_bytes=2 * self._max_bytes, reserve_bytes=_LEAST_BYTES
        )
        with _mapped(self.path):
            fresh.path.unlink(missing_ok=True)
        try:
            fresh.append([payload for payload in after if payload])
        except SpillRefused:
            fresh.path.unlink(missing_ok=True)
            raise
        finally:
            fresh.close()
        with _mapped(self.path):
            fresh.path.rename(self.path)
            sync_folder(self.path.parent)
        self.clear()
        self.close()
        return changed

    def set_aside(self, suffix: str) -> Path:
        """Renames the file, and begins with an empty one. Returns the new name."""
        aside = self.path.with_name(f"{self.path.name}.{suffix}")
        self.close()
        with _mapped(self.path):
            self.path.rename(aside)
        self.used = 0
        return aside

    def close(self) -> None:
        """Closes the file; what is in it stays."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @property
    def _descriptor(self) -> int:
        if self._file is None:
            raise SpillRefused(f"{self.path} is not open")
        return self._file


def _find_mark(file: int, start: int, stop: int) -> int | None:
    """Where the next record begins; None if there is none."""
    window = os.pread(file, len(_MARK), start)
    while len(window) >= len(_MARK) and start < stop:
        found = window.find(_MARK)
        if found >= 0:
            return start + found if start + found < stop else None
        start += len(window) - len(_MARK) + 1
        window = os.pread(file, _WINDOW, start)
    return None


def _payload_at(file: int, start: int, stop: int) -> bytes | None:
    """The bytes of a record; None if it is not whole."""
    head = os.pread(file, _HEAD.size, start)
    if len(head) < _HEAD.size:
        return None
    _, length, checksum = _HEAD.unpack(head)
    if length == 0 or start + _HEAD.size + length > stop:  # a torn head reads as empty: its checksum is 0 as well
        return None
    payload = os.pread(file, length, start + _HEAD.size)
    return payload if zlib.crc32(payload) == checksum and len(payload) == length else None


def _write_all(file: int, data: bytes | bytearray, start: int) -> None:
    rest = memoryview(data)
    while rest:
        written = os.pwrite(file, rest, start)
        rest, start = rest[written:], start + written


def sync_folder(folder: Path) -> None:
    """Makes sure that a new file's name is on disk too when this returns."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _mapped(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SpillRefused(f"{path}: {reason_of(error)}") from error


def spill_of(settings: Settings) -> Spill:
    """The file that takes what the database does not take in time."""
    store = settings.store
    return Spill(spill_file(store.url, store.spill_folder), max_bytes=store.spill_mib * 1024 * 1024)
