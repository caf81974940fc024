"""How a walk's steps are carried out on a call: texts become files of the prompt book, keys and speech come back."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from voicedesk.agi.call import ANY_KEY, AgiCall
from voicedesk.audio.g711 import Samples
from voicedesk.audio.wav import Sound, read_sound
from voicedesk.errors import AgiHungUp, InputError, SpeechError
from voicedesk.ivr.model import AskDigits, Play, Played, Recorded, Said, TakeMessage, Texts, Typed
from voicedesk.prompts.book import Pace, Prompt, PromptBook

GUARD_SECONDS = 8
"""How long the switch waits for us beyond what is being played or recorded, before it leads the caller on."""
FULL_SCALE = 32768
SPEECH_SECONDS = 6.0
SPEECH_PAUSE_SECONDS = 2
MESSAGE_PAUSE_SECONDS = 5
FIRST_DIGIT_SECONDS = 8.0
NEXT_DIGIT_SECONDS = 4.0
QUIETEST = 0.004
"""Of full scale, root mean square over a fifth of a second: what is quieter throughout is silence, and nobody spoke."""

Choose = Callable[[Samples, int], Awaitable[str | None]]
"""The id of the item that is named in a sound; None: none."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spool:
    """Where the switch records callers: the folder as we see it, and as the switch does."""

    here: Path
    there: Path


