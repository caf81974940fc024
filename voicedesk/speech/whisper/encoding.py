"""Whisper over one short stretch of sound: what it hears freely, and how likely it finds sentences that are put to it.

Only the speech is encoded, not the 30 seconds that Whisper was made for: this takes 0.1 s of one core instead of 0.9 s,
and all that is asked afterwards shares it.
"""

import math
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import soxr
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.vad import VadOptions, get_speech_timestamps
from numpy.typing import NDArray
from tokenizers import Tokenizer

from voicedesk.audio.g711 import Samples
from voicedesk.errors import InputError
from voicedesk.speech.fits import Answer, FreeHearing, Question, SentenceFit
from voicedesk.speech.transcript import Word

RATE = 16_000
"""The samples a second that every Whisper model was trained on."""
SIMPLIFIED = "以下是普通话的句子。"
"""Said before the speech, it makes the model write simplified characters; it holds no name that could be heard then."""
BEFORE_SECONDS, AFTER_SECONDS = 0.35, 0.4
"""So much sound around the speech is encoded too: sounds without voice (h, q, x) lie outside of it."""
TAIL_SECONDS = 0.8
"""So much silence is put behind it, or the model hears the last word as cut off."""
MOST_SECONDS = 14.0
"""The longest sound of one encoding: more than the 10 seconds in which a greeting must be said."""
BEAM = 5
MOST_TEXTS = 3
"""So many of the likeliest texts are told."""
MOST_TOKENS = 120
"""Nobody says more in 14 seconds; what is longer repeats itself."""
TOGETHER = 2
"""So many sentences are scored in one step. More take more time each (8: a quarter as much again), as the probabilities
of all tokens no longer fit into memory that the process keeps (glibc maps and clears blocks above 32 MB anew)."""
FRAME_SECONDS = 0.02
LEAST_PROBABILITY = 1e-12
SHORT_FRAMES = 2
"""A token with so little time was not said: the shortest syllables of fast speech have five frames."""
_VOICE = VadOptions(threshold=0.4, min_speech_duration_ms=60, min_silence_duration_ms=300, speech_pad_ms=0)
_Array = NDArray[np.float32]


