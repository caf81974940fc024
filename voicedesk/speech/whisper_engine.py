"""Whisper as an engine behind the recogniser's port: an utterance is heard as a whole, when it pauses or ends.

Whisper writes whole sentences also where nobody spoke. What is heard counts only where a voice was found, the model
itself takes it for speech, and the text is none of those that it is known to invent.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from voicedesk.audio.g711 import Samples
from voicedesk.errors import InputError
from voicedesk.speech.fits import Answer, FreeHearing, Question
from voicedesk.speech.models import SpeechModel
from voicedesk.speech.transcript import Word
from voicedesk.speech.whisper.encoding import MOST_SECONDS as LONGEST_SECONDS
from voicedesk.speech.whisper.encoding import Encoded, WhisperSound
from voicedesk.speech.written import is_invented, simplified

MOST_SECONDS = 13.0
"""A longer utterance is heard in pieces: one encoding takes 14 s, with the silence around the speech."""
SHORTEST_SECONDS = 0.1
"""Shorter sound holds no syllable."""
EARLIEST_CUT = 0.5
"""A piece is cut off at its quietest place in this last share of it."""
QUIET_SECONDS = 0.1
UNSURE_SCORE = -1.3
"""The mean log-probability below which no text is believed at all. Chosen: greetings on hard lines lie above it."""
MOST_A_SECOND = 9.0
"""More characters a second than people speak: fast Mandarin has 7 syllables. A model that repeats itself goes above."""
_REPEATED = re.compile(r"(.{1,12}?)\1{3,}")
_HAN = re.compile(r"[㐀-鿿]")
LEAST_HAN = 0.5
"""A text with a smaller share of Chinese characters is another language, which no greeting is judged in."""


class WhisperRecognizer:
    """A Whisper model in memory, with one thread: as many workers as the settings allow share the processor."""

    def __init__(self, model: SpeechModel) -> None:
        self.model = model
        self.sound = WhisperSound(model.path, threads=1)

    def hear(self, rate: int, grammar: Sequence[str] | None = None) -> "WhisperHearing":
        """Begins to hear a voice; see `recognizer.Recognizer`. A grammar is refused: the model takes none."""
        if grammar is not None:
            raise InputError(f"the speech model {self.model.name!r} takes no grammar: use one of the small models")
        return WhisperHearing(self.sound, rate)


class WhisperHearing:
    """One voice. Its sound waits until an utterance is over.

    The utterances from the first one in which somebody speaks are kept together, as far as one encoding reaches: so
    what was said at the answer can be asked about as a whole.
    """

    def __init__(self, sound: WhisperSound, rate: int) -> None:
        self._sound = sound
        self._rate = rate
        self._waiting: list[Samples] = []
        self._begins = 0
        self._length = 0
        self._words: list[Word] = []
        self._first: list[Samples] = []
        self._first_begins = self._first_ends = 0
        self._encoded: Encoded | None = None

    def accept(self, samples: Samples) -> None:
        """Takes the next samples; hears what grows too long for one hearing."""
        self._waiting.append(samples)
        self._length += len(samples)
        most = int(MOST_SECONDS * self._rate)
        while self._length > most:
            whole = np.concatenate(self._waiting)
            cut = _quietest(whole[:most], int(QUIET_SECONDS * self._rate))
            self._hear(whole[:cut])
            self._waiting, self._length = [whole[cut:]], len(whole) - cut

    def skip(self, count: int) -> None:
        """Silence that is not heard."""
        self.settle()
        self._begins += count

    def so_far(self) -> str:
        """The words of what is over: nothing is known of an utterance before its end."""
        return " ".join(word.text for word in self._words)

    def settled(self) -> tuple[Word, ...]:
        """The words of utterances that are over."""
        return tuple(self._words)

    def settle(self) -> None:
        """Ends the utterance here, and hears it."""
        if self._length:
            self._hear(np.concatenate(self._waiting))
            self._waiting, self._length = [], 0

    def finish(self) -> tuple[Word, ...]:
        """Every word."""
        self.settle()
        return tuple(self._words)

    def ask(self, question: Question) -> Answer:
        """The answer about the first utterances together; see `recognizer.ComparingHearing`."""
        if not self._first:
            return Answer()
        if self._encoded is None:
            self._encoded = self._sound.encode(np.concatenate(self._first), self._rate)
        return self._encoded.answer(question).later(self._first_begins / self._rate)

    def _hear(self, samples: Samples) -> None:
        begins = self._begins
        self._begins += len(samples)
        if len(samples) < SHORTEST_SECONDS * self._rate:
            return
        encoded = self._sound.encode(samples, self._rate)
        if not encoded.speech:
            return
        self._keep(samples, begins, encoded)
        later = begins / self._rate
        self._words += [word.later(later) for word in words_of(encoded)]

    def _keep(self, samples: Samples, begins: int, encoded: Encoded) -> None:
        """Keeps an utterance with the first ones, and the silence before it; one that comes too late is left out."""
        if not self._first:
            self._first, self._first_begins, self._encoded = [samples], begins, encoded
        elif begins - self._first_begins < LONGEST_SECONDS * self._rate:
            self._first += [np.zeros(begins - self._first_ends, np.int16), samples]
            self._encoded = None
        else:
            return
        self._first_ends = begins + len(samples)


def words_of(encoded: Encoded) -> tuple[Word, ...]:
    """The words of one stretch of speech, in simplified characters; none where they are not believed."""
    best = next(iter(encoded.hear(simplified=True)), None)
    seconds = sum(end - start for start, end in encoded.speech)
    if best is None or not is_believed(best, seconds):
        return ()
    return tuple(_in_order(encoded.words(simplified(best.text))))


def is_believed(heard: FreeHearing, seconds: float) -> bool:
    """Whether a text may have been said in so many seconds of speech, and was not invented."""
    said = "".join(one for one in heard.text if one.isalnum())
    if not said or heard.score < UNSURE_SCORE or is_invented(heard):
        return False
    if len(_HAN.findall(said)) < LEAST_HAN * len(said):
        return False
    return len(said) <= max(4.0, MOST_A_SECOND * seconds) and _REPEATED.search(said) is None


def _in_order(words: Iterable[Word]) -> Iterable[Word]:
    """Places come from the model's attention, which may lie a little back: each word starts no sooner than the last."""
    before = 0.0
    for word in words:
        start = max(word.start_seconds, before)
        before = start
        yield replace(word, start_seconds=start, end_seconds=max(start, word.end_seconds))


def _quietest(samples: Samples, step: int) -> int:
    """The middle of the quietest place in the last part of a sound."""
    first = int(len(samples) * EARLIEST_CUT)
    blocks = samples[first : first + (len(samples) - first) // step * step].reshape(-1, step).astype(np.float32)
    quiet = int(np.argmin(np.einsum("ij,ij->i", blocks, blocks)))
    return first + quiet * step + step // 2
