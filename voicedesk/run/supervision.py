"""Keeps the parts of the service at work: one that fails, or hangs, is ended and begun again alone.

What was raised is logged, counted and set aside with where it came from; the pause before the next beginning grows.
"""

import asyncio
import io
from collections.abc import Callable, Coroutine, Iterator

import structlog

from voicedesk.errors import JournalTaken, VoicedeskError
from voicedesk.jobs.guard import Guard, Part, traceback_of
from voicedesk.jobs.rounds import LONGEST_PAUSE_SECONDS, GrowingPause, Rounds

LOOK_SECONDS = 1.0
STANDSTILL_SECONDS = 5.0
END_SECONDS = 10.0

Work = Callable[[], Coroutine[object, object, None]]
_log = structlog.get_logger()


class Hangs(VoicedeskError):
    """A part of the service did not come round in time."""


class Supervisor:
    """Runs parts, each in a task of its own."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def keep(
        self,
        name: str,
        work: Work,
        *,
        ends: tuple[type[Exception], ...] = (JournalTaken,),
        longest_pause: float = LONGEST_PAUSE_SECONDS,
    ) -> None:
        """Does the work until it is done, or until cancelled; again after each fault.

        What is in `ends` is meant to end more than this part, and is raised.
        """
        pauses = GrowingPause(longest_pause)
        clock = asyncio.get_running_loop().time
        while True:
            begun = clock()
            error = await self._failed(name, work)
            if error is None:
                return
            if (meant := _found(error, ends)) is not None:
                raise meant from error
            self._guard.set_aside(Part.TASK, error, about=name, content=traceback_of(error))
            del error  # its traceback holds all that the failed part held: rows, callers' numbers, old settings
            pause = pauses.next_seconds(clock() - begun)
            _log.warning("part_begins_again", part=name, in_seconds=pause)
            await asyncio.sleep(pause)

    async def _failed(self, name: str, work: Work) -> Exception | None:
        """How a part ended; None: its work is done."""
        rounds = Rounds()
        loop = asyncio.get_running_loop()
        task: asyncio.Task[None] = loop.create_task(work(), name=name, context=rounds.context())
        late = None
        try:
            while not task.done() and late is None:
                looked = loop.time()
                await asyncio.wait({task}, timeout=LOOK_SECONDS)
                stood = loop.time() - looked - LOOK_SECONDS
                if stood > STANDSTILL_SECONDS:
                    rounds.postpone(stood)
                late = rounds.late(loop.time())
        except asyncio.CancelledError:
            await self._end(name, task)
            self._note_last(name, task)
            raise
        if late is not None and not task.done():
            hangs = Hangs(f"{name}: {late.get_name()} did not come round in time, here: {_where(late)}")
            await self._end(name, task)
            self._note_last(name, task)
            return hangs
        if task.cancelled():
            return Hangs(f"{name} was cancelled, and nobody had asked for it")
        error = task.exception()
        if error is not None and not isinstance(error, Exception):
            raise error
        return error

    async def _end(self, name: str, task: "asyncio.Task[None]") -> None:
        """Ends a task; one that does not heed it is said to, and waited for."""
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=END_SECONDS)
            if not task.done():
                _log.error("part_does_not_end", part=name)

    def _note_last(self, name: str, task: "asyncio.Task[None]") -> None:
        """What a part raised as it was ended is not lost."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._guard.set_aside(Part.TASK, error, about=f"{name}, as it ended", content=traceback_of(error))


def _found(error: BaseException, kinds: tuple[type[Exception], ...]) -> Exception | None:
    """The first error of some kinds in an error or a group of them."""
    return next((one for one in _each(error) if isinstance(one, Exception) and isinstance(one, kinds)), None)


def _each(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _each(one)
    else:
        yield error


def _where(task: "asyncio.Task[object]") -> str:
    """Where a task stands."""
    stack = io.StringIO()
    task.print_stack(limit=3, file=stack)
    return " ".join(stack.getvalue().split())
