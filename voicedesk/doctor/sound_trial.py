"""Tries an ear before it is chosen: whether the model loads, and whether the newest recording of a folder has sound.

What was said is told to nobody: whoever keeps the machine hears no call.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from voicedesk.audio.wav import Sound, read_sound
from voicedesk.doctor.finding import Finding
from voicedesk.doctor.speech import check_folder, check_model
from voicedesk.errors import InputError
from voicedesk.speech.activity import BLOCK_SECONDS, FAINT, loudness_of

_MOST_FILES = 5000
_MOST_BYTES = 64 * 1024 * 1024
_SOUNDS = frozenset({".wav", ".sln", ".sln16", ".sln48", ".alaw", ".ulaw"})


async def try_ear(model: str, models_folder: Path, folder: Path | None) -> list[Finding]:
    """Findings about a model, and about a folder of recordings if one is named."""
    found = [await check_model(model, models_folder)]
    if folder is not None:
        found += await asyncio.to_thread(lambda: list(_about_folder(folder)))
    return found


def _about_folder(folder: Path) -> Iterator[Finding]:
    yield from check_folder("recordings", folder)
    if not folder.is_dir():
        return
    try:
        newest = _newest(folder)
    except OSError:
        return
    if newest is None:
        what = f"no recording lies in {folder} yet"
        cure = "make a test call after voicedesk asterisk snippet recording, and test again"
        yield Finding.unseen("recordings", "sound", what, cure=cure)
        return
    try:
        sound = read_sound(newest)
    except InputError:
        what = "the newest recording cannot be read as sound"
        yield Finding.bad("recordings", "sound", what, "no greeting can be judged", "see docs/greeting.md")
        return
    yield _about_sound(sound)


def _newest(folder: Path) -> Path | None:
    found: list[tuple[float, Path]] = []
    for number, one in enumerate(folder.iterdir()):
        if number >= _MOST_FILES:
            break
        if one.suffix in _SOUNDS and one.is_file() and not one.is_symlink():
            known = one.stat()
            if known.st_size <= _MOST_BYTES:
                found.append((known.st_mtime, one))
    return max(found)[1] if found else None


def _about_sound(sound: Sound) -> Finding:
    step = max(round(sound.rate * BLOCK_SECONDS), 1)
    blocks = [loud for channel in sound.samples for loud in loudness_of(channel, step)]
    told = f"the newest recording has {sound.seconds:.1f} s at {sound.rate} Hz"
    if max(blocks, default=0.0) < FAINT:
        cure = "record the staff's side of the call: voicedesk asterisk snippet recording"
        return Finding.bad("recordings", "sound", f"{told}, and is silent", "no greeting can be judged", cure)
    return Finding.good("recordings", "sound", f"{told}, and somebody can be heard")
