"""Tries again what was set aside, in the running service: it alone has the parts that can."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from voicedesk.errors import InputError
from voicedesk.step_rows import STRICT, Given, StepRows
from voicedesk.store.quarantine import Part, SetAside, SetAsideState
from voicedesk.store.requests import Request
from voicedesk.store.store import Store

TryAgain = Callable[[SetAside], Awaitable[str]]
"""Tries one thing again and says what came of it. Raises VoicedeskError where it is no better, or cannot be tried."""

WHY_NOT = {
    Part.EVENT: "an event comes once: calls go on without it. It is kept to find the fault by",
    Part.CALL: "`voicedesk rejudge` judges a call again, `voicedesk repair` repairs it from the switch's logs",
    Part.CALLER: "the caller has left the IVR; the switch led the call on",
    Part.LOG_LINE: "the logs are read again by `voicedesk repair`",
    Part.SETTINGS: "settings are read again by `voicedesk reload`",
    Part.TASK: "the part was begun again at once; this is kept to find the fault by",
    Part.REQUEST: "nobody knows how far it came: look at what it was about, then ask again by the command itself",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Try one thing again, by its id."""

    __pydantic_config__ = STRICT

    id: Given


steps: StepRows[Retry] = StepRows(Retry)


class QuarantineSteps:
    """Reads and carries out what rows of this kind ask. `ways` has, by part, how a thing is tried again."""

    def __init__(self, store: Store, ways: Mapping[Part, TryAgain]) -> None:
        self._store, self._ways = store, ways

    def read(self, request: Request) -> Retry:
        """What a row asks. Raises InputError where it does not fit."""
        return steps.from_row(request.payload)

    def asks_switch(self, _step: Retry) -> bool:
        """No switch is asked."""
        return False

    def in_order(self, step: Retry) -> frozenset[str]:
        """The thing that is tried again."""
        return frozenset({f"quarantine {step.id}"})

    async def carry_out(self, step: Retry, _request: Request) -> str:
        """What came of it. Raises VoicedeskError where nothing did."""
        return await self.retry(step.id)

    async def retry(self, item_id: str) -> str:
        """Tries one thing again; what came of it. Raises VoicedeskError where nothing did."""
        item = await self._store.quarantine.get(item_id) if item_id else None
        if item is None:
            raise InputError(f"nothing set aside has the id {item_id!r}: see `voicedesk quarantine list`")
        if item.state is SetAsideState.RETRIED:
            raise InputError(f"{item.id} was tried again already, and was not seen since")
        way = self._ways.get(item.part)
        if way is None:
            why = WHY_NOT.get(item.part, "the service has no part for it now")
            raise InputError(f"{item.id} cannot be tried again: {why}")
        told = await way(item)
        await self._store.quarantine.set_state(item.id, SetAsideState.RETRIED)
        return told
