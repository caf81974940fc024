"""What staff ask of the desk by a row in the store (`tickets …`): each step checked, carried out, and answered."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import assert_never

import structlog

from voicedesk.ami.link import AmiAddress
from voicedesk.clock import NowUs, to_datetime
from voicedesk.errors import InputError, OutcomeUnknown, VoicedeskError
from voicedesk.hall.acting import acting
from voicedesk.hall.deadlines import responsible_for
from voicedesk.hall.seats import phones_called, seats_of, the_one_meant
from voicedesk.jobs.ringing_back import dialler
from voicedesk.jobs.ringing_back.clerk import TITLES, TicketDesk, new_ticket_id
from voicedesk.jobs.ringing_back.dialler import Order, Placed
from voicedesk.phone_numbers import normalise
from voicedesk.settings import PbxSettings, Settings
from voicedesk.store.requests import Request
from voicedesk.store.tickets import Attempt
from voicedesk.tickets import steps, work
from voicedesk.tickets.attempt import Result
from voicedesk.tickets.dialplan import channel_id_of
from voicedesk.tickets.model import Ticket
from voicedesk.tickets.steps import Dial, OnTicket, Register, TicketStep

KIND = steps.KIND
Place = Callable[[Order, AmiAddress, NowUs], Awaitable[tuple[Placed, str]]]
Change = Callable[[Ticket], Ticket]

_LOOK = "nobody knows whether the phones ring ({}): look at voicedesk tickets show {:.8} before you dial again"

_log = structlog.get_logger()


class TicketSteps:
    """Reads and carries out what rows of this kind ask."""

    def __init__(
        self,
        desk: TicketDesk,
        settings: Settings,
        addresses: Callable[[PbxSettings], AmiAddress],
        now: NowUs,
        *,
        place: Place = dialler.place,
    ) -> None:
        self._desk, self._settings, self._addresses, self._now, self._place = desk, settings, addresses, now, place

    def change_settings(self, settings: Settings) -> None:
        """Phones, people and manager users are others from now on."""
        self._settings = settings

    def read(self, request: Request) -> TicketStep:
        """What a row asks. Raises InputError where it does not fit."""
        return steps.from_row(request.payload)

    def asks_switch(self, step: TicketStep) -> bool:
        """Whether it may take as long as a switch takes to answer."""
        return isinstance(step, Dial)

    def in_order(self, step: TicketStep) -> frozenset[str]:
        """What is stepped on: a ticket, by its id or how that begins, and the phone that is to ring."""
        if isinstance(step, Register):
            return frozenset()
        keys = {f"ticket {step.ticket}"}
        if isinstance(step, Dial):
            keys.add(f"phone {step.phone or step.by}\n")
        return frozenset(keys)

    async def carry_out(self, step: TicketStep, request: Request) -> str:
        """What came of it, for whoever asked. Raises InputError that says what to do, StoreError, OutcomeUnknown."""
        people = await self._desk.people()  # a ticket may be in the hands of somebody of another unit
        step = replace(step, by=acting(step.by, request.asked_by, self._settings, known=people))
        match step:
            case Register():
                return await self._register(step)
            case Dial():
                return await self._dial(step, request.id)
            case _:
                after = await self._desk.change(step.ticket, self._change(step))
                return f"{TITLES[after.kind]} {after.id[:8]}: {after.state}"

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
                plan = self._desk.plan
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
        groups = {line.group or line.name for line in self._settings.lines}
        if step.group not in groups:
            raise InputError(f"no line group is called {step.group!r}: there are {', '.join(sorted(groups))}")
        ticket = work.registered(
            ticket_id=new_ticket_id(),
            kind=step.kind,
            group=step.group,
            number=number,
            plan=self._desk.plan,
            by=step.by,
            note=step.note,
            at=self._now(),
            to=step.to or responsible_for(step.kind, self._settings),
        )
        whole = replace(ticket, citizen=step.citizen, unit=step.unit, codes=step.codes)
        await self._desk.register(whole)
        return f"{TITLES[whole.kind]} {whole.id}"

    # --- dialling

    async def _dial(self, step: Dial, request_id: str) -> str:
        """Rings the staff phone, then the citizen; answered with the attempt's id as soon as the switch was asked.

        The call is named after the request: where it was begun before, it is answered with that one.
        """
        by, now = step.by, self._now()
        before = await self._desk.attempt(channel_id_of(request_id))
        if before is not None:
            return _told_before(before)
        pbx, extension = self._phone(step.phone, by, step.pbx, self._desk.pbx_of(step.ticket))
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

        attempt, is_new = await self._desk.begin_attempt(step.ticket, begun, dialled)
        if not is_new:
            return _told_before(attempt)
        try:
            await self._ask_once(attempt, address)
        except (InputError, OutcomeUnknown):
            raise
        except Exception as error:
            told = _LOOK.format("Voicedesk failed while it asked the switch", attempt.ticket_id)
            raise OutcomeUnknown(told) from error
        return attempt.id

    async def _ask_once(self, attempt: Attempt, address: AmiAddress) -> None:
        """Raises InputError where it surely was not carried out, OutcomeUnknown where nobody knows."""
        try:
            order = Order(
                channel_id=attempt.id,
                extension=attempt.extension,
                number=attempt.number or "",
                shown_number=await self._desk.shown_number(attempt.ticket_id, attempt.pbx),
            )
        except VoicedeskError as error:
            placed, why = Placed.REFUSED, str(error)
        else:
            placed, why = await self._place(order, address, self._now)
        if placed is Placed.REFUSED:
            await self._desk.not_placed(attempt, f"switch: {why}")
            raise InputError(f"not dialled: {why}")
        if placed is Placed.UNKNOWN:
            _log.error("originate_unknown", attempt=attempt.id, ticket=attempt.ticket_id, reason=why)
            raise OutcomeUnknown(_LOOK.format(why, attempt.ticket_id))

    def _phone(self, phone: str | None, by: str, pbx: str | None, ticket_pbx: str) -> tuple[PbxSettings, str]:
        """The PBX that rings a staff phone, and the phone's inside number there: the one named, or where `by` sits.

        The phone decides on the PBX: on another one the same number rings somebody else. Where it is on several, or
        the person sits at several, the one that the ticket's call came to is the first choice.
        """
        able = {one.name: one for one in self._settings.pbx if one.dial_username}
        if not able:
            raise InputError("no PBX may place calls: set dial_username and dial_secret_file of its [[pbx]]")
        at = to_datetime(self._now())
        own = seats_of(by, self._settings, at, pbx)
        if phone:
            meant = the_one_meant(phone, phones_called(phone, self._settings, pbx), own)
            seats = [meant] if meant is not None else []
        else:
            seats = [one for one in own if one.endpoint is not None]
        seats = [one for one in seats if one.extension is not None]
        if not seats:
            raise InputError(f"no phone to ring: {phone or by!r} has no [[phones]] extension; give one with --phone")
        ways = [(name, one.extension) for one in seats for name in one.pbxs if name in able and one.extension]
        if not ways:
            where = ", ".join(dict.fromkeys(name for one in seats for name in one.pbxs))
            raise InputError(f"{where} may place no calls: set dial_username and dial_secret_file of that [[pbx]]")
        name, extension = next((way for way in ways if way[0] == ticket_pbx), ways[0])
        return able[name], extension


def _told_before(attempt: Attempt) -> str:
    """What is known of a call that was begun for the same request."""
    if attempt.result == Result.NOT_RUNG:
        raise InputError(f"not dialled: {attempt.cause}")
    return attempt.id
