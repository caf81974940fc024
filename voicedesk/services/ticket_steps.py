"""What staff ask of the desk by a row in the store (`tickets …`): each step checked, carried out, and answered."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog

from voicedesk.ami.link import AmiAddress
from voicedesk.clock import NowUs, to_datetime
from voicedesk.errors import InputError, StoreError, VoicedeskError
from voicedesk.phone_numbers import normalise
from voicedesk.services import dialler
from voicedesk.services.desk_plan import responsible_for
from voicedesk.services.dialler import Order, Placed
from voicedesk.services.seats import phones_called, seats_of, the_one_meant
from voicedesk.services.ticket_desk import TITLES, TicketDesk, new_ticket_id
from voicedesk.settings import PbxSettings, Settings
from voicedesk.store.tickets import Attempt
from voicedesk.tickets import work
from voicedesk.tickets.dialplan import new_channel_id
from voicedesk.tickets.model import Kind, Outcome, Ticket

KIND = "ticket"
"""The kind of these rows."""
Place = Callable[[Order, AmiAddress, NowUs], Awaitable[tuple[Placed, str]]]
Step = Callable[[Ticket], Ticket]

_log = structlog.get_logger()


class TicketSteps:
    """Carries out what a row asks: `do` names it, `ticket` and `by` go with all but `register`."""

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

    async def carry_out(self, asked: Mapping[str, Any]) -> str:
        """What came of it, for whoever asked. Raises InputError that says what to do, StoreError."""
        match asked.get("do"):
            case "register":
                return await self._register(asked)
            case "dial":
                return await self._dial(asked)
            case str(name):
                after = await self._desk.change(str(asked["ticket"]), self._step(name, asked))
                return f"{TITLES[after.kind]} {after.id[:8]}: {after.state}"
            case _:
                raise InputError("this version does not know that step: restart the service after an update")

    def _step(self, name: str, asked: Mapping[str, Any]) -> Step:  # noqa: PLR0911  # one line for each step there is
        now, by, note = self._now(), str(asked.get("by", "")), str(asked.get("note", ""))
        match name:
            case "claim":
                return lambda ticket: work.claimed(ticket, by=by, at=now)
            case "release":
                return lambda ticket: work.released(ticket, by=by, at=now)
            case "confirm":
                return lambda ticket: work.confirmed(ticket, by=by, at=now)
            case "report":
                to = str(asked.get("to") or self._settings.tickets.supervisor or "")
                if not to:
                    raise InputError("say to whom: --to, or [tickets] supervisor in the settings")
                return lambda ticket: work.reported(ticket, to=to, by=by, note=note, at=now)
            case "postpone":
                due_at = int(asked["due_at"])
                return lambda ticket: work.postponed(ticket, due_at=due_at, reason=note, by=by, at=now)
            case "told":
                return lambda ticket: work.citizen_told(ticket, note=note, by=by, at=now)
            case "settle":
                plan = self._desk.plan
                return lambda ticket: work.settled_as_failed(ticket, note=note, by=by, at=now, plan=plan)
            case "close":
                outcome = Outcome(asked.get("outcome", Outcome.SETTLED.value))
                return lambda ticket: work.closed(ticket, outcome=outcome, note=note, by=by, at=now)
            case _:
                raise InputError(f"this version does not know {name!r}: restart the service after an update")

    async def _register(self, asked: Mapping[str, Any]) -> str:
        """A referral, complaint or home visit, as a person writes it down (S4, S9, S8)."""
        raw = asked.get("number")
        number = normalise(raw, self._settings.hall.area_code)
        if raw and number is None:
            raise InputError(f"{raw!r} is no phone number: write it with its digits, e.g. 13800138000")
        groups = {line.group or line.name for line in self._settings.lines}
        if asked["group"] not in groups:
            raise InputError(f"no line group is called {asked['group']!r}: there are {', '.join(sorted(groups))}")
        kind = Kind(asked["kind"])
        ticket = work.registered(
            ticket_id=new_ticket_id(),
            kind=kind,
            group=str(asked["group"]),
            number=number,
            plan=self._desk.plan,
            by=str(asked["by"]),
            note=str(asked["note"]),
            at=self._now(),
            to=str(asked["to"]) if asked.get("to") else responsible_for(kind, self._settings),
        )
        codes = tuple(str(code) for code in asked.get("codes", ()))
        whole = replace(
            ticket,
            citizen=str(asked.get("citizen", "")),
            unit=str(asked.get("unit", "")),
            codes=codes,
        )
        await self._desk.register(whole)
        return f"{TITLES[whole.kind]} {whole.id}"

    # --- dialling

    async def _dial(self, asked: Mapping[str, Any]) -> str:
        """Rings the staff phone, then the citizen; answered with the attempt's id as soon as the switch was asked."""
        by, ticket_id = str(asked["by"]), str(asked["ticket"])
        now = self._now()
        pbx, extension = self._phone(asked.get("phone"), by, asked.get("pbx"), self._desk.pbx_of(ticket_id))
        address = self._addresses(pbx)
        begun = Attempt(
            id=new_channel_id(),
            ticket_id="",
            pbx=pbx.name,
            number=None,
            extension=extension,
            placed_by=by,
            placed_at=now,
        )

        def dialled(ticket: Ticket) -> Ticket:
            return work.dialling(work.claimed(ticket, by=by, at=now), by=by, at=now)

        attempt = await self._desk.begin_attempt(ticket_id, begun, dialled)
        placed, why = await self._asked_once(
            attempt, address, await self._desk.shown_number(attempt.ticket_id, pbx.name)
        )
        if placed is Placed.REFUSED:
            await self._desk.not_placed(attempt, f"switch: {why}")
            raise InputError(f"not dialled: {why}")
        if placed is Placed.UNKNOWN:
            _log.error("originate_unknown", attempt=attempt.id, ticket=attempt.ticket_id, reason=why)
        return attempt.id

    async def _asked_once(self, attempt: Attempt, address: AmiAddress, shown: str | None) -> tuple[Placed, str]:
        try:
            order = Order(
                channel_id=attempt.id, extension=attempt.extension, number=attempt.number or "", shown_number=shown
            )
            return await self._place(order, address, self._now)
        except VoicedeskError as error:
            return Placed.REFUSED, str(error)

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


async def answered(steps: TicketSteps, asked: Mapping[str, Any]) -> tuple[str, bool]:
    """What to write back into the row, and whether it failed."""
    try:
        return await steps.carry_out(asked), False
    except (InputError, StoreError) as error:
        return str(error), True
    except (KeyError, ValueError) as error:
        return f"this step lacks something: {error}", True
