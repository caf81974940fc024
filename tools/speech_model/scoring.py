"""How well a model hears voices, speeds and wordings that it never learned from."""

import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly
from vosk import KaldiRecognizer, Model, SetLogLevel

from tools.speech_model.channel import LINE_RATE, Line, fair_line, rough_line
from tools.speech_model.espeak import Espeak, EspeakError, Speech
from tools.speech_model.phrases import Part, shipped
from tools.speech_model.readings import toneless
from tools.speech_model.voices import held_out, held_out_voice

_NEAR_SECONDS = 0.15
_ENOUGH = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One utterance: its parts and when each starts after the line, and the samples."""

    parts: tuple[Part, ...]
    starts: tuple[float, ...]
    samples: bytes

    @property
    def text(self) -> str:
        """What is said, without spaces."""
        return "".join(part.text for part in self.parts).replace(" ", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A recognised word."""

    word: str
    start: float
    end: float
    confidence: float


@dataclass(slots=True)
class Score:
    """What is counted over a set."""

    characters: int = 0
    wrong: int = 0
    utterances: int = 0
    exact: int = 0
    parts: int = 0
    found: int = 0
    start_errors: list[float] = field(default_factory=list)
    false_forbidden: int = 0

    def as_dict(self) -> dict[str, float]:
        """Figures for people and for origin.json."""
        errors = np.abs(self.start_errors) if self.start_errors else np.zeros(1)
        return {
            "utterances": self.utterances,
            "character_error_percent": round(100 * self.wrong / max(1, self.characters), 2),
            "utterances_exact": self.exact,
            "parts": self.parts,
            "parts_found": self.found,
            "part_start_error_p95_ms": round(1000 * float(np.quantile(errors, 0.95))),
            "part_starts_beyond_150_ms": int(np.sum(errors > _NEAR_SECONDS)),
            "false_forbidden_phrases": self.false_forbidden,
        }


def example(espeak: Espeak, parts: Sequence[Part], rng: random.Random, how: "Condition") -> Example | None:
    """Say parts in a voice kept apart, over a line."""
    voice = held_out_voice(rng, how.part, rng.choice(how.speeds))
    try:
        speech = espeak.say([part.text for part in parts], voice, [rng.choice((",", ",", "", ".")) for _ in parts[1:]])
    except EspeakError:
        return None
    line = how.line(np.random.default_rng(rng.getrandbits(32)), speech.samples, speech.rate)
    return Example(parts=tuple(parts), starts=_starts(parts, speech, line), samples=_pcm(line))


def _pcm(line: Line) -> bytes:
    return np.clip(line.samples, -32768, 32767).astype("<i2").tobytes()


