"""Opens files that people and other programs name: an ordinary one, of a bounded size, or an error at once.

A named pipe gives its opener nothing until somebody writes, a device gives without end, and a folder gives nothing:
who reads settings while calls are followed waits for none of them.
"""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

MOST_BYTES = 32 * 1024 * 1024
"""No settings, texts, rules or calendar come near it."""


def open_plain(path: Path) -> BinaryIO:
    """An ordinary file, to be read; it never waits for another program. Raises OSError for anything else."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is a pipe or a device, not an ordinary file", str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_plain(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """The bytes of an ordinary file. Raises OSError where it is none, or larger than is meant."""
    with open_plain(path) as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise OSError(errno.EFBIG, f"it is larger than {most_bytes // 2**20} MiB", str(path))
    return data


def check_gives_way(path: Path, begins: bytes) -> None:
    """Raises OSError where an ordinary file is in the place of one that is to be written, and is none of that kind.

    An earlier one of the same kind begins with `begins` (in either case of letters); it may be replaced, as an empty
    file may. So a name typed wrongly costs no settings, no secret and no database.
    """
    if not path.is_file():
        return  # nothing, or what the writing itself refuses
    with open_plain(path) as file:
        head = file.read(len(begins))
    if head and head.lower() != begins.lower():
        raise OSError(errno.EEXIST, "another kind of file is there: name another, or remove it first", str(path))
