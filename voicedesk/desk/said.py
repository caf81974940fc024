"""What the staff said in a call, in lines to read: each word with its time, parts and phrases marked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from voicedesk.desk.labels import Label, label
from voicedesk.greeting.evidence import ToldJudgement
from voicedesk.greeting.words import GREETING_PARTS
from voicedesk.speech.transcript import Transcript, Word

PAUSE_SECONDS = 0.8
"""A pause as long as this begins a new line: a breath is shorter."""
WORDS_IN_A_LINE = 24
WEAK = 0.5
"""Below this confidence a word is shown as not surely heard."""
FORBIDDEN, POLITE = "forbidden", "polite"
_PHRASES = {FORBIDDEN: Label("禁语", "forbidden"), POLITE: Label("规范用语", "as it should be said")}
_NO_WORD = Label("〔没有听清〕", "[not understood]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidWord:
    """One word. `is_weak`: it was not surely heard. `text` of speech that is no known word says that it is none."""

    text: Label
    start_seconds: float
    end_seconds: float
    is_weak: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Words that belong together: a part of the greeting, a phrase (`mark` names it), or what has no mark."""

    mark: str
    name: Label | None
    words: tuple[SaidWord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidLine:
    """What was said between two pauses; `at_seconds` is from the answer."""

    at_seconds: float
    pieces: tuple[Piece, ...]


def said_lines(transcript: Transcript | None, told: ToldJudgement) -> tuple[SaidLine, ...]:
    """The lines of a transcript; none where nothing was kept of it."""
    if transcript is None:
        return ()
    marked = list(zip(transcript.words, _marks(transcript.words, told), strict=True))
    return tuple(SaidLine(at_seconds=line[0][0].start_seconds, pieces=tuple(_pieces(line))) for line in _lines(marked))


def _lines(marked: Sequence[tuple[Word, str]]) -> Iterator[list[tuple[Word, str]]]:
    line: list[tuple[Word, str]] = []
    for word, mark in marked:
        if line and (word.start_seconds - line[-1][0].end_seconds >= PAUSE_SECONDS or len(line) >= WORDS_IN_A_LINE):
            yield line
            line = []
        line.append((word, mark))
    if line:
        yield line


def _pieces(line: Sequence[tuple[Word, str]]) -> Iterator[Piece]:
    for mark, some in groupby(line, key=lambda one: one[1]):
        words = tuple(_shown(word) for word, _ in some)
        name = _PHRASES.get(mark) or (label(GREETING_PARTS, mark) if mark else None)
        yield Piece(mark=mark, name=name, words=words)


def _shown(word: Word) -> SaidWord:
    text = _NO_WORD if word.is_unknown else Label(word.text, word.text)
    return SaidWord(
        text=text,
        start_seconds=word.start_seconds,
        end_seconds=word.end_seconds,
        is_weak=word.is_unknown or word.confidence < WEAK,
    )


def _marks(words: Sequence[Word], told: ToldJudgement) -> list[str]:
    """The mark of each word; a forbidden phrase is shown as such also where it lies in a part."""
    marks = [""] * len(words)
    for part in told.parts:
        for place, word in enumerate(words):
            middle = (word.start_seconds + word.end_seconds) / 2
            if part.start_seconds <= middle <= part.end_seconds:
                marks[place] = part.part
    for mark, phrases in ((POLITE, told.polite), (FORBIDDEN, told.forbidden)):
        for phrase in phrases:
            for place in _covered(words, phrase.start_seconds, len(phrase.phrase)):
                marks[place] = mark
    return marks


def _covered(words: Sequence[Word], start_seconds: float, syllables: int) -> Iterator[int]:
    """The words from an instant on that a phrase of so many syllables covers."""
    left = syllables
    for place, word in enumerate(words):
        if word.end_seconds <= start_seconds or left <= 0:
            continue
        yield place
        left -= len(word.text)
