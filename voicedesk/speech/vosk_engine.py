"""Vosk as the engine behind the recogniser's port. The only module that imports it."""

import json
from collections.abc import Sequence

import numpy as np
import soxr
import vosk

from voicedesk.audio.g711 import Samples
from voicedesk.errors import InputError
from voicedesk.speech.models import SpeechModel
from voicedesk.speech.transcript import Word

_QUIET = -2  # also without the warnings of a search that was cut short


class VoskRecognizer:
    """A model in memory. Loading takes from a hundredth of a second (embedded) to many seconds (a large model)."""

    def __init__(self, model: SpeechModel) -> None:
        vosk.SetLogLevel(_QUIET)
        self.model = model
        try:
            self._loaded = vosk.Model(str(model.path))
        except Exception as error:  # vosk raises plain Exception
            raise InputError(f"{model.path}: the speech model cannot be loaded: {error}") from error

    def hear(self, rate: int, grammar: Sequence[str] | None = None) -> "VoskHearing":
        """Begins to hear a voice; see `recognizer.Recognizer`."""
        return VoskHearing(self._recogniser(grammar), rate, self.model.rate)

    def _recogniser(self, grammar: Sequence[str] | None) -> vosk.KaldiRecognizer:
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

    def __init__(self, recogniser: vosk.KaldiRecognizer, rate: int, model_rate: int) -> None:
        self._recogniser = recogniser
        self._recogniser.SetWords(True)
        self._resampler = soxr.ResampleStream(rate, model_rate, 1, dtype="int16") if rate != model_rate else None
        self._words: list[Word] = []
        self._rate = rate
        self._skipped = 0.0

    def accept(self, samples: Samples) -> None:
        """Takes the next samples."""
        self._take(samples if self._resampler is None else self._resampler.resample_chunk(samples))

    def skip(self, count: int) -> None:
        """Silence that is not heard."""
        self._skipped += count / self._rate

    def so_far(self) -> str:
        """The words heard so far."""
        partial = str(json.loads(self._recogniser.PartialResult()).get("partial", ""))  # none right after an end
        return " ".join([*(word.text for word in self._words), partial]).strip()

    def settled(self) -> tuple[Word, ...]:
        """The words of utterances that are over."""
        return tuple(self._words)

    def settle(self) -> None:
        """Ends the utterance here; an end that is final is heard out without the silence that another one waits for."""
        self._keep(self._recogniser.FinalResult())

    def finish(self) -> tuple[Word, ...]:
        """Every word."""
        if self._resampler is not None:
            self._take(self._resampler.resample_chunk(np.zeros(0, np.int16), last=True))
        self._keep(self._recogniser.FinalResult())
        return tuple(self._words)

    def _take(self, samples: Samples) -> None:
        if len(samples) and self._recogniser.AcceptWaveform(samples.tobytes()):
            self._keep(self._recogniser.Result())

    def _keep(self, result: str) -> None:
        self._words += [
            Word(
                text=one["word"],
                start_seconds=one["start"] + self._skipped,
                end_seconds=one["end"] + self._skipped,
                confidence=one["conf"],
            )
            for one in json.loads(result).get("result", ())
        ]
