"""Hears a voice with all the model knows of language and, where it matters, again as bare syllables.

A voice unlike those a model learned from makes it hear confident nonsense, for its language forces known words upon any
sound. Bare syllables are heard without that force: where the voice is understood both come out alike. The second
hearing costs as much as the first, so it waits, with the sound it needs, until somebody asks for it.
"""

import math
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from voicedesk.audio.g711 import Samples
from voicedesk.errors import InputError
from voicedesk.speech.activity import BLOCK_SECONDS, Activity, loudness_of
from voicedesk.speech.fits import Answer, Question
from voicedesk.speech.kept import KEPT_SECONDS, KeptSound
from voicedesk.speech.models import SpeechModel
from voicedesk.speech.phrases import grammar_of
from voicedesk.speech.recognizer import ComparingHearing, Hearing, Recognizer
from voicedesk.speech.syllables import blurred, readings, rhymes
from voicedesk.speech.transcript import Transcript, Word, understanding_of

LUMP_SECONDS = 1.0
TAIL_SECONDS = 0.3
"""Silence added where sound ends in the midst of speech, so that the last word is heard to its end: longer than the
0.22 s of sound that the embedded model looks ahead."""
FEW_SYLLABLES = 2
"""So few are compared by what they end on: a beginning hangs on what comes before, and a lone "喂" has nothing."""
NEAR_SECONDS = 0.12
"""A syllable that two hearings heard begins at most this far apart in them. Chosen: half a syllable (0.25 s)."""
MARGIN_SECONDS = 0.3
"""So much sound around the words is heard again as well. Chosen: more than one syllable."""
PAUSE_SECONDS = 0.4
"""After a silence of this length, what was said before it is settled: sooner than an engine does so by itself. Chosen
as the longest pause that people hardly make within a word; a verdict comes this much later."""
BEFORE_SECONDS = 0.3
AFTER_SECONDS = 0.2
"""So much silence around what is said is given to the recogniser; the rest only counts as time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """How an engine wants speech to be cut: after which pause, and with how much of the silence around it."""

    pause_seconds: float = PAUSE_SECONDS
    before_seconds: float = BEFORE_SECONDS
    after_seconds: float = AFTER_SECONDS


WHOLE_UTTERANCES = Pauses(pause_seconds=1.0, before_seconds=0.5, after_seconds=0.6)
"""For Whisper, which understands more of a whole utterance than of its pieces, and more with the line's own noise
around it. The pause is longer than those between the parts of a greeting, and short enough for a verdict 4 s after the
last word; the silence is a little more than what is encoded of it (`whisper.encoding`)."""


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
        model, hearing = self.recognizer.model, self.recognizer.hear(rate)
        pauses = WHOLE_UTTERANCES if model.kind == "whisper" else Pauses()
        return Listening(model.name, hearing, again, rate, kept, pauses=pauses)

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
        closer: "Closer" = lambda listening, _heard: listening.hear_again(),
    ) -> Transcript:
        """What is said in one channel of sound, after `closer` looked at it: by default it is heard twice."""
        listening = self.begin(rate, kept_seconds=math.inf)
        step = int(rate * LUMP_SECONDS)
        for start in range(0, len(samples), step):
            listening.accept(samples[start : start + step])
        return closer(listening, listening.finish(cut_short=cut_short))


class Listening:
    """One voice being heard. `again` begins a second hearing; None where there is none to be made."""

    def __init__(
        self,
        model: str,
        hearing: Hearing,
        again: Callable[[], Hearing] | None,
        rate: int,
        kept: KeptSound | None = None,
        *,
        pauses: Pauses = Pauses(),
    ) -> None:
        self._model = model
        self._hearing = hearing
        self._again = again
        self._rate = rate
        self._pauses = pauses
        self._taken = 0
        self._kept = kept or KeptSound(rate)
        self._heard_again: list[Word] = []
        self._bare: list[Word] = []
        self._last: tuple[tuple[Word, ...], float, bool] = ((), 0.0, False)
        self._activity = Activity()
        self._quiet = 0
        self._ready: list[Samples] = []
        self._held: deque[Samples] = deque()
        self._settled = 0
        self.has_unsettled = False
        """True while there was sound since the last pause."""

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self._taken / self._rate

    def accept(self, samples: Samples) -> bool:
        """Takes the next samples, as they are spoken; True if words were settled: `settled` has them."""
        self._taken += len(samples)
        if self._again is not None:
            self._kept.add(samples)
        step = int(self._rate * BLOCK_SECONDS)
        for number, loudness in enumerate(loudness_of(samples, step)):
            self._activity.take(loudness)
            block = samples[number * step : (number + 1) * step]
            if self.has_unsettled:
                self._go_on(block, is_quiet=self._activity.is_quiet(loudness))
            else:
                self._wait(block, is_silence=self._activity.is_silence(loudness))
        self._give()
        before, self._settled = self._settled, len(self._hearing.settled())
        return self._settled > before

    def so_far(self) -> str:
        """The words heard so far, which may still change."""
        return self._hearing.so_far()

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
            bare = [*self._bare, *(one.later(begins) for one in hearing.finish())]
            self._bare = sorted(bare, key=lambda one: one.start_seconds)
            self._heard_again += waiting
            self._kept.forget(end)
        return self._transcript()

    def ask(self, question: Question) -> Answer:
        """The answer about what was said first. Raises InputError for an engine that compares no sentences."""
        if not isinstance(self._hearing, ComparingHearing):
            raise InputError(f"the speech model {self._model!r} compares no sentences: use a Whisper model")
        return self._hearing.ask(question)

    # --- silence

    def _go_on(self, block: Samples, *, is_quiet: bool) -> None:
        """In the midst of speech: it may be over, and then what is held back of the silence was not needed."""
        self._quiet = self._quiet + len(block) if is_quiet else 0
        self._held.append(block)
        if self._quiet <= self._pauses.after_seconds * self._rate:
            self._give_held()
        if self._quiet >= self._pauses.pause_seconds * self._rate:
            self._give()
            self._hearing.settle()
            self.has_unsettled = False

    def _wait(self, block: Samples, *, is_silence: bool) -> None:
        """Between utterances: only the latest silence is held, for whatever begins."""
        self._held.append(block)
        if not is_silence:
            self.has_unsettled, self._quiet = True, 0
            self._give_held()
        while sum(map(len, self._held)) > self._pauses.before_seconds * self._rate:
            self._hearing.skip(len(self._held.popleft()))

    def _give_held(self) -> None:
        self._ready += self._held
        self._held.clear()

    def _give(self) -> None:
        """Many blocks at once cost less than each by itself."""
        if self._ready:
            self._hearing.accept(np.concatenate(self._ready))
            self._ready.clear()

    def finish(self, *, cut_short: bool = False) -> Transcript:
        """The transcript of all that was heard; it may still be asked to be heard again."""
        if self.has_unsettled:
            self._give_held()
            self._ready += [] if self._quiet else [np.zeros(int(self._rate * TAIL_SECONDS), np.int16)]
            self._give()
        self._last = self._hearing.finish(), self.seconds, cut_short
        return self._transcript()

    # --- what becomes of it

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


Closer = Callable[[Listening, Transcript], Transcript]
"""Is given a voice that was heard to its end and its transcript; gives the transcript that is judged."""


def bare_syllables(model: SpeechModel) -> Sequence[str] | None:
    """One word of one character for each syllable the model can say; None where it takes no grammar."""
    if not model.takes_grammar:
        return None
    chosen: dict[str, str] = {}
    for character in sorted(model.characters):
        chosen.setdefault(min(readings(character)), character)
    return sorted(chosen.values()) or None


def agreement_of(words: Iterable[Word], bare: Sequence[Word]) -> float:
    """The share of known syllables that were heard at the same place without the help of language."""
    syllables = [one for word in words if not word.is_unknown for one in _spread(word)]
    if not syllables:
        return 0.0
    starts = [one.start_seconds for one in bare]
    sound = rhymes if len(syllables) <= FEW_SYLLABLES else blurred

    def is_heard_twice(text: str, start: float) -> bool:
        near = bare[bisect_left(starts, start - NEAR_SECONDS) : bisect_right(starts, start + NEAR_SECONDS)]
        return any(sound(text) & sound(other.text) for other in near)

    return sum(is_heard_twice(text, start) for text, start in syllables) / len(syllables)


def _spread(word: Word) -> Iterable[tuple[str, float]]:
    each = (word.end_seconds - word.start_seconds) / len(word.text)
    return ((text, word.start_seconds + place * each) for place, text in enumerate(word.text))
