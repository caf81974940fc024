"""Recordings of the staff's side as files: found where the switch writes them, kept as evidence, deleted in time.

The switch names a file by the phone's channel. What is kept is A-law at 8 kHz: what the telephone line carried.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import Path

import numpy as np
import soxr

from voicedesk.audio.g711 import encode_alaw
from voicedesk.audio.wav import read_layout, write_alaw_wav
from voicedesk.clock import MICROSECONDS
from voicedesk.errors import InputError
from voicedesk.settings import Settings
from voicedesk.store.calls import Filter
from voicedesk.store.store import Store

DAY_US = 24 * 3600 * MICROSECONDS
ENDING = ".sln48"
KEPT_RATE = 8000
_CHANNEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")
_LUMP_BYTES = 48_000 * 2 * 10


def file_of(folder: Path, uniqueid: str) -> Path | None:
    """Where the switch records a channel; None for an id that no switch gives."""
    return folder / f"{uniqueid}{ENDING}" if _CHANNEL_ID.fullmatch(uniqueid) and ".." not in uniqueid else None


def waiting(folder: Path) -> list[tuple[str, Path]]:
    """The channels of which recordings lie there, oldest first. Raises InputError if the folder cannot be read."""
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix == ENDING)
    except OSError as error:
        raise InputError(f"{folder}: the recordings cannot be read: {error.strerror}") from error
    return [(path.stem, path) for path in files if file_of(folder, path.stem)]


def has_sound(path: Path) -> bool:
    """Whether there is anything in a recording: a phone that hung up at once leaves none, or an empty one."""
    try:
        return path.stat().st_size > 0 and not path.is_symlink()
    except OSError:
        return False


def keep(source: Path, folder: Path, pbx: str, answered_at: int, zone: tzinfo) -> str:
    """Keeps a finished recording as a WAV file in a folder of its day; its name below `folder`.

    The switch's own file goes. Raises InputError if either cannot be done; nothing is lost then.
    """
    day = datetime.fromtimestamp(answered_at / MICROSECONDS, zone).date().isoformat()
    name = f"{day}/{_plain(pbx)}-{source.stem}.wav"
    target = folder / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = target.with_suffix(".part")
        partial.touch(mode=0o600)
        write_alaw_wav(partial, _at_kept_rate(source), KEPT_RATE)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.rename(target)
    except OSError as error:
        raise InputError(f"{target}: the recording cannot be kept: {error.strerror}") from error
    return name


def remove(path: Path) -> None:
    """Deletes a recording. Raises InputError if it may not; one that is gone already is none the worse."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}: the recording cannot be deleted: {error.strerror}") from error


def remove_kept(folder: Path, names: list[str]) -> int:
    """Deletes kept recordings; how many there were. Empty days go with them."""
    gone = 0
    for path in (folder / name for name in names):
        if path.exists():
            remove(path)
            gone += 1
        with contextlib.suppress(OSError):
            path.parent.rmdir()
    return gone


async def prune(store: Store, settings: Settings, now: int) -> int:
    """Deletes recordings, greetings and consultations that were kept long enough; how many files went.

    What lies unheard in the switches' folders for as long goes too: no call is known for it.
    """
    keep_for = settings.retention
    folders = [pbx.recordings for pbx in settings.pbx if pbx.recordings]
    unheard = await asyncio.to_thread(_remove_unheard, folders, now - keep_for.recordings_days * DAY_US)
    before = now - keep_for.recordings_days * DAY_US
    old = await store.greetings.forget_recordings(before) + await store.consultations.forget_recordings(before)
    gone = await asyncio.to_thread(remove_kept, settings.recording.folder, old)
    await store.greetings.prune(now - keep_for.calls_days * DAY_US)
    await store.consultations.prune(now - keep_for.calls_days * DAY_US)
    return gone + unheard


def _remove_unheard(folders: list[Path], before: int) -> int:
    gone = 0
    for folder in folders:
        with contextlib.suppress(InputError):  # a folder that cannot be read is told of by who hears what is in it
            for _, path in waiting(folder):
                with contextlib.suppress(OSError):
                    if path.lstat().st_mtime * MICROSECONDS < before:
                        remove(path)
                        gone += 1
    return gone


async def forget_caller(store: Store, settings: Settings, digits: str) -> int:
    """Deletes what was heard in the calls of a number (national digits), and its messages; how many recordings went."""
    numbers = await store.calls.spellings(digits, settings.hall.area_code)
    names: list[str] = []
    async for stored in store.calls.each(Filter(caller_numbers=numbers)):
        names += await store.greetings.forget_call(stored.call.facts.id)
    names += await store.consultations.forget_messages(digits, settings.hall.area_code)
    return await asyncio.to_thread(remove_kept, settings.recording.folder, names)


def _at_kept_rate(source: Path) -> Iterator[bytes]:
    """A-law of a raw recording, a lump at a time: a long call is never in memory as a whole."""
    with source.open("rb") as file:
        layout = read_layout(file.read(4096), source)
        file.seek(layout.offset)
        resampler = soxr.ResampleStream(layout.rate, KEPT_RATE, 1, dtype="int16")
        while lump := file.read(_LUMP_BYTES):
            yield encode_alaw(resampler.resample_chunk(layout.decode(lump)[0]))
        yield encode_alaw(resampler.resample_chunk(np.zeros(0, np.int16), last=True))


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)
