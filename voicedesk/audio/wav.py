"""Reads the sound files a switch writes: WAV (linear, A-law, µ-law), and raw files known by their names' ends.

Files that are still being written, or were cut, are read as far as they go; if more may have been said, they are marked
as cut. Everything else is refused with its reason.
"""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voicedesk.audio.g711 import Samples, decode_alaw, decode_ulaw
from voicedesk.audio.riff import UNKNOWN_SIZES, body_of
from voicedesk.errors import InputError, reason_of
from voicedesk.plain_files import read_plain

MAX_BYTES = 512 * 1024 * 1024
MAX_SECONDS = 2 * 3600
"""Bounds for memory, chosen: no call at a hall lasts two hours, and a file is read as a whole. A file with more bytes
is refused; of one with more seconds the first two hours are read, and it is said to be cut."""
_RAW = {
    ".sln": 8000,
    ".raw": 8000,
    ".slin": 8000,
    ".sln16": 16000,
    ".sln48": 48000,
    ".slin16": 16000,
    ".alaw": 8000,
    ".al": 8000,
}
_RAW |= {".ulaw": 8000, ".ul": 8000, ".pcm": 8000}
_LINEAR, _ALAW, _ULAW, _EXTENSIBLE = 1, 6, 7, 0xFFFE
_OTHER_CODES = {2: "ADPCM", 3: "floating point", 17: "IMA ADPCM", 49: "GSM (wav49)", 85: "MP3"}
_OTHER_KINDS = {
    b"ID3": "MP3",
    b"\xff\xfb": "MP3",
    b"\xff\xf3": "MP3",
    b"OggS": "Ogg",
    b"fLaC": "FLAC",
    b"\x1aE\xdf\xa3": "WebM",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How samples lie in a file, from byte `offset` on."""

    rate: int
    channels: int
    bytes_per_sample: int
    code: int
    offset: int
    declared_bytes: int | None
    is_unfinished: bool = False

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return self.channels * self.bytes_per_sample

    def decode(self, data: bytes) -> Samples:
        """Whole frames as samples, one row a channel."""
        frames = len(data) // self.frame_bytes
        samples = _decoders()[self.code, self.bytes_per_sample](data[: frames * self.frame_bytes])
        return samples.reshape(frames, self.channels).T


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Samples of 16 bits, one row a channel; `is_cut` where there should be more, or may have been.

    `is_unfinished`: its writer never wrote how long it is. All of it was read; a crash may have ended it.
    """

    samples: Samples
    rate: int
    is_cut: bool = False
    is_unfinished: bool = False

    @property
    def seconds(self) -> float:
        """How long it is."""
        return int(self.samples.shape[1]) / self.rate

    def channel(self, number: int) -> Samples:
        """The samples of one channel (0: left, or the only one). Raises InputError if there is no such channel."""
        if number >= len(self.samples):
            raise InputError(f"the sound has {len(self.samples)} channel(s): there is no channel {number + 1}")
        samples: Samples = self.samples[number]
        return samples


def read_sound(path: Path) -> Sound:
    """A sound file whole. Raises InputError that says what is wrong with it."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(f"{path}: {size // 2**20} MiB is too large for a recording of a call")
        data = read_plain(path, MAX_BYTES)
        grows = path.stat().st_size > len(data)
    except OSError as error:
        raise InputError(f"{path}: the sound file cannot be read: {reason_of(error)}") from error
    layout = read_layout(data, path)
    declared = layout.declared_bytes
    spans, is_accounted_for = body_of(data, layout.offset, declared)
    body = b"".join(data[begin:end] for begin, end in spans)
    most = MAX_SECONDS * layout.rate * layout.frame_bytes
    samples = layout.decode(body[:most])
    if not samples.shape[1]:
        raise InputError(f"{path}: there is no sound in it")
    is_short = declared is not None and len(body) < declared
    is_cut = is_short or len(body) > most or grows or not is_accounted_for
    return Sound(samples=samples, rate=layout.rate, is_cut=is_cut, is_unfinished=layout.is_unfinished)


def read_layout(head: bytes, path: Path) -> Layout:
    """How the samples lie in a file that begins with `head`. Raises InputError where that cannot be told.

    A WAV file that is still being written declares no size, or none that is true yet: `declared_bytes` is None then.
    """
    ending = path.suffix.lower()
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return _wav_layout(head, path)
    kind = next((name for magic, name in _OTHER_KINDS.items() if head.startswith(magic)), None)
    if kind is not None:
        raise InputError(f"{path}: this is {kind}: convert it to WAV (16 bits, or A-law) first")
    if ending in _RAW:
        code = {".al": _ALAW, ".alaw": _ALAW, ".ul": _ULAW, ".ulaw": _ULAW, ".pcm": _ULAW}.get(ending, _LINEAR)
        width = 2 if code == _LINEAR else 1
        return Layout(rate=_RAW[ending], channels=1, bytes_per_sample=width, code=code, offset=0, declared_bytes=None)
    if not head:
        raise InputError(f"{path}: the file is empty")
    raise InputError(f"{path}: this is no WAV file, and its name does not say what else it is (.sln, .alaw, .ulaw …)")


def _wav_layout(head: bytes, path: Path) -> Layout:
    """Walks the chunks of a RIFF file up to its samples."""
    shape: tuple[int, int, int, int] | None = None
    at = 12
    while at + 8 <= len(head):
        name, size = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
        at += 8
        if name == b"fmt ":
            shape = _format(head[at : at + size], path)
        elif name == b"data":
            if shape is None:
                break
            code, channels, rate, width = shape
            return Layout(
                rate=rate,
                channels=channels,
                bytes_per_sample=width,
                code=code,
                offset=at,
                declared_bytes=None if size in UNKNOWN_SIZES else size,
                is_unfinished=size == 0 and len(head) > at,
            )
        at += size + size % 2
    raise InputError(f"{path}: the WAV file is damaged: it has no samples")


def _format(chunk: bytes, path: Path) -> tuple[int, int, int, int]:
    """Code, channels, rate and bytes per sample of a format chunk."""
    if len(chunk) < 16:
        raise InputError(f"{path}: the WAV file is damaged: its format cannot be read")
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if code == _EXTENSIBLE and len(chunk) >= 26:
        code = struct.unpack_from("<H", chunk, 24)[0]
    if (code, bits // 8) not in _decoders() or bits % 8:
        kind = f" ({_OTHER_CODES[code]})" if code in _OTHER_CODES else ""
        told = f"WAV code {code} with {bits} bits{kind}"
        raise InputError(f"{path}: {told} is not read here: use 16 bits linear, or A-law")
    if channels not in (1, 2) or not 4000 <= rate <= 192000:
        raise InputError(f"{path}: {channels} channel(s) at {rate} Hz: use one or two at 8000 or 16000 Hz")
    return code, channels, rate, bits // 8


def _decoders() -> dict[tuple[int, int], Callable[[bytes], Samples]]:
    return {
        (_LINEAR, 1): lambda data: (np.frombuffer(data, np.uint8).astype(np.int16) - 128) << 8,
        (_LINEAR, 2): lambda data: np.frombuffer(data, "<i2"),
        (_LINEAR, 3): lambda data: _high_bytes(data, 3),
        (_LINEAR, 4): lambda data: _high_bytes(data, 4),
        (_ALAW, 1): decode_alaw,
        (_ULAW, 1): decode_ulaw,
    }


def _high_bytes(data: bytes, width: int) -> Samples:
    """The upper 16 bits of wider samples."""
    return np.frombuffer(data, np.uint8).reshape(-1, width)[:, -2:].copy().view("<i2").ravel()


def write_wav(path: Path, samples: Samples, rate: int) -> None:
    """Writes one channel of 16 bits as WAV."""
    data = samples.astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", _LINEAR, 1, rate, rate * 2, 2, 16)
    path.write_bytes(_chunk(b"RIFF", b"WAVE" + _chunk(b"fmt ", form) + _chunk(b"data", data)))


def write_alaw_wav(path: Path, lumps: Iterable[bytes], rate: int) -> None:
    """Writes one channel of A-law as WAV, a lump at a time."""
    form = _chunk(b"fmt ", struct.pack("<HHIIHH", _ALAW, 1, rate, rate, 1, 8))
    with path.open("wb") as file:
        file.write(b"RIFF\0\0\0\0WAVE" + form + b"data\0\0\0\0")
        length = sum(map(file.write, lumps))
        file.write(b"\0" * (length % 2))
        file.seek(4)
        file.write((4 + len(form) + 8 + length + length % 2).to_bytes(4, "little"))
        file.seek(8 + 4 + len(form) + 4)
        file.write(length.to_bytes(4, "little"))


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + len(data).to_bytes(4, "little") + data
