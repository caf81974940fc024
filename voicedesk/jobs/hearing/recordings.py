"""Recordings of the staff's side as files: found where the switch writes them, kept as evidence, deleted in time.

The switch names a file by the phone's channel. What is kept is A-law at 8 kHz: what the telephone line carried.
Whatever else lies in the folder is listed and left alone.
"""

import asyncio
import contextlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, tzinfo
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path

import numpy as np
import soxr

from voicedesk.audio.g711 import encode_alaw
from voicedesk.audio.wav import read_layout, write_alaw_wav
from voicedesk.calls.registry import born_us
from voicedesk.clock import MICROSECONDS, to_datetime
from voicedesk.errors import InputError, reason_of
from voicedesk.phone_traces import PhoneTraces
from voicedesk.settings import Settings
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.forgetting import forget_in_facts
from voicedesk.store.greetings import GreetingFilter
from voicedesk.store.store import Store

DAY_US = 24 * 3600 * MICROSECONDS
ENDING = ".sln48"
KEPT_RATE = 8000
_CHANNEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")
_UNIQUEID = re.compile(r"(?:.*-)?[0-9]+\.[0-9]+")
"""How a switch names channels, its own name in front; any other name in the folder is somebody else's file."""
_KEPT = frozenset({".wav", ".part"})
_LUMP_BYTES = 48_000 * 2 * 10


class Foreign(StrEnum):
    """Why something in the recordings' folder is none of ours."""

    FOLDER = "folder"
    LINK = "link"
    NO_FILE = "no_file"
    OTHER_NAME = "other_name"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """Something in a recordings' folder: a recording of channel `uniqueid`, or `foreign`. `changed_at` is its own time.

    A recording whose time lies in the future, as a clock that was set leaves it, has the time its channel was made.
    """

    path: Path
    size: int
    changed_at: int
    uniqueid: str | None = None
    foreign: Foreign | None = None


def file_of(folder: Path, uniqueid: str) -> Path | None:
    """Where the switch records a channel; None for an id that no switch gives."""
    return folder / f"{uniqueid}{ENDING}" if _CHANNEL_ID.fullmatch(uniqueid) and ".." not in uniqueid else None


def waiting(folder: Path) -> list[tuple[str, Path]]:
    """The channels of which recordings lie there, oldest first. Raises InputError if the folder cannot be read."""
    return [(one.uniqueid, one.path) for one in look(folder) if one.uniqueid is not None]


def look(folder: Path, now: int | None = None) -> list[FoundFile]:
    """Everything that lies in a folder, by name. Raises InputError if the folder cannot be read."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError as error:
        raise InputError(f"{folder}: the recordings cannot be read: {reason_of(error)}") from error
    found = (_looked_at(folder / name, now) for name in names)
    return [one for one in found if one is not None]


def _looked_at(path: Path, now: int | None) -> FoundFile | None:
    """None for what is gone meanwhile."""
    try:
        seen = path.lstat()
    except OSError:
        return None
    changed_at = seen.st_mtime_ns // 1000
    foreign: Foreign | None = None
    if stat.S_ISDIR(seen.st_mode):
        foreign = Foreign.FOLDER
    elif stat.S_ISLNK(seen.st_mode):
        foreign = Foreign.LINK
    elif not stat.S_ISREG(seen.st_mode):
        foreign = Foreign.NO_FILE
    elif path.suffix != ENDING or file_of(path.parent, path.stem) is None or not _UNIQUEID.fullmatch(path.stem):
        foreign = Foreign.OTHER_NAME
    if foreign is not None:
        return FoundFile(path=path, size=seen.st_size, changed_at=changed_at, foreign=foreign)
    if now is not None and changed_at > now + DAY_US:
        born = born_us(path.stem)
        changed_at = born if born is not None and born <= now + DAY_US else changed_at
    return FoundFile(path=path, size=seen.st_size, changed_at=changed_at, uniqueid=path.stem)


def has_sound(path: Path) -> bool:
    """Whether there is anything in a recording: a phone that hung up at once leaves none, or an empty one."""
    try:
        seen = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(seen.st_mode) and seen.st_size > 0


def keep(source: Path, folder: Path, pbx: str, answered_at: int, zone: tzinfo) -> str:
    """Keeps a finished recording as a WAV file in a folder of its day; its name below `folder`.

    The switch's own file goes. Raises InputError if either cannot be done; nothing is lost then.
    """
    day = to_datetime(answered_at).astimezone(zone).date().isoformat()
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
        raise InputError(f"{target}: the recording cannot be kept: {reason_of(error)}") from error
    return name


def remove(path: Path) -> None:
    """Deletes a recording. Raises InputError if it may not; one that is gone already is none the worse.

    What is no plain file is none, and stays: a link, a folder, a socket.
    """
    try:
        if stat.S_ISREG(path.lstat().st_mode):
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"{path}: the recording cannot be deleted: {reason_of(error)}") from error


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

    What lies unheard in the switches' folders for as long goes too: no call is known for it. A recording never outlives
    the row that names it; a kept file that no row names any more goes by its own time.
    """
    keep_for = settings.retention
    folders = [pbx.recordings for pbx in settings.pbx if pbx.recordings]
    before = now - min(keep_for.recordings_days, keep_for.calls_days) * DAY_US
    unheard = await asyncio.to_thread(_remove_unheard, folders, now - keep_for.recordings_days * DAY_US, now)
    old = await store.greetings.forget_recordings(before) + await store.consultations.forget_recordings(before)
    gone = await asyncio.to_thread(remove_kept, settings.recording.folder, old)
    await store.greetings.prune(now - keep_for.calls_days * DAY_US)
    await store.consultations.prune(now - keep_for.calls_days * DAY_US)
    forgotten = await asyncio.to_thread(_remove_forgotten, settings.recording.folder, before, settings.hall.zone)
    return gone + unheard + forgotten


