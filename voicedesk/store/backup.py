"""A copy of a database file that may be in use: one state of it, checked, and in its place whole or not at all."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from voicedesk.errors import StoreError, reason_of
from voicedesk.plain_files import check_gives_way
from voicedesk.store.spill import sync_folder

_BEGINS = b"SQLite format 3\0"


def back_up(source: Path, target: Path) -> int:
    """Copies the database `source` to the file `target`, which is replaced if it is there; returns its bytes.

    Other writers are not held up; what they commit after the copy began is not in the copy. The copy is one file
    that its owner alone can read. Raises StoreError, and has changed nothing then: the source cannot be read, there is
    no room, the copy is not sound, or `target` is the database itself, one that is in use, or no database at all.
    """
    if not source.exists():
        raise StoreError(f"{source}: there is no such database to copy")
    if target.exists() and target.samefile(source):
        raise StoreError(f"{target} is the database itself: name another file")
    if target.with_name(f"{target.name}-wal").exists():
        raise StoreError(f"{target} is a database in use: name another file")
    part = target.with_name(f"{target.name}.part")
    try:
        check_gives_way(target, _BEGINS)
        _remove(part)
        part.touch(mode=0o600)
        _copy(source, part)
        _sync(part)
        size = part.stat().st_size
        part.replace(target)
        sync_folder(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{source} cannot be copied to {target}: {reason_of(error)}") from error
    finally:
        with suppress(OSError):
            _remove(part)
    return size


def _remove(part: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        part.with_name(f"{part.name}{suffix}").unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """All pages in one step, so that a busy writer does not make it begin again; then reads the copy as a whole."""
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there)
        there.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
        told = there.execute("PRAGMA integrity_check(3)").fetchall()
    if told != [("ok",)]:
        damage = "; ".join(line for (line,) in told)
        raise StoreError(f"{source} is damaged ({damage}): `voicedesk doctor` says what to do")


def _sync(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
