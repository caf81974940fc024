"""What other processes ask of the running service: each row read, begun once, carried out beside the others, answered.

Nothing that one row brings stops another: what does not fit is refused before anything runs, an error that nobody
foresaw costs the row it came with. A row that was begun is answered whatever happens, and never begun again.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from voicedesk.errors import OutcomeUnknown, StoreError, VoicedeskError
from voicedesk.jobs.rounds import promise_round
from voicedesk.run.answers import Answers
from voicedesk.run.lead import LEASE_SECONDS
from voicedesk.step_rows import STRICT, StepRows
from voicedesk.store.requests import Answer, Request, Requests, RequestState

ASK_SECONDS = 0.1
AT_ONCE = 16
"""How many of each kind, those that ask a switch and those that do not, are carried out at the same time."""
LOOK_AHEAD = 500
RENEW_SECONDS = LEASE_SECONDS / 3
ROUND_SECONDS = 120.0
FAREWELL_SECONDS = 4.0
"""How long what was begun may still take when the service is told to stop."""
STOPPED = "the service was stopped while it carried this out: what came of it is not known"

_NOT_NOW = "not carried out: that part of the service does not work now: see voicedesk doctor, then ask again"

SetAside = Callable[[str, str, bytes, BaseException], None]
"""Told of an error that nobody foresaw: the part ("request"), what it was about, the bytes that brought it, itself."""

_log = structlog.get_logger()


class Steps(Protocol):
    """How the rows of one kind are read and carried out."""

    def read(self, request: Request) -> Any:
        """The step that a row asks for. Raises VoicedeskError where it does not fit; nothing is carried out then."""

    def asks_switch(self, step: Any, /) -> bool:
        """Whether it may take as long as a switch takes to answer."""

    def in_order(self, step: Any, /) -> frozenset[str]:
        """The names of what a step works on, such as the id of a ticket or of a phone.

        Two steps that share a name are carried out one after the other, the older one first; so are two where the name
        of one is how a name of the other begins, since people type ids in short. All others go on at the same time.
        """

    async def carry_out(self, step: Any, request: Request, /) -> str:
        """What came of it. Raises VoicedeskError that says why nothing did, OutcomeUnknown where nobody knows."""


@dataclass(frozen=True, slots=True)
class _Anything:
    """A step that says nothing but its kind."""

    __pydantic_config__ = STRICT


class Reload:
    """The one step of kind `reload`; `carry_out` says what came of it, and whether it failed."""

    _rows: StepRows[_Anything] = StepRows(_Anything)

    def __init__(self, reload: Callable[[], tuple[str, bool]]) -> None:
        self._reload = reload

    def read(self, request: Request) -> _Anything:
        """Nothing may stand in such a row."""
        return self._rows.from_row(request.payload)

    def asks_switch(self, _step: _Anything) -> bool:
        """No switch is asked."""
        return False

    def in_order(self, _step: _Anything) -> frozenset[str]:
        """One reload after another."""
        return frozenset({"reload"})

    async def carry_out(self, _step: _Anything, _request: Request) -> str:
        """What a reload says. Raises VoicedeskError where it refuses."""
        told, failed = self._reload()
        if failed:
            raise VoicedeskError(told)
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """A row that was read: what it steps on, and whether it asks a switch."""

    request: Request
    steps: Steps
    step: Any
    keys: frozenset[str]
    asks_switch: bool


def log_error(part: str, about: str, _content: bytes, error: BaseException) -> None:
    """The least that is done with an error that nobody foresaw."""
    _log.error("unforeseen", part=part, about=about, exc_info=error)


class Answering:
    """Answers what other processes ask, until it is cancelled.

    `steps` gives the rows' kinds as they are now; None: that part of the service does not work at present.
    """

    def __init__(
        self,
        requests: Requests,
        owner: str,
        steps: Callable[[], Mapping[str, Steps | None]],
        *,
        set_aside: SetAside = log_error,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._requests, self._owner, self._steps = requests, owner, steps
        self._set_aside, self._steady = set_aside, steady
        self._running: dict[asyncio.Task[None], _Begun] = {}
        self._changed = asyncio.Event()
        self._renew_at = 0.0
        self._is_anything_left = False
        self._answers = Answers(requests, owner)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being carried out."""
        return not self._running

    async def run(self) -> None:
        """For ever. Cancelled, it lets what was begun come to its end for some seconds, and writes back the rest."""
        told = ""
        try:
            while True:
                promise_round(ROUND_SECONDS)
                self._changed.clear()
                try:
                    await self._keep_up()
                    await self._begin()
                    told = ""
                except StoreError as error:
                    if str(error) != told:
                        _log.error("requests_unread", reason=str(error))
                    told = str(error)
                except Exception as error:  # noqa: BLE001  # what is carried out goes on, and others can be begun later
                    if repr(error) != told:
                        self._set_aside("task", "requests", b"", error)
                    told = repr(error)
                if not self._is_anything_left:
                    await asyncio.sleep(ASK_SECONDS)
                    continue
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(ASK_SECONDS):
                        await self._changed.wait()
        finally:
            await self._leave()

    async def _keep_up(self) -> None:
        """Says which rows still run here, and of which nobody knows what came: theirs who ran them are gone."""
        if self._steady() < self._renew_at:
            return
        ids = [one.request.id for one in self._running.values()]
        for request in await self._requests.give_up(self._owner, running=ids):
            _log.error("request_unknown", request_id=request.id, kind=request.kind, asked_by=request.asked_by)
        if ids:
            await self._requests.renew(ids, self._owner, LEASE_SECONDS)
        self._renew_at = self._steady() + RENEW_SECONDS

    async def _begin(self) -> None:
        """Begins with what waits, as far as there is room and nothing older steps on the same."""
        ready = self._ready(await self._requests.queued(LOOK_AHEAD))
        if not ready:
            return
        started = await self._requests.start([one.request.id for one in ready], self._owner, LEASE_SECONDS)
        for one in ready:
            if one.request.id in started:
                task = asyncio.create_task(self._carry_out(one), name=f"request {one.request.id}")
                self._running[task] = one
                task.add_done_callback(self._ended)

    def _ready(self, waiting: Iterable[Request]) -> list[_Begun]:
        ready: list[_Begun] = []
        taken = [key for one in self._running.values() for key in one.keys]
        lanes = [one.asks_switch for one in self._running.values()]
        room = {lane: AT_ONCE - lanes.count(lane) for lane in (True, False)}
        self._is_anything_left = False
        for request in waiting:
            if not any(room.values()):
                self._is_anything_left = True
                break
            one = self._read(request)
            if room[one.asks_switch] > 0 and not _meet(one.keys, taken):
                room[one.asks_switch] -= 1
                ready.append(one)
            else:
                self._is_anything_left = True
            taken += one.keys
        return ready

    def _read(self, request: Request) -> _Begun:
        """A row as a step; one that cannot be read becomes a step that says so."""
        known = self._steps()
        steps = known.get(request.kind)
        if steps is None:
            steps = _Refused(VoicedeskError(_NOT_NOW if request.kind in known else _unknown(request.kind)))
        try:
            step = steps.read(request)
            keys, asks_switch = steps.in_order(step), steps.asks_switch(step)
        except Exception as error:  # noqa: BLE001  # whatever a row brings, it brings to itself
            steps, step, keys, asks_switch = _Refused(error), None, frozenset(), False
        return _Begun(request=request, steps=steps, step=step, keys=keys, asks_switch=asks_switch)

    async def _carry_out(self, one: _Begun) -> None:
        """Carries out one row and writes back what came of it, whatever that is."""
        state, told = RequestState.UNKNOWN, STOPPED
        try:
            state, told = await answered(one.steps, one.step, one.request, set_aside=self._set_aside)
        finally:
            await _to_its_end(self._answers.write(Answer(one.request.id, state, told)))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._changed.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._set_aside("request", task.get_name(), b"", error)

    async def _leave(self) -> None:
        """Nothing is left running; what did not come to its end in time is written back as unknown."""
        for seconds in (FAREWELL_SECONDS, 1.0, 1.0):
            left = set(self._running)
            if left:
                await asyncio.wait(left, timeout=seconds)
            for task in self._running:
                task.cancel()
        await self._answers.close()


