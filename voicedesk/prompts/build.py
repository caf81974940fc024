"""Builds what is missing or changed: speaks it, hears whether it is right, and only then puts it where it is played.

What fails keeps the sound it had; a text whose own rendering fails is told of, and the others are built.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock

from voicedesk.audio.g711 import Samples
from voicedesk.audio.wav import read_sound
from voicedesk.catalogue.model import Item
from voicedesk.catalogue.script import script
from voicedesk.errors import InputError, reason_of
from voicedesk.ivr.wording import CHINESE, Frame, frame_texts
from voicedesk.prompts.book import FORMS, LINE_RATE, PYTTSX3, Pace, PromptBook, SpokenNote, is_whole, recording_name
from voicedesk.prompts.check import TESTS, PromptCheck
from voicedesk.prompts.pronunciation import Pronunciation, words_of
from voicedesk.prompts.rendering import at_rate, levelled, sweep, trimmed, write_prompt, write_whole
from voicedesk.prompts.synthesis import Synthesis

Progress = Callable[[int, int], None]
"""Is told how many are done, of how many."""
SAME_SECONDS = 0.01
"""Two sounds of a text that differ by no more were spoken at one rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A text that must have a sound."""

    text: str
    language: str = CHINESE


@dataclass(slots=True, kw_only=True)
class Built:
    """What came of it: how many were there already, were spoken, were taken from a person's recording, and failed."""

    kept: int = 0
    spoken: int = 0
    recorded: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


def wanted_texts(frames: Mapping[str, Frame], groups: Iterable[str], items: Iterable[Item]) -> tuple[Wanted, ...]:
    """Everything that may be said: the frames, the groups' names, the items' names and each of their sentences."""
    of_frames = (
        Wanted(text=text, language=language)
        for language, frame in frames.items()
        for text in frame_texts(frame, language)
    )
    of_items = (
        text
        for item in items
        for text in (item.name, *(sentence for section in script(item) for sentence in section.sentences))
    )
    return tuple(dict.fromkeys([*of_frames, *(Wanted(text=text) for text in (*groups, *of_items))]))


def missing(
    wanted: Iterable[Wanted], book: PromptBook, pronunciation: Pronunciation | None = None
) -> list[tuple[Wanted, Pace]]:
    """What the voice has not spoken yet, at either pace; with `pronunciation`, also what it read otherwise than now."""
    return [(one, pace) for one in wanted for pace in Pace if not _is_spoken(one, pace, book, pronunciation)]


def _is_spoken(one: Wanted, pace: Pace, book: PromptBook, pronunciation: Pronunciation | None) -> bool:
    if not is_whole(book.spoken_path(one.text, one.language, pace)):
        return False
    if pronunciation is None:
        return True
    try:
        words = words_of(one.text, one.language, pronunciation, pinyin=book.voices[one.language].takes_pinyin)
    except InputError:
        return False
    note = book.note(one.text, one.language, pace)
    return note is not None and note.words == words


def spoilt(wanted: Iterable[Wanted], book: PromptBook) -> list[Path]:
    """Sounds that are there and cannot be right: empty, cut off, of another format (fault 57)."""
    paths = (
        path
        for one in wanted
        for pace in Pace
        for path in (
            book.recorded_path(one.text, one.language, pace),
            book.spoken_path(one.text, one.language, pace),
        )
    )
    return [path for path in paths if path.with_suffix(FORMS[0]).exists() and not is_whole(path)]


def build_spoken(
    orders: Sequence[tuple[Wanted, Pace]],
    book: PromptBook,
    synthesis: Synthesis,
    check: PromptCheck,
    progress: Progress | None = None,
) -> Built:
    """Speaks each text at its pace, in a voice that was tested first, and again after each text it failed on."""
    tell = progress or _silently
    speaking = _Speaking(book, synthesis, check)
    built = Built()
    sweep(book.folder, time.time())
    for done, (one, pace) in enumerate(orders):
        tell(done, len(orders))
        try:
            speaking.speak(one, pace)
        except InputError as error:
            built.failed.append((one.text, str(error)))
        else:
            built.spoken += 1
    tell(len(orders), len(orders))
    return built


def build_at_once(
    orders: Sequence[tuple[Wanted, Pace]],
    book: PromptBook,
    pronunciation: Pronunciation,
    check: PromptCheck,
    progress: Progress | None = None,
    *,
    processes: int,
) -> Built:
    """Does what `build_spoken` does with so many processes of the voice at once, all normal paces before the slow ones.

    A build that is ended early has then left the most that callers can hear: a slow sound that is not there yet gives
    way to the normal one.
    """
    ordered = sorted(orders, key=lambda order: order[1] is Pace.SLOW)
    done, lock = [0] * processes, Lock()

    def some(which: int) -> Built:
        def tell(spoken: int, _of: int) -> None:
            with lock:
                done[which] = spoken
                if progress is not None:
                    progress(sum(done), len(ordered))

        with Synthesis.open(pronunciation) as synthesis:
            return build_spoken(ordered[which::processes], book, synthesis, check, tell)

    with ThreadPoolExecutor(processes) as pool:
        parts = list(pool.map(some, range(processes)))
    return Built(
        kept=sum(one.kept for one in parts),
        spoken=sum(one.spoken for one in parts),
        failed=[told for one in parts for told in one.failed],
    )


