"""What people ask about verdicts by a row in the store (`calls decide`, `greeting appeal` …): carried out, answered."""

from collections.abc import Callable
from typing import assert_never

from voicedesk.calls import steps
from voicedesk.calls.steps import Appeal, Decide, TakeBack, VerdictStep
from voicedesk.clock import NowUs
from voicedesk.hall.acting import acting
from voicedesk.jobs.deciding import decisions
from voicedesk.jobs.deciding.decisions import Decided
from voicedesk.log import mask_endpoint
from voicedesk.settings import Settings
from voicedesk.store.requests import Request
from voicedesk.store.store import Store


class VerdictSteps:
    """Reads and carries out what rows of this kind ask, by the settings as they are then."""

    def __init__(self, store: Store, settings: Callable[[], Settings], now: NowUs) -> None:
        self._store, self._settings, self._now = store, settings, now

    def read(self, request: Request) -> VerdictStep:
        """What a row asks. Raises InputError where it does not fit."""
        return steps.from_row(request.payload)

    def asks_switch(self, _step: VerdictStep) -> bool:
        """No switch is asked."""
        return False

    def in_order(self, step: VerdictStep) -> frozenset[str]:
        """What is decided of one call, its legs and its greetings comes one after another."""
        return frozenset({f"verdict {step.call}"})

    async def carry_out(self, step: VerdictStep, request: Request) -> str:
        """What came of it. Raises InputError that says why it cannot be decided, by whom, or what is meant."""
        settings = self._settings()
        about = await found(self._store, step)
        by = acting(step.by, request.asked_by, settings, known=about.concerned)
        call = f"{about.subject.call_id:.8} {mask_endpoint(about.subject.endpoint)}".rstrip()
        match step:
            case Decide():
                made = await decisions.decide(
                    self._store,
                    about,
                    step.verdict,
                    reason=step.reason,
                    by=by,
                    now=self._now,
                    cause=step.cause,
                    forbidden=step.forbidden,
                )
                return f"{call}: {made.verdict}"
            case TakeBack():
                await decisions.undo(self._store, about, reason=step.reason, by=by, now=self._now)
                return f"{call}: taken back"
            case Appeal():
                await decisions.appeal(self._store, settings, about, reason=step.reason, by=by, now=self._now)
                return f"{call}: appealed"
            case _:
                assert_never(step)


async def found(store: Store, step: VerdictStep) -> Decided:
    """What a step is about. Raises InputError where it is none, more than one, or not over yet."""
    find = decisions.find_call if step.about == "call" else decisions.find_greeting
    return await find(store, step.call, step.part)
