"""Sound as prompts need it: silence at the ends cut, loudness even, at 8 kHz as A-law and at 16 kHz."""

import contextlib
import os
from pathlib import Path

import numpy as np
import soxr

from voicedesk.audio.g711 import Samples, encode_alaw
from voicedesk.errors import InputError, reason_of
from voicedesk.prompts.book import LINE_RATE

WIDE_RATE = 16_000
LOUDNESS = 0.1
"""Of full scale, root mean square over what is not silence: about -20 dB."""
LOUDEST = 0.9
QUIET = 0.02
"""Of the loudest sample: what lies below is silence."""
LEAD_SECONDS = 0.05
TAIL_SECONDS = 0.15
PARTIAL = ".part"
READABLE, SEARCHABLE = 0o644, 0o755
"""A sound, and a folder of sounds, as the switch's user needs them."""
LEFT_SECONDS = 3600


def trimmed(samples: Samples, rate: int) -> Samples:
    """Without silence before and after, but for a moment. Raises InputError where there is nothing else."""
    size = np.abs(samples.astype(np.int32))
    loud = np.flatnonzero(size > max(int(size.max(initial=0) * QUIET), 32))
    if not len(loud):
        raise InputError("there is only silence in it")
    first = max(int(loud[0]) - int(LEAD_SECONDS * rate), 0)
    return samples[first : int(loud[-1]) + int(TAIL_SECONDS * rate)]


def levelled(samples: Samples) -> Samples:
    """As loud as every other prompt, and never clipped."""
    sound = samples.astype(np.float64) / 32768
    size = np.abs(sound)
    loud = sound[size > size.max() * QUIET]
    gain = min(LOUDNESS / float(np.sqrt(np.mean(loud**2))), LOUDEST / float(size.max()))
    return np.round(sound * gain * 32767).astype(np.int16)


def at_rate(samples: Samples, rate: int, wanted: int) -> Samples:
    """The same sound with another number of samples a second."""
    if rate == wanted:
        return samples
    return np.asarray(soxr.resample(samples, rate, wanted), np.int16)


def write_prompt(samples: Samples, rate: int, path: Path) -> None:
    """Writes `path`.alaw and `path`.sln16; each appears whole, or not at all, and the switch's user may read it.

    Raises InputError where the disk refuses; what was there before is there still.
    """
    make_readable(path.parent)
    wide = at_rate(samples, rate, WIDE_RATE).astype("<i2").tobytes()
    write_whole(path.with_suffix(".sln16"), wide, mode=READABLE)
    write_whole(path.with_suffix(".alaw"), encode_alaw(at_rate(samples, rate, LINE_RATE)), mode=READABLE)


def write_whole(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Writes a file that appears whole, or not at all. Raises InputError where the disk refuses."""
    partial = path.with_name(f"{path.name}.{os.getpid()}{PARTIAL}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise InputError(f"{path.parent}: cannot be written: {reason_of(error)}") from error


def make_readable(folder: Path) -> None:
    """Makes a folder, and those above it that are not there, such that the switch's user finds sounds in it.

    The service writes what others may not read (UMask=0077 of its unit); Asterisk is another user, and plays them.
    """
    try:
        absent = [one for one in (folder, *folder.parents) if not one.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for one in absent:
            one.chmod(SEARCHABLE)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {reason_of(error)}") from error


def sweep(folder: Path, now_seconds: float) -> None:
    """Deletes what builds that were killed left half written, an hour later."""
    for partial in folder.glob(f"*/*/*{PARTIAL}"):
        with contextlib.suppress(OSError):
            if partial.stat().st_mtime < now_seconds - LEFT_SECONDS:
                partial.unlink()