class IvrSound:
    """One call's ears and mouth. Each verb raises AgiHungUp when the caller is gone, with the texts that were heard."""

    def __init__(
        self, call: AgiCall, book: PromptBook, sounds: Path, *, spool: Spool | None, name: str, choose: Choose | None
    ) -> None:
        self._call, self._book, self._sounds = call, book, sounds
        self._spool, self._name, self._choose = spool, name, choose
        self._recordings = 0

    async def play(self, step: Play) -> Played | Said:
        """Plays; then waits for a key, or listens for a name, where the step says so."""
        said = await self._say(step.texts, slow=step.slow, keys=ANY_KEY, beyond=step.wait_seconds + SPEECH_SECONDS)
        if said.key is not None or not step.wait_seconds:
            return said
        with _heard(said.finished):
            if step.names and self._choose is not None and self._spool is not None:
                return await self._listen(said.finished, self._choose, self._spool)
            return Played(finished=said.finished, key=await self._call.wait_for_key(step.wait_seconds))

    async def ask(self, step: AskDigits) -> Typed:
        """Plays and takes digits; * as the first one comes alone."""
        seconds = FIRST_DIGIT_SECONDS + step.limit * NEXT_DIGIT_SECONDS
        said = await self._say(step.texts, slow=step.slow, keys=ANY_KEY, beyond=seconds)
        digits = ""
        key = said.key
        while len(digits) < step.limit:
            if key is None:
                key = await self._call.wait_for_key(NEXT_DIGIT_SECONDS if digits else FIRST_DIGIT_SECONDS)
            if key is None or key == "#":
                break
            if key == "*":
                return Typed(digits="*")
            digits, key = digits + key, None
        return Typed(digits=digits)

    async def take_message(self, step: TakeMessage) -> Recorded:
        """Plays and records. Where nothing can be recorded the message is empty."""
        said = await self._say(step.texts, slow=step.slow, keys="0*", beyond=step.most_seconds)
        if said.key is not None or self._spool is None:
            return Recorded(file="", seconds=0.0, key=said.key)
        name = self._next_name("message")
        try:
            recorded = await self._call.record(
                str(self._spool.there / name),
                keys="#0*",
                max_seconds=step.most_seconds,
                silence_seconds=MESSAGE_PAUSE_SECONDS,
            )
        except AgiHungUp:
            return await self._message(name, self._spool, None)
        return await self._message(name, self._spool, None if recorded.key == "#" else recorded.key)

    async def say(self, texts: Texts, *, slow: bool = False) -> None:
        """Plays to the end, whatever is pressed."""
        await self._say(texts, slow=slow, keys="")

    async def _say(self, texts: Texts, *, slow: bool, keys: str, beyond: float = 0.0) -> Played:
        """Plays one after another; what has no sound is told of and ends what counts as heard."""
        is_whole = True
        heard = 0
        for text in texts:
            prompt = self._book.find(text.text, language=text.language, pace=Pace.SLOW if slow else Pace.NORMAL)
            if prompt is None:
                _log.error("prompt_missing", text=text.text, cure="voicedesk prompts build")
                is_whole = False
                continue
            key, is_played = await self._play_one(prompt, keys, heard)
            if key is not None:
                return Played(finished=heard, key=key)
            is_whole &= is_played
            heard += is_whole
        with _heard(heard):
            await self._guard(beyond)
        return Played(finished=heard)

    async def _play_one(self, prompt: Prompt, keys: str, heard: int) -> tuple[str | None, bool]:
        """The key that cut it short, and whether the switch could play it."""
        file = str(self._sounds / prompt.path.relative_to(self._book.folder))
        with _heard(heard):
            await self._guard(prompt.seconds)
            said = await self._call.say([file], keys=keys)
        if said.missing:
            _log.error("prompt_unplayable", file=file, cure="can Asterisk read the folder of [prompts]?")
        return said.key, not said.missing

    async def _guard(self, seconds: float) -> None:
        """The switch waits for us that long, and a little more."""
        await self._call.guard(round(seconds) + GUARD_SECONDS)

    async def _listen(self, finished: int, choose: Choose, spool: Spool) -> Played | Said:
        name = self._next_name("choice")
        file = (spool.here / name).with_suffix(".wav")
        try:
            recorded = await self._call.record(
                str(spool.there / name),
                keys=ANY_KEY,
                max_seconds=SPEECH_SECONDS,
                silence_seconds=SPEECH_PAUSE_SECONDS,
            )
            if recorded.key is not None:
                return Played(finished=finished, key=recorded.key)
            await self._guard(GUARD_SECONDS)
            return await _understood(file, finished, choose)
        finally:
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)

    def _next_name(self, what: str) -> str:
        self._recordings += 1
        return f"{self._name}-{what}-{self._recordings}"

    async def _message(self, name: str, spool: Spool, key: str | None) -> Recorded:
        """What was left; the switch keeps a second of silence where nothing was said, and that is no message."""
        file = (spool.here / name).with_suffix(".wav")
        try:
            sound = await asyncio.to_thread(read_sound, file)
        except InputError:
            return Recorded(file=file.name if file.exists() else "", seconds=0.0, key=key)
        if not _is_silent(sound):
            return Recorded(file=file.name, seconds=sound.seconds, key=key)
        with contextlib.suppress(OSError):
            file.unlink()
        return Recorded(file="", seconds=0.0, key=key)


@contextlib.contextmanager
def _heard(finished: int) -> Iterator[None]:
    """Whoever hangs up at any command in here has heard so many texts to their end."""
    try:
        yield
    except AgiHungUp as gone:
        gone.finished = finished
        raise


async def _understood(file: Path, finished: int, choose: Choose) -> Played | Said:
    """What was said; nothing where it was silent, or nobody could listen."""
    try:
        sound = await asyncio.to_thread(read_sound, file)
    except InputError:
        return Played(finished=finished)
    if _is_silent(sound):
        return Played(finished=finished)
    try:
        return Said(item_id=await choose(sound.channel(0), sound.rate))
    except SpeechError as error:
        _log.error("ivr_speech_unavailable", reason=str(error))
        return Played(finished=finished)


def _is_silent(sound: Sound) -> bool:
    samples, piece = sound.channel(0).astype("float64"), sound.rate // 5
    pieces = (samples[start : start + piece] for start in range(0, len(samples), piece))
    return all(float((one**2).mean()) ** 0.5 < QUIETEST * FULL_SCALE for one in pieces)
