"""A story told: the samples at line rate, and when each word and part is heard."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tools.audio_fixtures.stories import Story
from tools.speech_model.channel import LINE_RATE, levelled, to_line_rate
from tools.speech_model.espeak import Espeak, Samples, Stretch, Voice
from tools.speech_model.phrases import Part

LOUDNESS = 1500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Samples at 8 kHz in the range of 16-bit integers; `timed` is false where no clock tells what is heard when."""

    samples: Samples
    words: tuple[Stretch, ...]
    parts: tuple[Stretch, ...]
    timed: bool = True

    def with_samples(self, samples: Samples) -> "Told":
        """The same words, heard otherwise."""
        return replace(self, samples=samples.astype(np.float32))

    def without_clock(self, samples: Samples) -> "Told":
        """Sound in which the words are no longer where they were."""
        return Told(samples=samples.astype(np.float32), words=(), parts=(), timed=False)


def tell(espeak: Espeak, story: Story, voice: Voice, factor: float = 1.0) -> Told:
    """Say a story; `factor` above 1 makes it faster and higher, formants and all."""
    pauses = story.pauses or (0.4, *[0.0] * (len(story.parts) - 1))
    pieces: list[Samples] = []
    words: list[Stretch] = []
    parts: list[Stretch] = []
    at = 0.0
    for first, end in _runs(pauses):
        silence = np.zeros(round(pauses[first] * LINE_RATE), np.float32)
        run = story.parts[first:end]
        speech = espeak.say([part.text for part in run], voice, [","] * (len(run) - 1))
        sound, exact = to_line_rate(speech.samples, speech.rate, factor)
        pieces += [silence, sound]
        begin = at + len(silence) / LINE_RATE
        heard = [_moved(word, begin, exact) for word in speech.words]
        words += heard
        parts += _parts(run, heard)
        at = begin + len(sound) / LINE_RATE
    samples = levelled(np.concatenate([*pieces, np.zeros(LINE_RATE // 2, np.float32)]), LOUDNESS)
    return Told(samples=samples, words=tuple(words), parts=tuple(parts))


def _runs(pauses: Sequence[float]) -> list[tuple[int, int]]:
    """Parts said in one breath: a pause begins a new run."""
    begins = [number for number, pause in enumerate(pauses) if pause or not number]
    return list(zip(begins, [*begins[1:], len(pauses)], strict=True))


def _moved(word: Stretch, begin: float, factor: float) -> Stretch:
    return Stretch(name=word.name, start=begin + word.start / factor, end=begin + word.end / factor)


def _parts(run: Sequence[Part], heard: Sequence[Stretch]) -> list[Stretch]:
    found, at = [], 0
    for part in run:
        mine = heard[at : at + len(part.text.split())]
        found.append(Stretch(name=part.kind, start=mine[0].start, end=mine[-1].end))
        at += len(mine)
    return found
