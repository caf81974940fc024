"""Builds all that a hall's callers hear, in the order in which callers gain most, and hears back what was built.

What was shipped is taken over, then (`meanwhile`) pyttsx3 says what has no sound at all, then the hall's own voice
speaks, then what people recorded is taken over, and last an ear for people hears what is new. What the dialplan plays
by a fixed name is put there as soon as it has a sound, and again when it has a better one.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from voicedesk.errors import InputError, reason_of
from voicedesk.hall.ears import ear_for_people
from voicedesk.hall.prompts import book_of, frames_of, lent_voice, pronunciation_of
from voicedesk.ivr.wording import CHINESE
from voicedesk.prompts.book import PYTTSX3, Pace, PromptBook
from voicedesk.prompts.build import Built, Progress, Wanted, build_at_once, build_recorded, missing
from voicedesk.prompts.check import PromptCheck
from voicedesk.prompts.hearing_back import HeardPrompt, hear_back, heard_prompts
from voicedesk.prompts.meanwhile import speak_meanwhile
from voicedesk.prompts.named import publish_named
from voicedesk.prompts.pronunciation import Pronunciation
from voicedesk.prompts.rendering import make_readable
from voicedesk.prompts.shipped import place_shipped, take_shipped
from voicedesk.settings import Settings
from voicedesk.speech.engines import recognizer_of
from voicedesk.speech.models import embedded_model

ProgressOf = Callable[[str], Progress]
"""The progress of a part of the work: "speaking" or "hearing"."""


@dataclass(slots=True, kw_only=True)
class BuiltPrompts(Built):
    """What came of a build: also how many shipped sounds were taken over, and which new sounds are unclear.

    `unclear` is None where no ear for people listened; `unheard` is why, where one should have.
    """

    shipped: int = 0
    unclear: list[HeardPrompt] | None = None
    unheard: str | None = None


def build_prompts(
    settings: Settings,
    wanted: Sequence[Wanted],
    progress_of: ProgressOf,
    *,
    meanwhile: bool = False,
    trust_voice: bool = False,
) -> BuiltPrompts:
    """Builds what is missing or changed. Raises InputError: the folder cannot be written, or another build is at work.

    `trust_voice`: nobody listens, and only lengths are looked at.
    """
    book, pronunciation, frames = book_of(settings), pronunciation_of(settings), frames_of(settings)
    built = BuiltPrompts()
    with _alone(book.folder):
        ordered = missing(wanted, book, pronunciation)
        left = take_shipped(ordered, book, pronunciation)
        built.shipped = (
            len(ordered) - len(left) + place_shipped(wanted, book, pronunciation, lent_voice(settings.prompts))
        )
        built.kept = len(Pace) * len(wanted) - len(ordered)
        if meanwhile:
            speak_meanwhile(wanted, book, pronunciation)
        publish_named(book, frames)
        is_pyttsx3 = book.voices[CHINESE].engine == PYTTSX3
        if left:
            _speak(left, book, pronunciation, progress_of, built, listen=is_pyttsx3 and not trust_voice)
        if settings.prompts.recordings:
            taken = build_recorded(wanted, book, settings.prompts.recordings)
            built.recorded = taken.recorded
            built.failed += taken.failed
        publish_named(book, frames)
        if built.spoken and not is_pyttsx3 and not trust_voice:
            _hear_back(settings, wanted, book, progress_of, built)
    return built


def hear_prompts(settings: Settings, prompts: Sequence[HeardPrompt], progress: Progress) -> list[HeardPrompt]:
    """Hears prompts with the hall's best ear for people. Raises InputError with the cure where there is none."""
    model = ear_for_people(settings)
    return hear_back(prompts, model.path, processes=_processes(len(prompts)), progress=progress)


def _speak(
    orders: list[tuple[Wanted, Pace]],
    book: PromptBook,
    pronunciation: Pronunciation,
    progress_of: ProgressOf,
    built: BuiltPrompts,
    *,
    listen: bool,
) -> None:
    """In as many processes as there are cores; pyttsx3, which is quick and whose voice is tested first, in one."""
    check = PromptCheck(recognizer_of(embedded_model()) if listen else None)
    is_pyttsx3 = all(voice.engine == PYTTSX3 for voice in book.voices.values())
    processes = 1 if is_pyttsx3 else _processes(len(orders))
    spoken = build_at_once(orders, book, pronunciation, check, progress_of("speaking"), processes=processes)
    built.spoken, built.failed = spoken.spoken, spoken.failed


def _hear_back(
    settings: Settings, wanted: Sequence[Wanted], book: PromptBook, progress_of: ProgressOf, built: BuiltPrompts
) -> None:
    """Hears what nobody heard yet, at the normal pace: a slow one says the same sounds."""
    unheard = [one for one in heard_prompts(wanted, book, (Pace.NORMAL,)) if one.clarity is None]
    try:
        heard = hear_prompts(settings, unheard, progress_of("hearing")) if unheard else []
    except InputError as error:
        built.unheard = str(error)
        return
    built.unclear = [one for one in heard if one.clarity is not None and one.clarity.is_unclear]


def _processes(count: int) -> int:
    return max(1, min(len(os.sched_getaffinity(0)), count))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one build works in a folder at a time: two would speak everything twice."""
    make_readable(folder)
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {reason_of(error)}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise InputError(f"{folder}: its sounds are being built already: wait until that is done") from error
    finally:
        os.close(handle)
