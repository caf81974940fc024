"""Finds the sound of a text: a person's recording where there is one, otherwise the synthetic voice.

<folder>/<language>/<pace>/<id>.alaw, .sln16     `id` is made from the text, the voice and its rate
<folder>/<language>/<pace>/<text id>.json        what was spoken last for a text: its words, voice, rate and `id`
<folder>/<language>/recorded/<id>.alaw, .sln16   `id` is made from the text alone
<folder>/<language>/shipped/<id>.alaw, .sln16    the same: what the natural voice said that came with Voicedesk
beside a sound, <id>.heard                       what an ear for people understood of it (`hearing_back`)
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from voicedesk.ivr.wording import CHINESE

LINE_RATE = 8000
"""Samples, and bytes of A-law, in a second."""
SHORTEST_BYTES = LINE_RATE // 20
"""A file shorter than a twentieth of a second holds nothing: it was cut off, or never written."""
WIDE_BYTES = 4
"""Bytes of a `.sln16` for each one of the `.alaw` beside it: twice the samples, of two bytes."""
HEADERS = (b"RIFF", b"OggS", b"ID3\x03", b"ID3\x04", b"fLaC", b".snd")
"""How files begin that are another format under a false name: Asterisk would play them as noise."""
RECORDED, SHIPPED = "recorded", "shipped"
FORMS = (".alaw", ".sln16")
"""For the telephone line, and for wideband."""


PYTTSX3, KOKORO, PIPER, COMMAND = "pyttsx3", "kokoro", "piper", "command"
"""The engines that speak."""
FIRST_VOICE = "sit/cmn-latn-pinyin"
"""The voice of pyttsx3 that reads pinyin, where the settings name none."""
ORDINARY_RATE = 160
"""Words a minute in the settings that mean an engine's ordinary pace."""


class Pace(StrEnum):
    """How fast a text is spoken."""

    NORMAL = "normal"
    SLOW = "slow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A voice of an engine, and its rates in words a minute; 160 is the ordinary pace of every engine.

    `model` is the engine's own model where it has one, `program` what an engine that is a program is started by.
    """

    name: str
    rate: int
    slow_rate: int
    engine: str = PYTTSX3
    model: str = ""
    program: tuple[str, ...] = ()

    @property
    def takes_pinyin(self) -> bool:
        """Whether it is given pinyin; a program of its own gets the characters, and reads them by itself."""
        return self.engine in (PYTTSX3, KOKORO)

    def rate_at(self, pace: Pace) -> int:
        """The rate of a pace."""
        return self.slow_rate if pace is Pace.SLOW else self.rate


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenNote:
    """How a text was spoken last: the words that the voice was given, and the `id` of the sound."""

    text: str
    words: str
    voice: str
    rate: int
    id: str
    engine: str = PYTTSX3


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A sound file without its ending, how long it is, and whether a person speaks."""

    path: Path
    seconds: float
    is_recorded: bool


def text_id(text: str) -> str:
    """The name of a text, whatever its spaces: what a recording of it is called."""
    return _digest(_normal(text))


def prompt_id(text: str, voice: Voice, pace: Pace) -> str:
    """The name of a text as a voice speaks it."""
    spoken_by = f"{_normal(text)}\n{voice.name}\n{voice.rate_at(pace)}"
    if voice.engine != PYTTSX3:
        spoken_by += "\n".join(("", voice.engine, voice.model, *voice.program))
    return _digest(spoken_by)


class PromptBook:
    """All prompts that were built."""

    def __init__(self, folder: Path, voices: dict[str, Voice]) -> None:
        self.folder = folder
        self.voices = voices

    def find(self, text: str, *, language: str = CHINESE, pace: Pace = Pace.NORMAL) -> Prompt | None:
        """The sound of a text; None where there is none fit to be played (fault 57).

        A recording comes first, then what came with Voicedesk for a hall without a natural voice, then the voice, then
        what another voice or rate left behind, then the normal pace.
        """
        recorded = _seconds(self.recorded_path(text, language, pace))
        if recorded is not None:
            return Prompt(path=self.recorded_path(text, language, pace), seconds=recorded, is_recorded=True)
        for path in self._spoken(text, language, pace):
            seconds = _seconds(path)
            if seconds is not None:
                return Prompt(path=path, seconds=seconds, is_recorded=False)
        return self.find(text, language=language) if pace is Pace.SLOW else None

    def note(self, text: str, language: str, pace: Pace) -> SpokenNote | None:
        """How a text was spoken last; None where that is not known."""
        try:
            return SpokenNote(**json.loads(self.note_path(text, language, pace).read_bytes()))
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    def note_path(self, text: str, language: str, pace: Pace) -> Path:
        """Where it is noted how a text was spoken last."""
        return self.folder / language / pace / f"{text_id(text)}.json"

    def _spoken(self, text: str, language: str, pace: Pace) -> Iterator[Path]:
        if pace is Pace.NORMAL:
            yield self.shipped_path(text, language)
        path = self.spoken_path(text, language, pace)
        yield path
        last = self.note(text, language, pace)
        if last is not None and isinstance(last.id, str) and Path(last.id).name:
            yield path.with_name(Path(last.id).name)

    def spoken_path(self, text: str, language: str, pace: Pace) -> Path:
        """Where the synthetic voice's sound of a text lies, without its ending."""
        return self.folder / language / pace / prompt_id(text, self.voices[language], pace)

    def shipped_path(self, text: str, language: str) -> Path:
        """Where a sound lies that came with Voicedesk, without its ending; `place_shipped` put it there."""
        return self.folder / language / SHIPPED / text_id(text)

    def recorded_path(self, text: str, language: str, pace: Pace) -> Path:
        """Where a person's sound of a text lies, without its ending."""
        return self.folder / language / RECORDED / recording_name(text, pace)


def is_whole(path: Path) -> bool:
    """Whether both files of a sound are there, belong together, and are bare sound without a header."""
    try:
        line, wide = (path.with_suffix(form).stat().st_size for form in FORMS)
        with path.with_suffix(".alaw").open("rb") as file:
            has_header = file.read(4) in HEADERS
    except OSError:
        return False
    return not has_header and line >= SHORTEST_BYTES and abs(wide - WIDE_BYTES * line) < WIDE_BYTES * SHORTEST_BYTES


def _seconds(path: Path) -> float | None:
    """How long a sound is; None where it is missing, or one of its files holds nothing: Asterisk may choose either."""
    line, wide = (_size(path.with_suffix(form)) for form in FORMS)
    if line is None or line < SHORTEST_BYTES or (wide is not None and wide < SHORTEST_BYTES * WIDE_BYTES):
        return None
    return line / LINE_RATE


def _size(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except (OSError, ValueError):  # a name that no file can have
        return None


def recording_name(text: str, pace: Pace) -> str:
    """What a person's recording of a text is called, without its ending."""
    return text_id(text) + ("-slow" if pace is Pace.SLOW else "")


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
