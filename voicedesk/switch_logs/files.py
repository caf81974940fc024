"""Reads a log of the switch with its rotated predecessors; it may be rotated meanwhile.

All files are opened before the first is read, so that a rename does no harm. Bytes that are no UTF-8 are read as GBK;
a last line that is still being written is left for the next time, and one that nobody writes any more is read.
"""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from voicedesk.errors import InputError, reason_of
from voicedesk.plain_files import open_plain

MOST_ROTATED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPaths:
    """Where one PBX's logs lie; rotated files beside them are read too."""

    cel: tuple[Path, ...] = ()
    cdr: tuple[Path, ...] = ()
    queue_log: tuple[Path, ...] = ()

    @property
    def all(self) -> tuple[Path, ...]:
        """Every file."""
        return (*self.cel, *self.cdr, *self.queue_log)


def check_readable(path: Path) -> None:
    """Raises InputError where a log cannot be read."""
    with ExitStack() as stack:
        try:
            _open(path, stack)
        except OSError as error:
            raise _unread(path, error) from error


def read_lines(path: Path) -> Iterator[str]:
    """The whole lines of a log, oldest first: rotated files (`NAME.1`, `NAME-20261123`, `.gz`), then the file itself.

    Raises InputError where the file itself cannot be read.
    """
    try:
        with ExitStack() as stack:
            files = [_open(file, stack) for file in [*_rotated(path), path]]
            for file in files:
                *lines, unfinished = file.read().split(b"\n")
                if unfinished and file is not files[-1]:
                    lines.append(unfinished)
                yield from (_text(line) for line in lines)
    except (OSError, EOFError, zlib.error) as error:
        raise _unread(path, error) from error


def _unread(path: Path, error: Exception) -> InputError:
    return InputError(f"{path}: the log cannot be read: {reason_of(error)}")


def _open(file: Path, files: ExitStack) -> BinaryIO:
    plain = files.enter_context(open_plain(file))
    return cast("BinaryIO", files.enter_context(gzip.open(plain))) if file.suffix == ".gz" else plain


def _rotated(path: Path) -> list[Path]:
    """The files a log was moved to, oldest first by when they were last written."""
    beside = [file for file in path.parent.glob(f"{path.name}[.-]*") if file.is_file()]
    return sorted(beside, key=lambda file: (file.stat().st_mtime_ns, file.name))[-MOST_ROTATED:]


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("gbk", "replace")