class WhisperSound:
    """A CTranslate2 Whisper model in memory. Raises InputError for a folder that is none."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        try:
            self._model = ctranslate2.models.Whisper(
                str(folder), device="cpu", compute_type="int8", inter_threads=1, intra_threads=threads
            )
            self._texts = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # both libraries raise plain Exception and RuntimeError
            raise InputError(f"{folder}: the speech model cannot be loaded: {error}") from error
        self._features = FeatureExtractor(feature_size=self._model.n_mels)
        names = ("<|startoftranscript|>", "<|zh|>", "<|transcribe|>", "<|notimestamps|>", "<|startofprev|>")
        known = [self._texts.token_to_id(name) for name in (*names, "<|endoftext|>")]
        found = [one for one in known if one is not None]
        if len(found) < len(known):
            raise InputError(f"{folder}: this Whisper model knows no Chinese: take a multilingual one")
        start, chinese, write, self.without_times, self._before, self.end = found
        self._start = [start, chinese, write]

    def encode(self, samples: Samples, rate: int) -> "Encoded":
        """The first stretch of speech in a sound, encoded; where nobody speaks, `Encoded.speech` is empty."""
        sound: _Array = np.asarray(samples, np.float32) / np.float32(32768)
        if rate != RATE:
            sound = np.asarray(soxr.resample(sound, rate, RATE), np.float32)
        speech = speech_in(sound)
        if not speech:
            return Encoded(self, (), 0.0, None, 0)
        begins = max(0.0, speech[0][0] - BEFORE_SECONDS)
        ends = min(len(sound) / RATE, speech[-1][1] + AFTER_SECONDS, begins + MOST_SECONDS)
        piece = sound[int(begins * RATE) : int(ends * RATE)]
        features = self._features(np.concatenate([piece, np.zeros(int(TAIL_SECONDS * RATE), np.float32)]))
        features = features[:, : features.shape[1] // 2 * 2]
        view = ctranslate2.StorageView.from_array(np.ascontiguousarray(features[None], np.float32))
        encoded = np.array(self._model.encode(view))
        return Encoded(self, speech, begins, encoded, features.shape[1])

    def tokens(self, text: str) -> list[int]:
        """A text as the model writes it."""
        return list(self._texts.encode(text, add_special_tokens=False).ids)

    def text(self, tokens: Sequence[int]) -> str:
        """What tokens stand for."""
        return str(self._texts.decode(list(tokens)))

    def prompt(self, before: str | None) -> list[int]:
        """The tokens that come first; `before` is a text that is taken for said before."""
        return ([self._before, *self.tokens(" " + before)] if before else []) + self._start

    def generate(self, encoded: _Array, before: str | None, count: int) -> Any:
        """The likeliest texts, as CTranslate2 gives them."""
        return self._model.generate(
            ctranslate2.StorageView.from_array(encoded),
            [[*self.prompt(before), self.without_times]],
            beam_size=BEAM,
            num_hypotheses=count,
            return_scores=True,
            return_no_speech_prob=True,
            max_length=MOST_TOKENS + len(self.prompt(before)),
        )[0]

    def go_on(self, encoded: _Array, said: str) -> Any:
        """The likeliest text that begins with `said`, as CTranslate2 gives it."""
        begun = [*self.prompt(SIMPLIFIED), self.without_times, *self.tokens(said)]
        view = ctranslate2.StorageView.from_array(encoded)
        return self._model.generate(
            view, [begun], beam_size=1, return_scores=True, max_length=len(begun) + MOST_TOKENS // 2
        )[0]

    def align(self, encoded: _Array, texts: list[list[int]], frames: int) -> Any:
        """Probabilities and places of the tokens of some texts, as CTranslate2 gives them."""
        view = ctranslate2.StorageView.from_array(np.ascontiguousarray(np.repeat(encoded, len(texts), 0)))
        return self._model.align(view, self.prompt(SIMPLIFIED), texts, num_frames=frames, median_filter_width=7)


def speech_in(sound: _Array) -> tuple[tuple[float, float], ...]:
    """From when until when somebody speaks, in seconds. `sound` has 16,000 samples a second, from -1 to 1."""
    if not len(sound):
        return ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = get_speech_timestamps(sound, _VOICE)
    return tuple((one["start"] / RATE, one["end"] / RATE) for one in found)


class Encoded:
    """One stretch of speech as the model sees it. `speech` is from when until when somebody speaks, in seconds.

    Where nobody speaks only `answer` may be asked.
    """

    def __init__(
        self,
        model: WhisperSound,
        speech: tuple[tuple[float, float], ...],
        begins: float,
        encoded: _Array | None,
        frames: int,
    ) -> None:
        self._model, self._begins, self._encoded, self._frames = model, begins, encoded, frames
        self._heard: dict[bool, tuple[FreeHearing, ...]] = {}
        self.speech = speech

    @cached_property
    def _sound(self) -> _Array:
        if self._encoded is None:
            raise ValueError("nobody speaks in this sound")
        return self._encoded

    @property
    def until_seconds(self) -> float:
        """Where the speech ends that was encoded; 0 where nobody speaks."""
        return min(self.speech[-1][1], self._begins + MOST_SECONDS) if self.speech else 0.0

    def hear(self, *, simplified: bool) -> tuple[FreeHearing, ...]:
        """The likeliest texts, the likeliest first; `simplified` asks for simplified characters."""
        if simplified not in self._heard:
            heard = self._model.generate(self._sound, SIMPLIFIED if simplified else None, MOST_TEXTS)
            self._heard[simplified] = tuple(
                FreeHearing(text=self._model.text(tokens), score=score, no_speech=heard.no_speech_prob)
                for tokens, score in zip(heard.sequences_ids, heard.scores, strict=True)
            )
        return self._heard[simplified]

    def answer(self, question: Question) -> Answer:
        """The answer to a question; see `Question` for what may be asked. It is empty where nobody speaks."""
        if not self.speech:
            return Answer()
        until = self.until_seconds
        match question.kind:
            case "hear" | "hear_plainly":
                return Answer(hearings=self.hear(simplified=question.kind == "hear"), until_seconds=until)
            case "go_on":
                return Answer(hearings=(self.go_on(question.sentences[0]),), until_seconds=until)
            case "words":
                return Answer(words=self.words(question.sentences[0]), until_seconds=until)
            case _:
                return Answer(fits=tuple(self.fits(question.sentences)), until_seconds=until)

    def go_on(self, said: str) -> FreeHearing:
        """What is said after a sentence: an empty text where nothing is."""
        found = self._model.go_on(self._sound, said)
        text = self._model.text(found.sequences_ids[0])
        return FreeHearing(text=text.strip().removeprefix(said), score=found.scores[0], no_speech=0.0)

    def fits(self, sentences: Sequence[str]) -> list[SentenceFit]:
        """How well each sentence fits the sound."""
        fits: list[SentenceFit] = []
        for first in range(0, len(sentences), TOGETHER):
            tokens = [[*self._model.tokens(one), self._model.end] for one in sentences[first : first + TOGETHER]]
            found = self._model.align(self._sound, tokens, self._frames)
            fits += [_fit(one, len(ids) - 1) for one, ids in zip(found, tokens, strict=True)]
        return fits

    def words(self, sentence: str) -> tuple[Word, ...]:
        """The characters of a sentence where they are said, within the speech; punctuation is left out."""
        tokens = self._model.tokens(sentence)
        [found] = self._model.align(self._sound, [[*tokens, self._model.end]], self._frames)
        probabilities = found.text_token_probs
        places: dict[int, list[int]] = {}
        for token, frame in found.alignments:
            places.setdefault(token, []).append(frame)
        words: list[Word] = []
        waiting: list[int] = []
        for at, _token in enumerate(tokens):
            waiting.append(at)
            text = self._model.text([tokens[one] for one in waiting])
            if "\ufffd" in text:  # a character of several tokens is not complete yet
                continue
            frames = [frame for one in waiting for frame in places.get(one, ())]
            text = "".join(one for one in text if one.isalnum())
            if text and frames:
                words.append(self._word(text, frames, min(probabilities[one] for one in waiting)))
            waiting = []
        return tuple(words)

    def _word(self, text: str, frames: list[int], confidence: float) -> Word:
        first, last = self.speech[0][0], self.speech[-1][1]
        start = min(max(self._begins + min(frames) * FRAME_SECONDS, first), last)
        end = min(max(self._begins + (max(frames) + 1) * FRAME_SECONDS, start + FRAME_SECONDS), last)
        return Word(
            text=text,
            start_seconds=round(start, 3),
            end_seconds=round(max(start, end), 3),
            confidence=round(confidence, 4),
        )


def _fit(found: Any, length: int) -> SentenceFit:
    """The fit of one sentence of `length` tokens, from what CTranslate2 tells of it.

    The end token shows where the last word ends. Its probability is no part of the fit: CTranslate2 gives none.
    """
    probabilities = [max(float(one), LEAST_PROBABILITY) for one in found.text_token_probs[:length]]
    frames = Counter(token for token, _frame in found.alignments)
    return SentenceFit(
        total=sum(map(math.log, probabilities)),
        least=min(probabilities, default=LEAST_PROBABILITY),
        flat=longest_run(frames[at] <= SHORT_FRAMES for at in range(length)),
    )


def longest_run(marks: Iterable[bool]) -> int:
    """How many true marks stand together at most."""
    longest = run = 0
    for mark in marks:
        run = run + 1 if mark else 0
        longest = max(longest, run)
    return longest
