"""The verbs of telephony on one call: answer, say, ask, menu, record, hang up."""

from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from voicedesk.agi.protocol import AgiEnvironment, Reply
from voicedesk.errors import AgiHungUp, AgiProtocolError, AgiRefused

SAMPLES_PER_SECOND = 8000
"""Positions are told in samples of what is played; prompts are told at the line's 8 kHz."""
ANY_KEY = "0123456789*#"
LONGEST_PROMPT_SECONDS = 600.0
"""A file whose length is not known may play at most this long."""
_KEYS = frozenset({*ANY_KEY, *"ABCD"})
"""All that a telephone can send."""
_TIME_LIMIT = "timeout"


class Ended(StrEnum):
    """What ended the taking of digits or sound."""

    LIMIT = "limit"
    TERMINATOR = "terminator"
    KEY = "key"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """`finished` files were played to the end; `key` cut short the next one, `offset_ms` into it.

    `missing`: files that the switch could not play; they count as finished, for nothing more will come of them.
    """

    key: str | None = None
    finished: int = 0
    offset_ms: int = 0
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The digits that were typed, and what ended them (KEY: `key` is the one that did)."""

    digits: str
    ended: Ended
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The key that was chosen; None after all tries. How often another key came, or none."""

    key: str | None
    invalid: int = 0
    no_input: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A recording: how long it is, what ended it, and by which key."""

    seconds: float
    ended: Ended
    key: str | None = None


class Conversation(Protocol):
    """The way to the switch."""

    def ask(self, name: str, *values: str | int, seconds: float = 0.0) -> Awaitable[Reply]:
        """Sends a command; its reply is awaited. Raises AgiHungUp, at once or later, when the switch is gone.

        `seconds` is how long the switch itself may need, to play or to record: long after that it counts as gone.
        """


@dataclass(slots=True)
class AgiCall:
    """One call. Each verb raises AgiHungUp once the caller is gone, AgiRefused where the switch refuses."""

    environment: AgiEnvironment
    conversation: Conversation
    missing: set[str] = field(default_factory=set)
    """The files that the switch could not play so far."""
    longest_seconds: float = LONGEST_PROMPT_SECONDS
    """How long what is said next may take: what `guard` told the switch last."""

    async def command(self, name: str, *values: str | int, seconds: float = 0.0) -> Reply:
        """Any command, by its name and values; `seconds` is how long the switch may need for it."""
        reply = await self.conversation.ask(name, *values, seconds=seconds)
        if reply.is_dead_channel:
            raise AgiHungUp
        if reply.code != 200:
            raise AgiRefused(f"the switch refused {name}: {reply.code} {reply.value or ''}".rstrip())
        if reply.result == "-1":
            raise AgiHungUp(endpos=reply.endpos or 0)
        return reply

    async def answer(self) -> None:
        """Answers the call, unless it was answered already."""
        await self.command("ANSWER")

    async def say(self, files: Sequence[str], *, keys: str = "") -> Said:
        """Plays files one after another until one of `keys` is pressed. AgiHungUp tells how many were finished."""
        missing: list[str] = []
        for finished, file in enumerate(files):
            try:
                reply = await self.command("STREAM FILE", file, keys, seconds=self.longest_seconds)
            except AgiHungUp as gone:
                gone.finished = finished
                raise
            key = _key_of(reply)
            if key is not None:
                offset = (reply.endpos or 0) * 1000 // SAMPLES_PER_SECOND
                return Said(key=key, finished=finished, offset_ms=offset, missing=tuple(missing))
            if not reply.endpos:
                missing.append(file)
                self.missing.add(file)
        return Said(finished=len(files), missing=tuple(missing))

    async def wait_for_key(self, seconds: float) -> str | None:
        """The next key; None if none came in time."""
        return _key_of(await self.command("WAIT FOR DIGIT", max(round(seconds * 1000), 1), seconds=seconds))

    async def ask(
        self,
        files: Sequence[str],
        *,
        limit: int,
        timeout_seconds: float,
        between_seconds: float,
        terminator: str = "#",
        keys: str = "",
    ) -> Asked:
        """Takes up to `limit` digits, also while the files are played; one of `keys` as the first one ends it."""
        key = (await self.say(files, keys=ANY_KEY)).key
        digits = ""
        while True:
            if key is None:
                key = await self.wait_for_key(between_seconds if digits else timeout_seconds)
            if key is None:
                return Asked(digits=digits, ended=Ended.TIME)
            if key == terminator:
                return Asked(digits=digits, ended=Ended.TERMINATOR)
            if not digits and key in keys:
                return Asked(digits="", ended=Ended.KEY, key=key)
            digits, key = digits + key, None
            if len(digits) >= limit:
                return Asked(digits=digits, ended=Ended.LIMIT)

    async def menu(
        self,
        files: Sequence[str],
        *,
        match: Collection[str],
        tries: int,
        timeout_seconds: float,
        invalid: Sequence[str] = (),
        no_input: Sequence[str] = (),
    ) -> Chosen:
        """Plays the files until a key of `match` comes; after another key, or none, says so and plays them again."""
        wrong = silent = 0
        before: Sequence[str] = ()
        while wrong + silent < tries:
            key = (await self.say([*before, *files], keys=ANY_KEY)).key or await self.wait_for_key(timeout_seconds)
            if key is None:
                silent, before = silent + 1, no_input
            elif key in match:
                return Chosen(key=key, invalid=wrong, no_input=silent)
            else:
                wrong, before = wrong + 1, invalid
        return Chosen(key=None, invalid=wrong, no_input=silent)

    async def record(
        self,
        file: str,
        *,
        format: str = "wav",
        keys: str = "#",
        max_seconds: float,
        silence_seconds: int | None = None,
        beep: bool = True,
    ) -> Recorded:
        """Records the caller into `file`.`format` (8 kHz) until a key, silence, or the time is over."""
        options = ["BEEP"] * beep + [f"s={silence_seconds}"] * (silence_seconds is not None)
        most_ms = round(max_seconds * 1000)
        reply = await self.command("RECORD FILE", file, format, keys, most_ms, *options, seconds=max_seconds)
        key = _key_of(reply) if reply.value != _TIME_LIMIT else None
        seconds = (reply.endpos or 0) / SAMPLES_PER_SECOND
        return Recorded(seconds=seconds, ended=Ended.TIME if key is None else Ended.KEY, key=key)

    async def get_variable(self, name: str) -> str | None:
        """A channel variable; None if it is not set."""
        reply = await self.command("GET VARIABLE", name)
        return reply.value if reply.result == "1" else None

    async def set_variable(self, name: str, value: str | int) -> None:
        """Sets a channel variable."""
        await self.command("SET VARIABLE", name, value)

    async def guard(self, seconds: int) -> None:
        """If no command comes from us for so long, the switch leads the caller to the dialplan's extension T."""
        await self.set_variable("TIMEOUT(absolute)", seconds)
        self.longest_seconds = seconds

    async def hangup(self) -> None:
        """Ends the call."""
        await self.command("HANGUP")


def _key_of(reply: Reply) -> str | None:
    """A result as a key: the switch tells it as the number of its character, 0 for none."""
    if reply.result in ("0", ""):
        return None
    key = chr(int(reply.result)) if reply.result.isdigit() and len(reply.result) <= 3 else ""
    if key not in _KEYS:
        raise AgiProtocolError(f"a reply names no key: {reply.result[:20]}")
    return key