def _silently(_done: int, _of: int) -> None:
    """Nobody watches."""


class _Speaking:
    """The voices at work; one that failed its test is asked for nothing more."""

    def __init__(self, book: PromptBook, synthesis: Synthesis, check: PromptCheck) -> None:
        self._book, self._synthesis, self._check = book, synthesis, check
        self._tested: dict[tuple[str, Pace], str | None] = {}

    def speak(self, one: Wanted, pace: Pace) -> None:
        """Speaks one text, hears it, and puts it in its place. Raises InputError with what went wrong."""
        which = one.language, pace
        if which not in self._tested:
            self._tested[which] = self._wrong_with(*which)
        wrong = self._tested[which]
        if wrong is not None:
            raise InputError(wrong)
        try:
            sound, rate = self._at_its_pace(one, pace)
            self._check.check(one.text, at_rate(sound, rate, LINE_RATE), one.language)
        except InputError:
            del self._tested[which]
            raise
        keep(one, pace, sound, rate, book=self._book, pronunciation=self._synthesis.pronunciation)

    def _at_its_pace(self, one: Wanted, pace: Pace) -> tuple[Samples, int]:
        """The sound of a text. Raises InputError if a slow one is no slower: the voice does not take its rate."""
        sound, rate = self._sound(one.text, one.language, pace)
        if self._is_hurried(one, pace, len(sound) / rate):
            raise InputError("the slow one is no slower than the normal one")
        return sound, rate

    def _is_hurried(self, one: Wanted, pace: Pace, seconds: float) -> bool:
        voice = self._book.voices[one.language]
        if pace is Pace.NORMAL or voice.rate_at(pace) >= voice.rate_at(Pace.NORMAL):
            return False
        normal = self._book.find(one.text, language=one.language)
        if normal is None or normal.path != self._book.spoken_path(one.text, one.language, Pace.NORMAL):
            return False  # nothing, a person, or another voice, which speaks at a pace of its own
        return seconds <= normal.seconds + SAME_SECONDS

    def _wrong_with(self, language: str, pace: Pace) -> str | None:
        voice = self._book.voices[language]
        if voice.engine != PYTTSX3:  # the embedded model learned from pyttsx3's engine and understands no other
            return None
        try:
            sounds = {text: self._sound(text, language, pace) for text in TESTS[language]}
            self._check.check_voice({text: at_rate(*sound, LINE_RATE) for text, sound in sounds.items()}, language)
        except InputError as error:
            return f"the voice {voice.name!r} at rate {voice.rate_at(pace)} failed its test: {error}"
        return None

    def _sound(self, text: str, language: str, pace: Pace) -> tuple[Samples, int]:
        samples, rate = self._synthesis.speak(text, self._book.voices[language], pace, language)
        return levelled(trimmed(samples, rate)), rate


def keep(one: Wanted, pace: Pace, sound: Samples, rate: int, *, book: PromptBook, pronunciation: Pronunciation) -> None:
    """Puts the sound of a text in its place, and notes how it was spoken. Raises InputError where the disk refuses."""
    path, voice = book.spoken_path(one.text, one.language, pace), book.voices[one.language]
    write_prompt(sound, rate, path)
    note = SpokenNote(
        text=one.text,
        words=words_of(one.text, one.language, pronunciation, pinyin=voice.takes_pinyin),
        voice=voice.name,
        rate=voice.rate_at(pace),
        id=path.name,
        engine=voice.engine,
    )
    told = json.dumps(asdict(note), ensure_ascii=False).encode()
    write_whole(book.note_path(one.text, one.language, pace), told)


def build_recorded(wanted: Iterable[Wanted], book: PromptBook, recordings: Path) -> Built:
    """Takes over what people recorded, where it is new or another; what was withdrawn goes."""
    built = Built()
    for one in wanted:
        for pace in Pace:
            source = recordings / one.language / f"{recording_name(one.text, pace)}.wav"
            try:
                _take_over(one, source, book.recorded_path(one.text, one.language, pace), built)
            except InputError as error:
                built.failed.append((one.text, f"{source}: {error}"))
    return built


def _take_over(one: Wanted, source: Path, target: Path, built: Built) -> None:
    mark = target.with_suffix(".source")
    try:
        if not source.exists():
            for path in (mark, *(target.with_suffix(form) for form in FORMS)):
                path.unlink(missing_ok=True)
            return
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        if is_whole(target) and mark.exists() and mark.read_text(encoding="ascii") == digest:
            built.kept += 1
            return
    except OSError as error:
        raise InputError(f"{error.filename}: {reason_of(error)}") from error
    sound = read_sound(source)
    mixed = sound.samples.mean(axis=0).astype("int16")
    spoken = levelled(trimmed(mixed, sound.rate))
    PromptCheck(None).check(one.text, at_rate(spoken, sound.rate, LINE_RATE), one.language)
    write_prompt(spoken, sound.rate, target)
    write_whole(mark, digest.encode())
    built.recorded += 1
