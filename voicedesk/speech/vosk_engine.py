"""Vosk as the engine behind the recogniser's port. The only module that imports it."""

import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import soxr
import vosk

from voicedesk.audio.g711 import Samples
from voicedesk.errors import InputError
from voicedesk.speech.models import SpeechModel
from voicedesk.speech.transcript import Word

IDLE = 8
"""So many recognisers wait for another voice: each has what it looked up of the language at hand."""
MOST_SAMPLES = 10_000_000
"""A recogniser that heard so many is not used again: it counts its time on, in 32 bits."""
_QUIET = -2  # also without the warnings of a search that was cut short
_Grammar = tuple[str, ...] | None


@dataclass(slots=True)
class _Engine:
    """A recogniser of the library's, whoever spoke: at a final end it forgets all of a voice but its time."""

    recogniser: vosk.KaldiRecognizer
    grammar: _Grammar
    samples: int = 0


class VoskRecognizer:
    """A model in memory. Loading takes from a hundredth of a second (embedded) to many seconds (a large model)."""

    def __init__(self, model: SpeechModel) -> None:
        vosk.SetLogLevel(_QUIET)
        self.model = model
        self._idle: deque[_Engine] = deque(maxlen=IDLE)
        try:
            self._loaded = vosk.Model(str(model.path))
        except Exception as error:  # vosk raises plain Exception
            raise InputError(f"{model.path}: the speech model cannot be loaded: {error}") from error

    def hear(self, rate: int, grammar: Sequence[str] | None = None) -> "VoskHearing":
        """Begins to hear a voice; see `recognizer.Recognizer`."""
        engine = self._engine(tuple(grammar) if grammar is not None else None)
        return VoskHearing(engine, rate, self.model.rate, self._idle.append)

    def _engine(self, grammar: _Grammar) -> _Engine:
        """One that is idle, or a new one."""
        for engine in tuple(self._idle):
            if engine.grammar == grammar:
                self._idle.remove(engine)
                return engine
        recogniser = self._recogniser(grammar)
        recogniser.SetWords(True)
        return _Engine(recogniser, grammar)

    def _recogniser(self, grammar: _Grammar) -> vosk.KaldiRecognizer:
        if grammar is None:
            return vosk.KaldiRecognizer(self._loaded, self.model.rate)
        if not self.model.takes_grammar:
            raise InputError(f"the speech model {self.model.name!r} takes no grammar: use one of the small models")
        known = self.model.words
        unknown = {word for phrase in grammar for word in phrase.split()} - known if known is not None else set()
        if unknown:
            raise InputError(f"the speech model {self.model.name!r} does not know {', '.join(sorted(unknown))}")
        return vosk.KaldiRecognizer(self._loaded, self.model.rate, json.dumps(list(grammar), ensure_ascii=False))


class VoskHearing:
    """One voice. Sound is brought to the model's rate: an engine refuses what lies below it."""

    def __init__(self, engine: _Engine, rate: int, model_rate: int, give_back: Callable[[_Engine], None]) -> None:
        self._engine: _Engine | None = engine
        self._give_back = give_back
        self._resampler = soxr.ResampleStream(rate, model_rate, 1, dtype="int16") if rate != model_rate else None
        self._words: list[Word] = []
        self._rate = rate
        self._later = -engine.samples / model_rate
        """What is added to the engine's times: it counts on from its last voice, and nothing that is skipped."""
        self._is_settled = self._is_forgotten = True
        """Whether no utterance has begun since the last end; and whether that one was final: only then is the engine as
        good as new, for a pause that it found by itself leaves it in the midst of its sound."""

    def accept(self, samples: Samples) -> None:
        """Takes the next samples."""
        self._take(samples if self._resampler is None else self._resampler.resample_chunk(samples))

    def skip(self, count: int) -> None:
        """Silence that is not heard."""
        self._later += count / self._rate

    def so_far(self) -> str:
        """The words heard so far."""
        said = json.loads(self._engine.recogniser.PartialResult()) if self._engine else {}
        return " ".join([*(word.text for word in self._words), str(said.get("partial", ""))]).strip()

    def settled(self) -> tuple[Word, ...]:
        """The words of utterances that are over."""
        return tuple(self._words)

    def settle(self) -> None:
        """Ends the utterance here; an end that is final is heard out without the silence that another one waits for."""
        if self._engine is not None and not self._is_settled:
            self._keep(self._engine.recogniser.FinalResult())
            self._is_settled = self._is_forgotten = True

    def finish(self) -> tuple[Word, ...]:
        """Every word."""
        if self._engine is not None:
            if self._resampler is not None:
                self._take(self._resampler.resample_chunk(np.zeros(0, np.int16), last=True))
            self.settle()
            if self._is_forgotten and self._engine.samples < MOST_SAMPLES:
                self._give_back(self._engine)
            self._engine = None
        return tuple(self._words)

    def _take(self, samples: Samples) -> None:
        if self._engine is None or not len(samples):
            return
        self._engine.samples += len(samples)
        self._is_settled = self._engine.recogniser.AcceptWaveform(samples.tobytes()) != 0
        self._is_forgotten = False
        if self._is_settled:
            self._keep(self._engine.recogniser.Result())

    def _keep(self, result: str) -> None:
        self._words += [
            Word(
                text=one["word"],
                start_seconds=round(one["start"] + self._later, 4),
                end_seconds=round(one["end"] + self._later, 4),
                confidence=one["conf"],
            )
            for one in json.loads(result).get("result", ())
        ]
