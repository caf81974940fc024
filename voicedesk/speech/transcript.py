"""What a recogniser heard: words with times and confidences, and how well it understood the voice as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

UNKNOWN_WORD = "[unk]"
"""What a recogniser writes for a syllable that is none of its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word as heard: seconds from the first sample, confidence from 0 to 1."""

    text: str
    start_seconds: float
    end_seconds: float
    confidence: float

    @property
    def is_unknown(self) -> bool:
        """True for speech that is none of the recogniser's words."""
        return self.text == UNKNOWN_WORD

    def later(self, seconds: float) -> "Word":
        """The same word, so many seconds later."""
        return replace(self, start_seconds=self.start_seconds + seconds, end_seconds=self.end_seconds + seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """How far a recogniser may be believed about one stretch of sound; each share is from 0 to 1.

    `confidence` is the mean over all words by their length, `known_share` the share of speech that is words it knows,
    `agreement` the share of syllables that a second, differently weighted pass heard as well (None: not measured).
    `held_back` is true while words wait for that second pass, which could still be made: nobody may be accused on them.
    """

    confidence: float
    known_share: float
    agreement: float | None = None
    held_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The words of one voice in order of their start, over `heard_seconds` of sound.

    `cut_short` is true where the sound ended before the speaker need have: the far end hung up, or the file is damaged.
    """

    words: tuple[Word, ...]
    heard_seconds: float
    model: str
    understanding: Understanding | None = None
    cut_short: bool = False

    @property
    def text(self) -> str:
        """The words with spaces between them."""
        return " ".join(word.text for word in self.words)


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


def to_json(transcript: Transcript) -> dict[str, Any]:
    """A transcript as plain values, for another process or the store; `from_json` reads it back."""
    words = [[one.text, one.start_seconds, one.end_seconds, one.confidence] for one in transcript.words]
    understanding = asdict(transcript.understanding) if transcript.understanding else None
    return {
        "words": words,
        "heard_seconds": transcript.heard_seconds,
        "model": transcript.model,
        "understanding": understanding,
        "cut_short": transcript.cut_short,
    }


def from_json(values: Mapping[str, Any]) -> Transcript:
    """The transcript that `to_json` wrote down."""
    return Transcript(
        words=tuple(
            Word(text=text, start_seconds=start, end_seconds=end, confidence=confidence)
            for text, start, end, confidence in values["words"]
        ),
        heard_seconds=values["heard_seconds"],
        model=values["model"],
        understanding=Understanding(**values["understanding"]) if values["understanding"] else None,
        cut_short=values["cut_short"],
    )