class _Refused:
    """The steps of a row that cannot be read: carried out, it says why."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, _request: Request) -> None:
        """Nothing."""

    def asks_switch(self, _step: None) -> bool:
        """Nothing is asked."""
        return False

    def in_order(self, _step: None) -> frozenset[str]:
        """It waits for nothing."""
        return frozenset()

    async def carry_out(self, _step: None, _request: Request) -> str:
        """Raises what was found when it was read."""
        raise self._error


async def answered(
    steps: Steps, step: Any, request: Request, *, set_aside: SetAside = log_error
) -> tuple[RequestState, str]:
    """What is to be written back into a row that is carried out now: its state, and what came of it."""
    try:
        return RequestState.DONE, await steps.carry_out(step, request)
    except OutcomeUnknown as error:
        if error.__cause__ is not None and not isinstance(error.__cause__, VoicedeskError):
            _unforeseen(request, error.__cause__, set_aside)
        return RequestState.UNKNOWN, str(error)
    except VoicedeskError as error:
        return RequestState.FAILED, str(error)
    except Exception as error:  # noqa: BLE001  # whatever a row brings, it brings to itself
        _unforeseen(request, error, set_aside)
        told = f"not carried out because of an error of Voicedesk: {type(error).__name__} ({request.id})"
        return RequestState.FAILED, f"{told}; the log says more, and others are not held up by it"


def _unknown(kind: str) -> str:
    return f"this version does not know {kind[:40]!r}: restart the service after an update"


def _unforeseen(request: Request, error: BaseException, set_aside: SetAside) -> None:
    set_aside("request", f"{request.kind} {request.id}", request.payload.encode("utf-8", "replace"), error)


def _meet(keys: frozenset[str], taken: Iterable[str]) -> bool:
    """Whether one steps on what another does: a ticket may be named by how its id begins."""
    return any(key.startswith(other) or other.startswith(key) for other in taken for key in keys)


async def _to_its_end(work: Awaitable[None]) -> None:
    """Awaits it even where we are told to stop meanwhile; told twice, it is left."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
