"""Prompts heard back: what an ear that learned from people understands of each sound, kept beside it.

A sound is heard as callers hear it, in processes apart. What was heard of it holds as long as the sound stays the same.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from voicedesk.errors import InputError, reason_of
from voicedesk.ivr.wording import CHINESE
from voicedesk.prompts.book import Pace, PromptBook
from voicedesk.prompts.build import Progress, Wanted
from voicedesk.prompts.clarity import LEAST_SYLLABLES, Clarity, compared, syllables_of
from voicedesk.prompts.helper import Helper
from voicedesk.prompts.rendering import write_whole

EAR = "voicedesk.prompts.ear"
HEARD = ".heard"
Hear = Callable[[Path], str]
"""What is heard in a file. May raise InputError: nobody could listen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardPrompt:
    """A text at a pace, its sound without an ending, and what was understood; `clarity` None: nobody listened yet."""

    wanted: Wanted
    pace: Pace
    path: Path
    clarity: Clarity | None


def heard_prompts(wanted: Iterable[Wanted], book: PromptBook, paces: Sequence[Pace]) -> Iterator[HeardPrompt]:
    """Every sound that callers get and that an ear can judge: Chinese texts of 4 syllables and more."""
    for one in wanted:
        if one.language != CHINESE or len(syllables_of(one.text)) < LEAST_SYLLABLES:
            continue
        sounds = {pace: found.path for pace in paces if (found := book.find(one.text, pace=pace)) is not None}
        if sounds.get(Pace.SLOW) == sounds.get(Pace.NORMAL):  # there is no slow one, and the normal one is played
            sounds.pop(Pace.SLOW, None)
        for pace, path in sounds.items():
            yield HeardPrompt(wanted=one, pace=pace, path=path, clarity=_noted(one, path))


def hear_back(prompts: Sequence[HeardPrompt], model: Path, *, processes: int, progress: Progress) -> list[HeardPrompt]:
    """Hears each of them with the speech model in a folder, in so many processes, and notes what was heard.

    Raises InputError where the ear cannot listen; what was heard before that is noted.
    """
    done, lock = [0], Lock()

    def some(which: int) -> list[HeardPrompt]:
        ear = Helper(EAR, str(model))
        try:
            heard = []
            for one in prompts[which::processes]:
                heard.append(_heard(one, lambda file: _asked(ear, file)))
                with lock:
                    done[0] += 1
                    progress(done[0], len(prompts))
            return heard
        finally:
            ear.end()

    progress(0, len(prompts))
    with ThreadPoolExecutor(processes) as pool:
        return [one for part in pool.map(some, range(processes)) for one in part]


def _asked(ear: Helper, file: Path) -> str:
    told = ear.ask({"file": str(file)})
    if told["error"]:
        raise InputError(f"the prompts cannot be heard back: {told['error']}")
    return str(told["heard"])


def _heard(prompt: HeardPrompt, hear: Hear) -> HeardPrompt:
    file = prompt.path.with_suffix(".alaw")
    sound, heard = _digest(file), hear(file)
    note = json.dumps({"sound": sound, "heard": heard}, ensure_ascii=False)
    write_whole(prompt.path.with_suffix(HEARD), note.encode())
    return replace(prompt, clarity=compared(prompt.wanted.text, heard))


def _noted(one: Wanted, path: Path) -> Clarity | None:
    """What was heard of a sound, if it is still that sound."""
    try:
        note = json.loads(path.with_suffix(HEARD).read_bytes())
        if note["sound"] == _digest(path.with_suffix(".alaw")) and isinstance(note["heard"], str):
            return compared(one.text, note["heard"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return None


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {reason_of(error)}") from error
