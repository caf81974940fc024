"""Hears a voice with all the model knows of language and, where it matters, again as bare syllables.

A voice unlike those a model learned from makes it hear confident nonsense, for its language forces known words upon any
sound. Bare syllables are heard without that force: where the voice is understood both come out alike. The second
hearing costs as much as the first, so it waits, with the sound it needs, until somebody asks for it.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from voicedesk.audio.g711 import Samples
from voicedesk.speech.kept import KEPT_SECONDS, KeptSound
from voicedesk.speech.models import SpeechModel
from voicedesk.speech.phrases import grammar_of
from voicedesk.speech.recognizer import Hearing, Recognizer
from voicedesk.speech.syllables import blurred, readings
from voicedesk.speech.transcript import Transcript, Understanding, Word

BLOCK_SECONDS = 0.1
TAIL_SECONDS = 0.5
"""Silence added at the end, so that the last word is heard out."""
NEAR_SECONDS = 0.12
"""One syllable heard twice begins at most so far apart."""
MARGIN_SECONDS = 0.3
"""So much around the words is heard again as well."""
PAUSE_SECONDS = 0.4
"""After so long a silence what was said before it is settled, sooner than an engine does so by itself."""
QUIET = 0.08
"""A block is silence below this share of the loudest one of late."""
FADING = 0.995


class Listener:
    """Hears voices with one recogniser; what it needs for the second hearing is made once."""

    def __init__(self, recognizer: Recognizer) -> None:
        self.recognizer = recognizer
        self._bare = bare_syllables(recognizer.model)

    def begin(self, rate: int, *, kept_seconds: float = KEPT_SECONDS) -> "Listening":
        """Begins to hear a voice of `rate` samples a second; its latest sound is kept to be heard again."""
        bare = self._bare
        again = (lambda: self.recognizer.hear(rate, bare)) if bare else None
        kept = KeptSound(rate, kept_seconds)
        return Listening(self.recognizer.model.name, self.recognizer.hear(rate), again, rate, kept)

    def begin_names(self, rate: int, names: Iterable[str]) -> "Listening":
        """Begins to hear a voice that says one of some names: only these are expected, and heard once."""
        grammar = grammar_of(names, self.recognizer.model)
        return Listening(self.recognizer.model.name, self.recognizer.hear(rate, grammar), None, rate)

    def transcribe(
        self,
        samples: Samples,
        rate: int,
        *,
        cut_short: bool = False,
        asks_again: Callable[[Transcript], bool] = lambda _heard: True,
    ) -> Transcript:
        """What is said in one channel of sound, heard twice unless `asks_again` says that once is enough."""
        listening = self.begin(rate, kept_seconds=math.inf)
        step = int(rate * BLOCK_SECONDS)
        for start in range(0, len(samples), step):
            listening.accept(samples[start : start + step])
        heard = listening.finish(cut_short=cut_short)
        return listening.hear_again() if asks_again(heard) else heard


class Listening:
    """One voice being heard. `again` begins a second hearing; None where there is none to be made."""

    def __init__(
        self,
        model: str,
        hearing: Hearing,
        again: Callable[[], Hearing] | None,
        rate: int,
        kept: KeptSound | None = None,
    ) -> None:
        self._model = model
        self._hearing = hearing
        self._again = again
        self._rate = rate
        self._taken = 0
        self._kept = kept or KeptSound(rate)
        self._heard_again: list[Word] = []
        self._bare: list[Word] = []
        self._last: tuple[tuple[Word, ...], float, bool] = ((), 0.0, False)
        self._loudest = 0.0
        self._quiet_seconds = 0.0
        self._settled = 0
        self.has_unsettled = False
        """True while there was sound since the last pause."""

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self._taken / self._rate

    def accept(self, samples: Samples) -> None:
        """Takes the next samples."""
        self._taken += len(samples)
        self._hearing.accept(samples)
        if self._again is not None:
            self._kept.add(samples)

    def so_far(self) -> str:
        """The words heard so far, which may still change."""
        return self._hearing.so_far()

    def accept_live(self, samples: Samples) -> bool:
        """Takes the next samples while they are being spoken; True if words were settled: `settled` has them."""
        step = int(self._rate * BLOCK_SECONDS)
        for start in range(0, len(samples), step):
            block = samples[start : start + step]
            self.accept(block)
            if self._is_pause(block):
                self._settle()
        before, self._settled = self._settled, len(self._hearing.settled())
        return self._settled > before

    def settled(self) -> Transcript:
        """What was said up to the last pause."""
        self._last = self._hearing.settled(), self.seconds, False
        return self._transcript()

    def hear_again(self) -> Transcript:
        """The last transcript, after its words that wait for it were heard a second time, where their sound is kept."""
        waiting = self._waiting()
        if self._again is not None and waiting:
            end = waiting[-1].end_seconds
            sound, begins = self._kept.between(waiting[0].start_seconds - MARGIN_SECONDS, end + MARGIN_SECONDS)
            hearing = self._again()
            hearing.accept(sound)
            hearing.accept(np.zeros(int(self._rate * TAIL_SECONDS), np.int16))
            bare = [*self._bare, *(one.later(begins) for one in hearing.finish())]
            self._bare = sorted(bare, key=lambda one: one.start_seconds)
            self._heard_again += waiting
            self._kept.forget(end)
        return self._transcript()

    def _is_pause(self, block: Samples) -> bool:
        """True once in each pause, when it has lasted long enough."""
        values = block.astype(np.float64)
        loudness = math.sqrt(np.dot(values, values) / max(1, len(values)))
        self._loudest = max(loudness, self._loudest * FADING)
        self.has_unsettled |= loudness >= self._loudest * QUIET
        before = self._quiet_seconds
        self._quiet_seconds = before + len(block) / self._rate if loudness < self._loudest * QUIET else 0.0
        return before < PAUSE_SECONDS <= self._quiet_seconds

    def _settle(self) -> None:
        self.has_unsettled = False
        self._hearing.settle()

    def finish(self, *, cut_short: bool = False) -> Transcript:
        """The transcript of all that was heard; it may still be asked to be heard again."""
        heard = self.seconds
        self.accept(np.zeros(int(self._rate * TAIL_SECONDS), np.int16))
        self._last = self._hearing.finish(), heard, cut_short
        return self._transcript()

    def _waiting(self) -> list[Word]:
        """The words that were heard once, and of which the sound is there to hear them again."""
        done = self._heard_again[-1].end_seconds if self._heard_again else 0.0
        since = max(done, self._kept.begins)
        return [word for word in self._last[0] if word.start_seconds >= since]

    def _transcript(self) -> Transcript:
        words, heard, cut_short = self._last
        return Transcript(
            words=words,
            heard_seconds=heard,
            model=self._model,
            understanding=understanding_of(words, self._agreement(), held_back=self._is_held_back()),
            cut_short=cut_short,
        )

    def _agreement(self) -> float | None:
        return agreement_of(self._heard_again, self._bare) if self._heard_again else None

    def _is_held_back(self) -> bool:
        return self._again is not None and (bool(self._waiting()) or not self._heard_again)


def bare_syllables(model: SpeechModel) -> Sequence[str] | None:
    """One word of one character for each syllable the model can say; None where it takes no grammar."""
    if not model.takes_grammar:
        return None
    chosen: dict[str, str] = {}
    for character in sorted(model.characters):
        chosen.setdefault(min(readings(character)), character)
    return sorted(chosen.values()) or None


def understanding_of(
    words: Sequence[Word], agreement: float | None, *, held_back: bool = False
) -> Understanding | None:
    """How far the words may be believed; None where none were heard."""
    total = sum(word.end_seconds - word.start_seconds for word in words)
    if not words or total <= 0:
        return None
    known = (word for word in words if not word.is_unknown)
    return Understanding(
        confidence=sum((word.end_seconds - word.start_seconds) * word.confidence for word in words) / total,
        known_share=sum(word.end_seconds - word.start_seconds for word in known) / total,
        agreement=agreement,
        held_back=held_back,
    )


def agreement_of(words: Iterable[Word], bare: Sequence[Word]) -> float:
    """The share of known syllables that were heard at the same place without the help of language."""
    syllables = [one for word in words if not word.is_unknown for one in _spread(word)]
    if not syllables:
        return 0.0
    starts = [one.start_seconds for one in bare]

    def is_heard_twice(text: str, start: float) -> bool:
        near = bare[bisect_left(starts, start - NEAR_SECONDS) : bisect_right(starts, start + NEAR_SECONDS)]
        return any(blurred(text) & blurred(other.text) for other in near)

    return sum(is_heard_twice(text, start) for text, start in syllables) / len(syllables)


def _spread(word: Word) -> Iterable[tuple[str, float]]:
    each = (word.end_seconds - word.start_seconds) / len(word.text)
    return ((text, word.start_seconds + place * each) for place, text in enumerate(word.text))
