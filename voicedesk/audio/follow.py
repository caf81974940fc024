"""Follows a recording while the switch writes it: the samples of the staff side, as they come."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

from voicedesk.audio.g711 import Samples
from voicedesk.audio.wav import Layout, read_layout
from voicedesk.errors import InputError, reason_of
from voicedesk.plain_files import open_plain

HEAD_BYTES, LONGEST_HEAD_BYTES = 64, 4096
POLL_SECONDS = 0.05
"""Chosen: short beside the third of a second that the switch itself keeps back (see docs/greeting.md)."""
LUMP_SECONDS = 1.0
"""So much is given at a time, however much there is: other recordings get their turn."""


class Lump(NamedTuple):
    """Samples of the first channel, how many of them are a second, and whether more are there already."""

    samples: Samples
    rate: int
    is_behind: bool


async def follow(
    path: Path,
    is_over: Callable[[], bool],
    *,
    appears_within_seconds: float = 10.0,
    poll_seconds: float = POLL_SECONDS,
) -> AsyncIterator[Lump]:
    """The sound in lumps as the file grows; ends when `is_over` and all is read.

    `is_over` tells that the switch writes no more. Raises InputError if the file does not appear in time, is a link, or
    is no sound.
    """
    waited = 0.0
    layout: Layout | None = None
    read = 0
    while True:
        ended = is_over()
        size = _size(path)
        if layout is None and size >= HEAD_BYTES:
            head = await asyncio.to_thread(_read, path, 0, LONGEST_HEAD_BYTES)
            layout = _layout(head, path, is_whole=ended or size >= LONGEST_HEAD_BYTES)
            read = layout.offset if layout is not None else 0
        if layout is not None and size - read >= layout.frame_bytes:
            lump = min((size - read) // layout.frame_bytes, round(LUMP_SECONDS * layout.rate)) * layout.frame_bytes
            data = await asyncio.to_thread(_read, path, read, lump)
            read += len(data)
            yield Lump(layout.decode(data)[0], layout.rate, size - read >= layout.frame_bytes)
            continue
        if ended:
            if layout is None:
                raise InputError(f"{path}: the recording never appeared")
            return
        if layout is None and waited >= appears_within_seconds:
            raise InputError(f"{path}: the recording did not appear within {appears_within_seconds:g} s")
        await asyncio.sleep(poll_seconds)
        waited += poll_seconds


def _layout(head: bytes, path: Path, *, is_whole: bool) -> Layout | None:
    """How the samples lie; None where the head has not been written to its end yet."""
    try:
        return read_layout(head, path)
    except InputError:
        if is_whole or not head.startswith(b"RIFF"):
            raise
        return None


def _size(path: Path) -> int:
    """Its size, 0 while it is not there. A link is refused: it could lead anywhere."""
    if path.is_symlink():
        raise InputError(f"{path}: a recording may not be a symbolic link")
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise InputError(f"{path}: the recording cannot be read: {reason_of(error)}") from error


def _read(path: Path, offset: int, length: int) -> bytes:
    try:
        with open_plain(path) as file:
            file.seek(offset)
            return file.read(length)
    except OSError as error:
        raise InputError(f"{path}: the recording cannot be read: {reason_of(error)}") from error
