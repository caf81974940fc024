"""Loops that hang are noticed: each promises when its next round begins, and who breaks the promise hangs.

The supervisor of the job ends and begins what hangs; where nobody supervises, a promise costs nothing. Also the pause
before what failed begins again: it grows while it fails again and again.
"""

import asyncio
from contextvars import Context, ContextVar, copy_context

LONGEST_PAUSE_SECONDS = 60.0
CALM_SECONDS = 600.0
"""After so long without a fault the next pause is the shortest again."""

_rounds: ContextVar["Rounds | None"] = ContextVar("rounds", default=None)


class Rounds:
    """The promises of the loops of one part, by task."""

    def __init__(self) -> None:
        self._due: dict[asyncio.Task[object], float] = {}

    def context(self) -> Context:
        """The context in which the part's tasks run: what they promise is promised here."""
        context = copy_context()
        context.run(_rounds.set, self)
        return context

    def promise(self, task: "asyncio.Task[object]", due: float | None) -> None:
        """A loop comes round before an instant of the event loop's clock; None: it waits for something to do."""
        if due is None:
            self._due.pop(task, None)
        else:
            self._due[task] = due

    def postpone(self, seconds: float) -> None:
        """The whole process stood still for so long: that is no part's fault."""
        self._due = {task: due + seconds for task, due in self._due.items()}

    def late(self, now: float) -> "asyncio.Task[object] | None":
        """A task whose loop did not come round in time."""
        self._due = {task: due for task, due in self._due.items() if not task.done()}
        return next((task for task, due in self._due.items() if due < now), None)


def promise_round(within_seconds: float | None) -> None:
    """Says that this loop comes round again within so many seconds; None: it waits until there is something to do."""
    rounds, task = _rounds.get(), asyncio.current_task()
    if rounds is not None and task is not None:
        due = None if within_seconds is None else asyncio.get_running_loop().time() + within_seconds
        rounds.promise(task, due)


class GrowingPause:
    """How long to wait after each fault of one thing: a second, then twice as long each time."""

    def __init__(self, longest_seconds: float = LONGEST_PAUSE_SECONDS) -> None:
        self._longest_seconds = longest_seconds
        self._seconds = 0.0

    def next_seconds(self, calm_seconds: float) -> float:
        """The pause after a fault before which all went well for so many seconds."""
        is_first = not self._seconds or calm_seconds >= CALM_SECONDS
        self._seconds = min(1.0 if is_first else self._seconds * 2, self._longest_seconds)
        return self._seconds
