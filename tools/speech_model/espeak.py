"""Speech from espeak-ng's library, with its own clock: when each phone and each word is heard.

The library keeps state from one utterance to the next, so the same text does not always sound the same; who needs the
same samples twice must use a fresh process for the same run of utterances.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.speech_model.readings import toned
from tools.speech_model.syllables import split

Samples = NDArray[np.float32]

# Of the Mandarin voices only this one reads every syllable right: it is given pinyin with tone digits.
_MANDARIN = "cmn-latn-pinyin"
_SYNCHRONOUS, _PHONEME_EVENTS, _UTF8 = 2, 1, 1
_WORD, _PHONEME, _LAST = 1, 7, 0
_RATE, _VOLUME, _PITCH, _RANGE, _GAP = 1, 2, 3, 4, 7
# a pause between two syllables shorter than this belongs to the first
_NO_PAUSE_SECONDS = 0.04
# of a syllable for whose final the synthesiser tells no start
_INITIAL_SHARE = 0.3


class EspeakError(Exception):
    """The synthesiser refused a voice, or spoke something else than it was given."""


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How something is said: a variant of the voice, speed in words a minute, pitch and its range (0-99), word gap."""

    variant: str = ""
    speed: int = 170
    pitch: int = 50
    pitch_range: int = 50
    gap: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Something heard from `start` to `end`, in seconds."""

    name: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Samples in the range of 16-bit integers, and what is heard in them when."""

    samples: Samples
    rate: int
    phones: tuple[Stretch, ...]
    words: tuple[Stretch, ...]


@dataclass(slots=True)
class _Syllable:
    starts: list[int]
    end: int | None = None


class Espeak:
    """The library, loaded once a process."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        self.rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS)
        self._samples: list[NDArray[np.int16]] = []
        self._syllables: list[_Syllable] = []
        self._callback = _Callback(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)
        self._name: str | None = None

    def say(self, phrases: Sequence[str], voice: Voice, pauses: Sequence[str] = ()) -> Speech:
        """Say phrases (words parted by spaces) one after the other; `pauses` are the punctuation marks between them."""
        words = [word for phrase in phrases for word in phrase.split()]
        text = ""
        for number, phrase in enumerate(phrases):
            text += pauses[number - 1] + " " if number and len(pauses) >= number else ""
            text += " ".join(syllable for word in phrase.split() for syllable in toned(word)) + " "
        self._synthesise(text, voice)
        return self._timed(self._heard(), words)

    def read(self, text: str, voice: Voice, language: str) -> Samples:
        """Read a text as another language would; no clock, since what is heard are not the syllables we know."""
        self._synthesise(text, voice, language)
        return self._heard()

    def _heard(self) -> Samples:
        return np.concatenate([*self._samples, np.zeros(0, np.int16)]).astype(np.float32)

    def _synthesise(self, text: str, voice: Voice, language: str = _MANDARIN) -> None:
        name = f"{language}+{voice.variant}" if voice.variant else language
        if name != self._name:
            if self._library.espeak_SetVoiceByName(name.encode()):
                raise EspeakError(f"espeak-ng has no voice {name}")
            self._name = name
        settings = (
            (_RATE, voice.speed),
            (_VOLUME, 90),
            (_PITCH, voice.pitch),
            (_RANGE, voice.pitch_range),
            (_GAP, voice.gap),
        )
        for parameter, value in settings:
            self._library.espeak_SetParameter(parameter, value, 0)
        self._samples.clear()
        self._syllables.clear()
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 1, 0, _UTF8, None, None)

    def _receive(
        self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, events: "ctypes._Pointer[_Event]"
    ) -> int:
        if count > 0:
            self._samples.append(np.ctypeslib.as_array(samples, (count,)).copy())
        number = 0
        while events[number].type != _LAST:
            self._note(events[number])
            number += 1
        return 0

    def _note(self, event: _Event) -> None:
        if event.type == _WORD:
            self._syllables.append(_Syllable([]))
        elif event.type == _PHONEME and self._syllables:
            current, mnemonic = self._syllables[-1], bytes(event.id.string)
            if mnemonic and not mnemonic.startswith(b"_"):
                current.starts.append(event.sample)
            elif current.starts and current.end is None:
                current.end = event.sample

    def _timed(self, samples: Samples, words: Sequence[str]) -> Speech:
        """Join the library's clock with the words it was given."""
        heard = [syllable for syllable in self._syllables if syllable.starts]
        spoken = [(number, syllable) for number, word in enumerate(words) for syllable in toned(word)]
        if len(heard) != len(spoken):
            raise EspeakError(f"{len(spoken)} syllables were given, {len(heard)} were spoken: {' '.join(words)}")
        phones: list[Stretch] = []
        bounds: dict[int, tuple[float, float]] = {}
        total = len(samples) / self.rate
        for place, ((number, syllable), found) in enumerate(zip(spoken, heard, strict=True)):
            following = heard[place + 1].starts[0] / self.rate if place + 1 < len(heard) else total
            end = found.end / self.rate if found.end is not None else total
            end = following if following - end < _NO_PAUSE_SECONDS else end
            pieces = _phones(syllable[:-1], [start / self.rate for start in found.starts], end)
            phones += pieces
            bounds[number] = (bounds.get(number, (pieces[0].start, 0.0))[0], end)
        timed = tuple(Stretch(name=word, start=bounds[n][0], end=bounds[n][1]) for n, word in enumerate(words))
        return Speech(samples=samples, rate=self.rate, phones=tuple(phones), words=timed)


def _phones(syllable: str, starts: Sequence[float], end: float) -> list[Stretch]:
    """The one or two phones of a syllable, from the starts of what the synthesiser calls its phonemes."""
    initial, final = split(syllable)
    if not initial:
        return [Stretch(name=final, start=starts[0], end=end)]
    middle = starts[1] if len(starts) > 1 else starts[0] + _INITIAL_SHARE * (end - starts[0])
    return [Stretch(name=initial, start=starts[0], end=middle), Stretch(name=final, start=middle, end=end)]
