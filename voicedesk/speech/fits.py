"""What may be asked of an engine that can score sentences, and what it answers: values that another process can send.

An engine that is asked "how likely was this sentence said?" tells more than its own best text does: the compliant
greeting is compared with every other one that may have been said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from voicedesk.speech.transcript import Word

Kind = Literal["hear", "hear_plainly", "fits", "go_on", "words"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeHearing:
    """One text that the model hears of itself.

    `score` is its mean log-probability; `no_speech` is how far the model takes the sound for no speech, from 0 to 1.
    """

    text: str
    score: float
    no_speech: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceFit:
    """How well a sentence fits the sound: `total` is its log-probability in nats.

    `least` is the lowest probability of one of its tokens; `flat` is how many of its tokens stand together that get
    hardly any time in the sound. A sentence with very little `least` or several `flat` was not said like this, however
    likely the rest of it makes it.
    """

    total: float
    least: float = 1.0
    flat: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of one stretch of speech.

    `hear`: the likeliest texts in simplified characters; `hear_plainly`: the same without any prompt; `fits`: how well
    each of `sentences` fits; `go_on`: what is said after the one sentence that is given, nothing where it ends there;
    `words`: where the characters of the one sentence are said.
    """

    kind: Kind
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a question: `fits` and `words` to those, `hearings` to `hear`, `hear_plainly` and `go_on`.

    It is empty where nobody speaks. `until_seconds` is where the stretch ends that was asked about.
    """

    hearings: tuple[FreeHearing, ...] = ()
    fits: tuple[SentenceFit, ...] = ()
    words: tuple[Word, ...] = ()
    until_seconds: float = 0.0

    def later(self, seconds: float) -> "Answer":
        """The same answer, with all times so many seconds later."""
        words = tuple(one.later(seconds) for one in self.words)
        return replace(self, words=words, until_seconds=self.until_seconds + seconds)


def question_as_json(question: Question) -> dict[str, Any]:
    """A question as plain values; `question_from_json` reads it back."""
    return {"kind": question.kind, "sentences": list(question.sentences)}


def question_from_json(values: Mapping[str, Any]) -> Question:
    """The question that `question_as_json` wrote down."""
    return Question(kind=values["kind"], sentences=tuple(values["sentences"]))


def answer_as_json(answer: Answer) -> dict[str, Any]:
    """An answer as plain values; `answer_from_json` reads it back."""
    return {
        "hearings": [[one.text, one.score, one.no_speech] for one in answer.hearings],
        "fits": [[one.total, one.least, one.flat] for one in answer.fits],
        "words": [[one.text, one.start_seconds, one.end_seconds, one.confidence] for one in answer.words],
        "until_seconds": answer.until_seconds,
    }


def answer_from_json(values: Mapping[str, Any]) -> Answer:
    """The answer that `answer_as_json` wrote down."""
    return Answer(
        hearings=tuple(
            FreeHearing(text=text, score=score, no_speech=no_speech) for text, score, no_speech in values["hearings"]
        ),
        fits=tuple(SentenceFit(total=total, least=least, flat=flat) for total, least, flat in values["fits"]),
        words=tuple(
            Word(text=text, start_seconds=start, end_seconds=end, confidence=confidence)
            for text, start, end, confidence in values["words"]
        ),
        until_seconds=values["until_seconds"],
    )