def _starts(parts: Sequence[Part], speech: Speech, line: Line) -> tuple[float, ...]:
    firsts = np.cumsum([0] + [len(part.text.split()) for part in parts[:-1]])
    return tuple(line.place(speech.words[first].start) for first in firsts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Which voices at which speeds over which line."""

    part: str = "scoring"
    speeds: tuple[tuple[int, int], ...] = ((120, 240),)
    rough: bool = False

    def line(
        self, rng: np.random.Generator, samples: "np.ndarray[tuple[int], np.dtype[np.float32]]", rate: int
    ) -> Line:
        """The line, without a change of speed."""
        if not self.rough:
            return fair_line(rng, samples, rate)
        return rough_line(rng, samples, rate)


def recognised(
    model: Model, samples: bytes, grammar: Sequence[str] | None = None, rate: int = LINE_RATE
) -> list[Heard]:
    """What a model of some sample rate hears in telephone sound, given in blocks of 100 ms."""
    extra = (json.dumps(list(grammar), ensure_ascii=False),) if grammar else ()
    recogniser = KaldiRecognizer(model, rate, *extra)
    recogniser.SetWords(True)
    words: list[Heard] = []
    block = 2 * rate // 10
    samples = _upsampled(samples, rate)
    for start in range(0, len(samples), block):
        if recogniser.AcceptWaveform(samples[start : start + block]):
            words += _words(recogniser.Result())
    return words + _words(recogniser.FinalResult())


def _upsampled(samples: bytes, rate: int) -> bytes:
    if rate == LINE_RATE:
        return samples
    linear = resample_poly(np.frombuffer(samples, "<i2").astype(np.float32), rate // LINE_RATE, 1)
    return np.clip(np.round(linear), -32768, 32767).astype("<i2").tobytes()


def _words(result: str) -> list[Heard]:
    found = json.loads(result).get("result", [])
    return [Heard(word=w["word"], start=w["start"], end=w["end"], confidence=w["conf"]) for w in found]


def count(score: Score, said: Example, heard: Sequence[Heard]) -> None:
    """Add one utterance to a score. Characters are compared by their toneless reading, as the greeting check does."""
    want, starts_at = _syllables(said), _first_syllables(said)
    got = [(syllable, word.start) for word in heard for syllable in _reading(word.word)]
    wrong, pairs = aligned(want, [syllable for syllable, _ in got])
    score.characters += len(want)
    score.wrong += wrong
    score.utterances += 1
    score.exact += not wrong
    ends = [*starts_at[1:], len(want)]
    for first, end, start in zip(starts_at, ends, said.starts, strict=True):
        hits = [place for place in range(first, end) if place in pairs]
        score.parts += 1
        if len(hits) >= _ENOUGH * (end - first):
            score.found += 1
            if hits[0] == first:
                score.start_errors.append(got[pairs[first]][1] - start)


def _reading(word: str) -> tuple[str, ...]:
    return toneless(word) if not word.startswith("[") else (word,)


def _syllables(said: Example) -> list[str]:
    return [syllable for part in said.parts for word in part.text.split() for syllable in toneless(word)]


def _first_syllables(said: Example) -> list[int]:
    lengths = [sum(len(toneless(word)) for word in part.text.split()) for part in said.parts]
    return [sum(lengths[:number]) for number in range(len(lengths))]


def aligned(want: Sequence[str], got: Sequence[str]) -> tuple[int, dict[int, int]]:
    """Fewest edits between two sequences, and which place of the first meets which of the second unchanged."""
    table = np.zeros((len(want) + 1, len(got) + 1), int)
    table[:, 0], table[0, :] = range(len(want) + 1), range(len(got) + 1)
    for i, a in enumerate(want, 1):
        for j, b in enumerate(got, 1):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a != b))
    i, j, pairs = len(want), len(got), {}
    while i and j:
        if table[i, j] == table[i - 1, j - 1] + (want[i - 1] != got[j - 1]):
            i, j = i - 1, j - 1
            if want[i] == got[j]:
                pairs[i] = j
        elif table[i, j] == table[i - 1, j] + 1:
            i -= 1
        else:
            j -= 1
    return int(table[-1, -1]), pairs


def greeting_to_score(rng: random.Random, part: str) -> list[Part]:
    """A greeting whose matter is worded as no training sentence was."""
    hello = rng.choice(("您好", "您好", "你好", "上午 好", "喂 您好"))
    department = rng.choice(shipped().lists["lead"]) + " " + rng.choice(shipped().lists["department"])
    return [
        Part("hello", hello),
        Part("department", department.strip()),
        Part("matter", rng.choice(held_out()[part]["matter"])),
    ]


def score_set(model: Path, rate: int, utterances: int, seed: int, how: Condition) -> Score:
    """Score greetings (some out of order), other sentences, and things said alone."""
    espeak, vosk_model, score = Espeak(), Model(str(model)), Score()
    rng = random.Random(seed)
    while score.utterances < utterances:
        parts, roll = greeting_to_score(rng, how.part), rng.random()
        if roll > 0.65:
            parts = shipped().sentence(rng, unforeseen=0.0)
        elif roll > 0.5:
            rng.shuffle(parts)
        if (said := example(espeak, parts, rng, how)) is None:
            continue
        heard = recognised(vosk_model, said.samples, rate=rate)
        count(score, said, heard)
        score.false_forbidden += _false_forbidden(said, heard)
    return score


def _false_forbidden(said: Example, heard: Sequence[Heard]) -> bool:
    text = "".join(word.word for word in heard)
    return any(phrase in text and phrase not in said.text for phrase in _FORBIDDEN)


_FORBIDDEN = ("不知道", "不清楚", "不归我管", "我还有事")


SETS = {
    "fair_line": Condition(),
    "rough_line": Condition(rough=True),
    "slow_and_fast": Condition(speeds=tuple(tuple(pair) for pair in held_out()["scoring"]["speeds"])),
}


def scores(model: Path, rate: int, utterances: int = 200, seed: int = 20_000) -> dict[str, dict[str, float]]:
    """All sets, each by name."""
    return {name: score_set(model, rate, utterances, seed, how).as_dict() for name, how in SETS.items()}


if __name__ == "__main__":
    SetLogLevel(-1)
    print(json.dumps(scores(Path(sys.argv[1]), int(sys.argv[2]))))
