"""Catches unforeseen errors, so that only the one event, call, file or row is lost: logs it, counts it, sets it aside.

Whatever the fault, noting it waits for nothing and never fails. Things set aside stand in memory, bounded, until a task
of the service has saved them where `voicedesk quarantine` shows them.
"""

import asyncio
import contextlib
import operator
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from traceback import format_exception, walk_tb
from typing import TypeVar

import structlog

from voicedesk.clock import NowUs, now_us
from voicedesk.errors import JournalTaken, StoreError, StoreUnavailable
from voicedesk.jobs.rounds import promise_round
from voicedesk.number_masking import beginning, mask_numbers
from voicedesk.store.quarantine import CONTENT_BYTES, Part, SetAside, set_aside
from voicedesk.store.store import Store

__all__ = ["Guard", "Part", "traceback_of", "written"]

SAVE_SECONDS = 1.0
ROUND_SECONDS = 120.0
MOST_WAITING = 1000
MOST_KINDS = 500
MOST_ABOUT = 200
LAST_SECONDS = 1.0
PASSING = (StoreUnavailable, JournalTaken)
"""Not the fault of the one thing at hand: whoever waits for the database, or must end, learns of these."""

T = TypeVar("T")
_OURS = str(Path(__file__).parents[1])
_log = structlog.get_logger()


class Guard:
    """Takes in what went wrong unforeseen; `save` puts it into the store, `run` does so until it is cancelled."""

    def __init__(self, now: NowUs = now_us) -> None:
        self._now = now
        self._waiting: dict[str, SetAside] = {}
        self._kinds: Counter[tuple[str, ...]] = Counter()
        self._told_unsaved = False
        self.counts: Counter[Part] = Counter()
        self.lost = 0
        """So many things set aside were forgotten unsaved, for want of room."""

    @contextlib.contextmanager
    def one(
        self, part: Part, about: str, *, content: bytes | Callable[[], bytes] = b"", pbx: str = ""
    ) -> Iterator[None]:
        """The body is about one thing: whatever it raises costs that thing alone, which is set aside.

        Only `PASSING` gets out; a task that is cancelled ends as ever.
        """
        try:
            yield
        except PASSING:
            raise
        except Exception as error:  # noqa: BLE001  # the one place that is made for it
            self.set_aside(part, error, about=about, content=content, pbx=pbx)

    def each(
        self,
        part: Part,
        things: Sequence[T],
        take: Callable[[Iterator[T]], object],
        on_bad: Callable[[T, Exception], object],
    ) -> None:
        """Lets `take` go through all things; at which it raises is told to `on_bad`, and it goes on with the next.

        As long as nothing is raised this costs as much as `take` alone. `take` must take the things one by one.
        """
        left = iter(things)
        while True:
            before = operator.length_hint(left)
            try:
                take(left)
            except Exception as error:  # noqa: BLE001  # as above
                now_left = operator.length_hint(left)
                if now_left == before:  # it raised before it took any: another try would do the same
                    self.set_aside(part, error, about="before the first")
                    return
                on_bad(things[len(things) - now_left - 1], error)
            else:
                return

    def set_aside(
        self, part: Part, error: BaseException, *, about: str, content: bytes | Callable[[], bytes] = b"", pbx: str = ""
    ) -> None:
        """Notes one thing that could not be dealt with; never waits, never fails."""
        self.counts[part] += 1
        try:
            place = _made(lambda: _place_of(error), "nowhere")
            said = _made(lambda: beginning(str(error), 300), "what it says cannot be read")
            reason = mask_numbers(f"{type(error).__name__}: {said} ({place})")
            self._tell(part, error, reason, pbx=pbx, about=beginning(about, MOST_ABOUT), place=place)
            made_of = _made(content, b"its content cannot be written out") if callable(content) else content
            self._keep(set_aside(part, at_us=self._now(), pbx=pbx, about=about, reason=reason, content=made_of))
        except Exception as again:  # noqa: BLE001  # what cannot even be noted is counted
            self.lost += 1
            with contextlib.suppress(Exception):
                if _is_to_be_told(self.lost):
                    _log.error("not_set_aside", part=part.value, reason=type(again).__name__, lost=self.lost)

    def note(self, part: str, about: str, content: bytes, error: BaseException) -> None:
        """As `set_aside`, for those who know a part by its name only."""
        self.set_aside(Part(part), error, about=about, content=content)

    def _tell(self, part: Part, error: BaseException, reason: str, *, pbx: str, about: str, place: str) -> None:
        """Each kind is logged when it comes first, and at its tenth, hundredth … time."""
        kind = (part.value, pbx, type(error).__name__, place)
        if kind not in self._kinds and len(self._kinds) >= MOST_KINDS:
            self._kinds.clear()
        self._kinds[kind] += 1
        seen = self._kinds[kind]
        if _is_to_be_told(seen):
            cure = "look at it with: voicedesk quarantine list"
            _log.error("set_aside", part=part.value, pbx=pbx or None, about=about, reason=reason, seen=seen, cure=cure)

    def _keep(self, item: SetAside) -> None:
        before = self._waiting.pop(item.id, None)
        self._waiting[item.id] = replace(item, seen=item.seen + (before.seen if before else 0))
        while len(self._waiting) > MOST_WAITING:
            self.lost += self._waiting.pop(next(iter(self._waiting))).seen

    @property
    def waiting(self) -> Sequence[SetAside]:
        """What is not saved yet, oldest first."""
        return tuple(self._waiting.values())

    async def save(self, store: Store) -> None:
        """Saves what waits. Raises StoreError: then it waits on."""
        if not self._waiting:
            return
        items, self._waiting = self._waiting, {}
        try:
            await store.quarantine.add(items.values())
        except BaseException:
            newer, self._waiting = self._waiting, {}
            for item in (*items.values(), *newer.values()):
                self._keep(item)
            raise
        self._told_unsaved = False

    async def run(self, store: Store) -> None:
        """Saves what is set aside until it is cancelled, and then once more."""
        try:
            while True:
                promise_round(ROUND_SECONDS)
                await asyncio.sleep(SAVE_SECONDS)
                try:
                    await self.save(store)
                except StoreError as error:
                    if not self._told_unsaved:
                        _log.error("quarantine_unsaved", count=len(self._waiting), reason=str(error))
                    self._told_unsaved = True
        finally:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(LAST_SECONDS):
                    await self.save(store)


def written(value: object) -> Callable[[], bytes]:
    """A value as it can be set aside; it is written out only if that happens."""
    return lambda: repr(value).encode("utf-8", "backslashreplace")


def traceback_of(error: BaseException) -> bytes:
    """Where an error came from, as it can be set aside: the end of it where it is long."""
    return "".join(format_exception(error)).encode("utf-8", "backslashreplace")[-CONTENT_BYTES:]


def _made(make: Callable[[], T], otherwise: T) -> T:
    """What can be made of the bad thing; it may be so bad that not even that can be: then something in its place."""
    try:
        return make()
    except Exception:  # noqa: BLE001  # whatever the thing does, it is noted all the same
        return otherwise


def _is_to_be_told(times: int) -> bool:
    """What comes again and again is told at its first, tenth, hundredth … time: no fault fills the log."""
    return str(times).strip("0") == "1"


def _place_of(error: BaseException) -> str:
    """The innermost line of our own code that an error came through."""
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]  # reads no source
    ours = [one for one in frames if one[0].startswith(_OURS) and one[0] != __file__] or frames
    if not ours:
        return "nowhere"
    file, line = ours[-1]
    *_, folder, name = ["", *file.split("/")][-3:]
    return f"{folder}/{name}:{line}"
