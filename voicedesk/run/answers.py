"""Writes back what came of requests: what is answered at about the same time is written in one transaction."""

import asyncio
import contextlib
from dataclasses import dataclass

import structlog

from voicedesk.errors import StoreError
from voicedesk.store.requests import Answer, Requests

RETRY_SECONDS = 0.5
COLLECT_SECONDS = 0.03
"""An answer waits so long for others: a commit costs the disk some milliseconds, however much is in it."""

_log = structlog.get_logger()


@dataclass(slots=True)
class _Unwritten:
    """An answer, and who waits until the database has it."""

    answer: Answer
    written: "asyncio.Future[None]"
    is_told: bool = False


class Answers:
    """The answers of one owner. One task writes as long as there are some; what comes meanwhile is written next."""

    def __init__(self, requests: Requests, owner: str) -> None:
        self._requests, self._owner = requests, owner
        self._waiting: list[_Unwritten] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, answer: Answer) -> None:
        """Returns once the database has it: the row is never begun again, so this is all that is left of it.

        A database that refuses it is asked again and again. Raises whatever else happens to this answer.
        """
        one = _Unwritten(answer, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_on(), name="answers")
        await one.written

    async def close(self) -> None:
        """Nothing is written any more; who still waits is told so by being cancelled."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait({self._writing})
        for one in self._waiting:
            one.written.cancel()

    async def _write_on(self) -> None:
        while self._waiting:
            await asyncio.sleep(COLLECT_SECONDS)
            some, self._waiting = self._waiting, []
            left: list[_Unwritten] = []
            try:
                left = await self._written(some)
            finally:
                self._waiting = [one for one in [*(left or some), *self._waiting] if not one.written.done()]
            if left:
                await asyncio.sleep(RETRY_SECONDS)

    async def _written(self, some: list[_Unwritten]) -> list[_Unwritten]:
        """Writes all at once; where that is refused each alone, since it may be one of them. Which are left."""
        if len(some) > 1:
            with contextlib.suppress(Exception):  # each is tried alone then, and tells of its own fault
                await self._requests.finish_all([one.answer for one in some], owner=self._owner)
                _say_written(some)
                return []
        return [one for one in some if not await self._is_written(one)]

    async def _is_written(self, one: _Unwritten) -> bool:
        """Tries one answer; what is not the database's trouble is given to who waits for it."""
        answer = one.answer
        try:
            await self._requests.finish(answer.request_id, answer.state, answer.outcome, owner=self._owner)
        except StoreError as error:
            if not one.is_told:
                about = {"request_id": answer.request_id, "state": answer.state.value}
                _log.error("answer_not_written", **about, reason=str(error))
            one.is_told = True
            return False
        except Exception as error:  # noqa: BLE001  # it costs this answer, not those beside it
            if not one.written.done():
                one.written.set_exception(error)
        else:
            _say_written([one])
        return True


def _say_written(some: list[_Unwritten]) -> None:
    for one in some:
        if not one.written.done():
            one.written.set_result(None)
