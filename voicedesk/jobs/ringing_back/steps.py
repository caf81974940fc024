"""What staff ask about tickets by a row in the store (`tickets …`): each step is checked, carried out, and answered."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import NoReturn, assert_never

import structlog

from voicedesk.ami.link import AmiAddress
from voicedesk.clock import NowUs
from voicedesk.errors import InputError, OutcomeUnknown, VoicedeskError
from voicedesk.hall.acting import acting
from voicedesk.hall.deadlines import responsible_for
from voicedesk.jobs.ringing_back import dialler
from voicedesk.jobs.ringing_back.answers import named, told_of
from voicedesk.jobs.ringing_back.clerk import TicketClerk, new_ticket_id
from voicedesk.jobs.ringing_back.dialler import Order
from voicedesk.jobs.ringing_back.staff_phone import phone_to_ring
from voicedesk.phone_numbers import normalise
from voicedesk.settings import PbxSettings, Settings
from voicedesk.store.requests import Request
from voicedesk.store.tickets import Attempt
from voicedesk.tickets import steps, work
from voicedesk.tickets.attempt import Result
from voicedesk.tickets.dialplan import channel_id_of
from voicedesk.tickets.model import Ticket
from voicedesk.tickets.steps import Dial, OnTicket, Register, TicketStep

Place = Callable[[Order, AmiAddress, NowUs], Awaitable[None]]
"""How a switch is asked for a call; what it raises is said at `dialler.place`."""
Change = Callable[[Ticket], Ticket]

_LOOK = "nobody knows whether the phones ring ({}): look at voicedesk tickets show {} before you dial again"

_log = structlog.get_logger()


class TicketSteps:
    """Reads and carries out what rows of this kind ask."""

    def __init__(
        self,
        clerk: TicketClerk,
        settings: Settings,
        addresses: Callable[[PbxSettings], AmiAddress],
        now: NowUs,
        *,
        place: Place = dialler.place,
    ) -> None:
        self._clerk, self._settings, self._addresses, self._now, self._place = clerk, settings, addresses, now, place

    def change_settings(self, settings: Settings) -> None:
        """Use the phones, people and manager users of the new settings from now on."""
        self._settings = settings

    def read(self, request: Request) -> TicketStep:
        """What a row asks. Raises InputError where it does not fit."""
        return steps.from_row(request.payload)

    def asks_switch(self, step: TicketStep) -> bool:
        """Whether it may take as long as a switch takes to answer."""
        return isinstance(step, Dial)

    def in_order(self, step: TicketStep) -> frozenset[str]:
        """What the step works on, one step after another: a ticket, by its id or how the id begins, and the phone."""
        if isinstance(step, Register):
            return frozenset()
        keys = {f"ticket {step.ticket}"}
        if isinstance(step, Dial):
            keys.add(f"phone {step.phone or step.by}\n")
        return frozenset(keys)

    async def carry_out(self, step: TicketStep, request: Request) -> str:
        """What came of it, for whoever asked. Raises InputError that says what to do, StoreError, OutcomeUnknown."""
        people = await self._clerk.people()  # a ticket may be in the hands of somebody of another unit
        step = replace(step, by=acting(step.by, request.asked_by, self._settings, known=people))
        match step:
            case Register():
                return await self._register(step)
            case Dial():
                return await self._dial(step, request.id)
            case _:
                after = await self._clerk.change(step.ticket, self._change(step))
                return told_of(step, after, self._settings.hall.zone)

    def _change(self, step: OnTicket) -> Change:  # noqa: PLR0911  # one line for each step there is
        now, by = self._now(), step.by
        match step:
            case steps.Claim():
                return lambda ticket: work.claimed(ticket, by=by, at=now)
            case steps.Release():
                return lambda ticket: work.released(ticket, by=by, at=now)
            case steps.Confirm():
                return lambda ticket: work.confirmed(ticket, by=by, at=now)
            case steps.Report(note=note):
                to = step.to or self._settings.tickets.supervisor or ""
                if not to:
                    raise InputError("say to whom: --to, or [tickets] supervisor in the settings")
                return lambda ticket: work.reported(ticket, to=to, by=by, note=note, at=now)
            case steps.Postpone(note=note, due_at=due_at):
                return lambda ticket: work.postponed(ticket, due_at=due_at, reason=note, by=by, at=now)
            case steps.Told(note=note):
                return lambda ticket: work.citizen_told(ticket, note=note, by=by, at=now)
            case steps.Settle(note=note):
                plan = self._clerk.plan
                return lambda ticket: work.settled_as_failed(ticket, note=note, by=by, at=now, plan=plan)
            case steps.Close(note=note, outcome=outcome):
                return lambda ticket: work.closed(ticket, outcome=outcome, note=note, by=by, at=now)
            case _:
                assert_never(step)

    async def _register(self, step: Register) -> str:
        """A referral, complaint or home visit, as a person writes it down (S4, S9, S8)."""
        number = normalise(step.number, self._settings.hall.area_code)
        if step.number and number is None:
            raise InputError(f"{step.number!r} is no phone number: write it with its digits, e.g. 13800138000")
        groups = {line.group_name for line in self._settings.lines}
        if step.group not in groups:
            raise InputError(f"no line group is called {step.group!r}: there are {', '.join(sorted(groups))}")
        ticket = work.registered(
            ticket_id=new_ticket_id(),
            kind=step.kind,
            group=step.group,
            number=number,
            plan=self._clerk.plan,
            by=step.by,
            note=step.note,
            at=self._now(),
            to=step.to or responsible_for(step.kind, self._settings),
        )
        whole = replace(ticket, citizen=step.citizen, unit=step.unit, codes=step.codes)
        await self._clerk.register(whole)
        return named(whole)

    # --- dialling

    async def _dial(self, step: Dial, request_id: str) -> str:
        """Rings the staff phone, then the citizen; returns the attempt's id when the switch has taken the order.

        The call is named after the request: where the same request has begun a call before, that call is the answer and
        no other is placed.
        """
        by, now = step.by, self._now()
        before = await self._clerk.attempt(channel_id_of(request_id))
        if before is not None:
            return _told_before(before)
        ticket_pbx = self._clerk.pbx_of(step.ticket)
        pbx, extension = phone_to_ring(by, step.phone, step.pbx, ticket_pbx, settings=self._settings, at=now)
        address = self._addresses(pbx)
        begun = Attempt(
            id=channel_id_of(request_id),
            ticket_id="",
            pbx=pbx.name,
            number=None,
            extension=extension,
            placed_by=by,
            placed_at=now,
        )

        def dialled(ticket: Ticket) -> Ticket:
            return work.dialling(work.claimed(ticket, by=by, at=now), by=by, at=now)

        attempt, is_new = await self._clerk.begin_attempt(step.ticket, begun, dialled)
        if not is_new:
            return _told_before(attempt)
        try:
            await self._ask_switch(attempt, address)
        except (InputError, OutcomeUnknown):
            raise
        except Exception as error:
            told = _LOOK.format("Voicedesk failed while it asked the switch", attempt.ticket_id[:8])
            raise OutcomeUnknown(told) from error
        return attempt.id

    async def _ask_switch(self, attempt: Attempt, address: AmiAddress) -> None:
        """Asks for the call, once. Raises InputError where it surely was not placed, OutcomeUnknown where nobody
        knows."""
        try:
            order = Order(
                channel_id=attempt.id,
                extension=attempt.extension,
                number=attempt.number or "",
                shown_number=await self._clerk.shown_number(attempt.ticket_id, attempt.pbx),
            )
        except VoicedeskError as error:
            await self._not_placed(attempt, error)
        try:
            await self._place(order, address, self._now)
        except InputError as error:
            await self._not_placed(attempt, error)
        except OutcomeUnknown as error:
            _log.error("originate_unknown", attempt=attempt.id, ticket=attempt.ticket_id, reason=str(error))
            raise OutcomeUnknown(_LOOK.format(error, attempt.ticket_id[:8])) from error

    async def _not_placed(self, attempt: Attempt, why: VoicedeskError) -> NoReturn:
        """Writes down that the switch surely did not place the call, and says so to whoever asked."""
        await self._clerk.not_placed(attempt, f"switch: {why}")
        raise InputError(f"not dialled: {why}") from why


def _told_before(attempt: Attempt) -> str:
    """What is known of a call that was begun for the same request."""
    if attempt.result == Result.NOT_RUNG:
        raise InputError(f"not dialled: {attempt.cause}")
    return attempt.id