def _remove_unheard(folders: list[Path], before: int, now: int) -> int:
    """Nothing that grows: it would have a newer time. A file that may not be deleted does not keep the others."""
    gone = 0
    for folder in folders:
        with contextlib.suppress(InputError):  # a folder that cannot be read is told of by who hears what is in it
            for one in look(folder, now):
                if one.uniqueid is not None and one.changed_at < before:
                    gone += _gone(one.path)
    return gone


def _remove_forgotten(folder: Path, before: int, zone: tzinfo) -> int:
    """Kept files of days that are over for good, and that no row named: of a database that was put back, or a crash."""
    gone = 0
    last = to_datetime(before).astimezone(zone).date()
    with contextlib.suppress(OSError):
        for day in sorted(folder.iterdir()):
            if day.is_symlink() or not day.is_dir() or not _is_before(day.name, last):
                continue
            for path in sorted(day.iterdir()):
                if path.suffix in _KEPT and path.lstat().st_mtime_ns // 1000 < before:
                    gone += _gone(path)
            with contextlib.suppress(OSError):
                day.rmdir()
    return gone


def _is_before(name: str, last: date) -> bool:
    try:
        return date.fromisoformat(name) < last
    except ValueError:
        return False


def _gone(path: Path) -> bool:
    with contextlib.suppress(InputError):
        remove(path)
    return not os.path.lexists(path)


async def forget_caller(store: Store, settings: Settings, number: str) -> int:
    """Deletes what was heard in the calls with a number, its messages, and each recording whose file's name bears it;
    how many recordings went."""
    traces = PhoneTraces(number, settings.hall.area_code)
    names: list[str] = []
    async for stored in store.calls.each(CallFilter()):
        if forget_in_facts(stored.call.facts, traces) != stored.call.facts:
            names += await store.greetings.forget_call(stored.call.facts.id)
    async for greeting in store.greetings.each(GreetingFilter()):
        names += [greeting.recording] if greeting.recording and traces.is_in(greeting.recording) else []
    names += await store.consultations.forget_messages(traces.is_it)
    gone = await asyncio.to_thread(remove_kept, settings.recording.folder, names)
    folders = [settings.recording.folder, *(pbx.recordings for pbx in settings.pbx if pbx.recordings)]
    return gone + await asyncio.to_thread(_remove_named, folders, traces)


def _remove_named(folders: list[Path], traces: PhoneTraces) -> int:
    """The recordings in some folders, and in their days, whose names bear a number."""
    gone = 0
    for folder in folders:
        with contextlib.suppress(OSError):
            inside = [day for day in sorted(folder.iterdir()) if day.is_dir() and not day.is_symlink()]
            for path in (path for place in (folder, *inside) for path in sorted(place.iterdir())):
                if path.suffix in {ENDING, *_KEPT} and traces.is_in(path.name):
                    gone += _gone(path)
    return gone


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
    """A name as part of a file's name; two that differ stay two."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    return plain if plain == name else f"{plain}-{blake2b(name.encode(), digest_size=4).hexdigest()}"
