"""What staff ask of the running service: a step as a row in the store, and the service's answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voicedesk.calls import steps as verdict_steps
from voicedesk.calls.steps import VerdictStep
from voicedesk.errors import InputError, NotBegun, OutcomeUnknown
from voicedesk.ivr import steps as outage_steps
from voicedesk.ivr.steps import OutageStep, StartOutage, StopOutage
from voicedesk.phones import steps as break_steps
from voicedesk.phones.steps import BreakStep, StartBreak, StopBreak
from voicedesk.step_rows import StepKind
from voicedesk.store.requests import LEADER, Request, RequestState
from voicedesk.store.store import Store
from voicedesk.tickets import steps as ticket_steps
from voicedesk.tickets.steps import Register, TicketStep
from voicedesk.webhooks import steps as news_steps
from voicedesk.webhooks.steps import RetryNews

ANSWER_SECONDS = 30.0
OUTAGE_SECONDS = 90.0
"""A text is spoken, and a program of the hall's may take 30 s for each line that it is told of."""
NOT_RUNNING = "the service does not answer: is `voicedesk run` running on this database?"
TAKEN_BACK = "the service did not begin with it in time, and it was taken back: you may ask again"

NOT_DONE = (InputError, NotBegun, OutcomeUnknown)
"""What `ask` raises: each is told to whoever asked, in its own words."""

Step = TicketStep | BreakStep | OutageStep | VerdictStep | RetryNews
"""Everything that a person asks of the service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A step as it goes to the service. `look` says what to look at where nobody knows what came of it.

    `answer_seconds`: how long what is begun may take; None: no longer than ANSWER_SECONDS.
    """

    kind: StepKind
    row: Mapping[str, Any]
    look: str
    answer_seconds: float | None = None


def asked(step: Step) -> Asked:
    """A step as it goes to the service. Raises InputError where something in it does not fit."""
    match step:
        case StartBreak() | StopBreak():
            return Asked(kind=StepKind.BREAK, row=break_steps.to_row(step), look="voicedesk agents")
        case StartOutage() | StopOutage():
            row, look = outage_steps.to_row(step), "voicedesk outage list"
            return Asked(kind=StepKind.OUTAGE, row=row, look=look, answer_seconds=OUTAGE_SECONDS)
        case RetryNews():
            return Asked(kind=StepKind.NEWS, row=news_steps.to_row(step), look="voicedesk news list --dead")
        case verdict_steps.Decide() | verdict_steps.TakeBack() | verdict_steps.Appeal():
            command = "calls" if step.about == "call" else "greeting"
            row, look = verdict_steps.to_row(step), f"voicedesk {command} show {step.call}"
            return Asked(kind=StepKind.VERDICT, row=row, look=look)
        case Register():
            return Asked(kind=StepKind.TICKET, row=ticket_steps.to_row(step), look="the tickets")
        case _:
            row, look = ticket_steps.to_row(step), f"voicedesk tickets show {step.ticket}"
            return Asked(kind=StepKind.TICKET, row=row, look=look)


async def ask(store: Store, what: Asked, *, asked_by: str) -> str:
    """What the service answers; `asked_by` is the login that asks, as the system knows it.

    Raises InputError where it refused, OutcomeUnknown, and NotBegun where no service runs, or where it did not begin
    within ANSWER_SECONDS: then it never will.
    """
    if not await is_running(store):
        raise NotBegun(NOT_RUNNING)
    request_id = await store.requests.ask(what.kind, dict(what.row), asked_by=asked_by)
    try:
        request = await store.requests.wait_for(request_id, ANSWER_SECONDS)
        if request is None and not await store.requests.withdraw(request_id):
            request = await _late(store, request_id, what)
    except asyncio.CancelledError:
        await asyncio.shield(store.requests.withdraw(request_id))  # who breaks it off does not want it any more
        raise
    return _answer(request, what.look)


async def is_running(store: Store) -> bool:
    """Whether a service runs on a database."""
    return await store.requests.holder(LEADER) is not None


async def _late(store: Store, request_id: str, what: Asked) -> Request:
    """The request that the service has begun with, once it is over. Raises OutcomeUnknown where that takes too long."""
    longest = what.answer_seconds or ANSWER_SECONDS
    rest = longest - ANSWER_SECONDS
    request = await store.requests.wait_for(request_id, rest) if rest > 0 else await store.requests.get(request_id)
    if request is None or not request.state.is_over:
        told = f"it takes longer than {longest:g} s: what came of it is not known"
        raise OutcomeUnknown(f"{told}: look at {what.look} before you ask again")
    return request


def _answer(request: Request | None, look: str) -> str:
    if request is None:
        raise NotBegun(TAKEN_BACK)
    told = request.outcome or ""
    match request.state:
        case RequestState.FAILED:
            raise InputError(told or "refused")
        case RequestState.UNKNOWN:
            raise OutcomeUnknown(told if "look " in told else f"{told}: look at {look} before you ask again")
    return told
