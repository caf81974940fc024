"""Microphone and loudspeaker, through PortAudio. Only this module imports sounddevice, and only when it is wanted."""

import queue
from collections.abc import Iterator
from typing import Any

import numpy as np

from voicedesk.audio.g711 import Samples
from voicedesk.errors import InputError, why

BLOCK_SECONDS = 0.1
_RATES = (16000, 48000, 44100, 8000)
"""The rate of most speech models first, then what sound cards have; the first that the microphone takes is used."""
_SILENT_SECONDS = 3.0
"""A microphone gives blocks also of silence: one that gives none for so long is muted by the system, or another's."""


def input_devices() -> list[str]:
    """The microphones, as `listen` takes them: "number: name". Raises InputError without PortAudio."""
    devices = _sounddevice().query_devices()
    return [f"{n}: {one['name']}" for n, one in enumerate(devices) if one["max_input_channels"] > 0]


def listen(device: int | None = None) -> Iterator[tuple[Samples, int]]:
    """Blocks of 0.1 s from a microphone and their rate, for as long as somebody takes them.

    Raises InputError, saying what to do, without PortAudio, without a microphone, or when one gives no sound.
    """
    portaudio = _sounddevice()
    rate = _rate(portaudio, device)
    blocks: queue.Queue[bytes] = queue.Queue()

    def came(data: object, _frames: int, _times: object, _status: object) -> None:
        blocks.put(bytes(data))  # type: ignore[call-overload]

    try:
        options = {"samplerate": rate, "blocksize": int(rate * BLOCK_SECONDS), "channels": 1, "dtype": "int16"}
        with portaudio.RawInputStream(device=device, callback=came, **options):
            while True:
                yield np.frombuffer(blocks.get(timeout=_SILENT_SECONDS), np.int16), rate
    except portaudio.PortAudioError as error:
        raise InputError(f"the microphone cannot be opened: {error}") from error
    except queue.Empty:
        raise InputError("the microphone gives no sound: is it muted, or another program's?") from None


def play(samples: Samples, rate: int) -> None:
    """Plays sound on the loudspeaker and waits for its end. Raises InputError, saying what to do, where it cannot."""
    portaudio = _sounddevice()
    try:
        portaudio.play(samples, rate, blocking=True)
    except (portaudio.PortAudioError, ValueError) as error:
        raise InputError(
            f"there is no loudspeaker that can be used ({error}): plug one in, or copy the file"
        ) from error


def _sounddevice() -> Any:
    try:
        import sounddevice  # it loads PortAudio, which most servers do not have
    except OSError as error:
        needed = "a microphone needs PortAudio (Debian: apt install libportaudio2)"
        raise InputError(f"{why(error)}: {needed}; a recording needs none: --wav FILE") from error
    return sounddevice


def _rate(portaudio: Any, device: int | None) -> int:
    """The first rate that the microphone can do."""
    reason: object = None
    for rate in _RATES:
        try:
            portaudio.check_input_settings(device=device, channels=1, dtype="int16", samplerate=rate)
        except (portaudio.PortAudioError, ValueError) as error:
            reason = error
        else:
            return rate
    raise InputError(
        f"there is no microphone that can be used ({reason}): plug one in, or choose with --device "
        "(voicedesk practice --list-devices); a recording works too: --wav FILE"
    )
