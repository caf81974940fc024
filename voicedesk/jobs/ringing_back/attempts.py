"""The calls that the hall places for tickets: each written down before the switch is asked, until its result is known.

A result is read from what was seen of the call, never from what the switch answered.
"""

from collections.abc import Callable
from dataclasses import replace

import structlog

from voicedesk.calls.model import CallFacts
from voicedesk.calls.records import CALLBACK_PREFIX
from voicedesk.clock import MICROSECONDS
from voicedesk.errors import InputError
from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.jobs.ringing_back.open_tickets import Changes, OpenTickets
from voicedesk.settings import Settings
from voicedesk.store.store import Store
from voicedesk.store.tickets import Attempt
from voicedesk.tickets.attempt import Result, Tried, result_of
from voicedesk.tickets.dial_rules import WHY, Refusal
from voicedesk.tickets.model import State, Ticket
from voicedesk.tickets.work import LEASE_US, not_rung, result_unknown, rung_up, try_failed

TRACELESS_US = 60 * MICROSECONDS
"""A call of ours of which nothing was seen for this time may have been placed or not: a person must find out."""
_UNSETTLED = (None, Result.UNKNOWN)

IsUnderWay = Callable[[str, str], bool]
"""Whether the call of a channel, given by PBX and channel, is seen and not over."""

_log = structlog.get_logger()


class Attempts:
    """Begins, follows and ends the calls placed for tickets."""

    def __init__(
        self,
        store: Store,
        tickets: OpenTickets,
        settings: Callable[[], Settings],
        is_under_way: IsUnderWay,
        guard: Guard,
    ) -> None:
        self._store, self._tickets, self._settings = store, tickets, settings
        self._is_under_way, self._guard = is_under_way, guard

    async def begin(self, ticket_id: str, attempt: Attempt, step: Callable[[Ticket], Ticket]) -> tuple[Attempt, bool]:
        """Write down a call that is about to be placed; what is returned is said at `TicketClerk.begin_attempt`."""
        before = await self._store.tickets.attempt(attempt.id)
        if before is not None:
            return before, False
        await self._tickets.read()
        ticket, rules = await self._tickets.find(ticket_id), self._tickets.dial_rules
        refusal = rules.refusal(ticket.number, ticket.group, attempt.placed_at)
        if refusal is not None or ticket.number is None:
            raise InputError(f"not dialled: {WHY[refusal or Refusal.WITHHELD]}")
        changes = Changes()
        whole = replace(attempt, ticket_id=ticket.id, number=self._tickets.form_of(ticket.number))
        changes.attempts.append(whole)
        self._tickets.note(changes, [step(ticket)])
        await self._tickets.write(changes)
        rules.placed(ticket.number, attempt.placed_at)
        return whole, True

    async def of_call(self, facts: CallFacts) -> Attempt | None:
        """The attempt that a call is, None where the hall did not place it for a ticket."""
        ours = next((one for one in facts.linkedids if one.startswith(CALLBACK_PREFIX)), None)
        return await self._store.tickets.attempt(ours) if ours else None

    def ended(self, attempt: Attempt, facts: CallFacts, changes: Changes) -> None:
        """Note the result of a call that is over, unless one is known already; an unknown one may become known."""
        if attempt.result in _UNSETTLED:
            self.tried(attempt, result_of(facts), facts.id, changes)

    def tried(self, attempt: Attempt, tried: Tried, call_id: str | None, changes: Changes) -> None:
        """Note a result, and what it means for the ticket; where the ticket went on meanwhile, it stays as it is."""
        over = replace(
            attempt, result=tried.result.value, cause=tried.cause or None, call_id=call_id, ended_at=tried.at
        )
        changes.attempts.append(over)
        if tried.result is Result.NOT_RUNG and attempt.number is not None:
            self._tickets.dial_rules.not_rung(attempt.number, attempt.placed_at)
        ticket = self._tickets.ticket(attempt.ticket_id, changes)
        if ticket is not None and ticket.state in (State.DIALLING, State.UNKNOWN):
            after = self._after(ticket, attempt, tried, call_id)
            self._tickets.note(changes, [after] if after is not None else [])

    def _after(self, ticket: Ticket, attempt: Attempt, tried: Tried, call_id: str | None) -> Ticket | None:
        """The ticket with the result of its call; None: it stays as it is."""
        match tried.result:
            case Result.REACHED if not self._tickets.book.is_switchboard(attempt.number or ""):
                return rung_up(ticket, call_id=call_id or "", at=tried.at)
            case Result.FAILED:
                plan = self._tickets.plan
                return try_failed(ticket, cause=tried.cause, at=tried.at, plan=plan, call_id=call_id)
            case Result.NOT_RUNG:
                return not_rung(ticket, cause=tried.cause, at=tried.at, call_id=call_id)
            case _ if ticket.state is State.DIALLING:
                return result_unknown(ticket, at=tried.at)
        return None

    async def look(self, now: int) -> None:
        """Keep the tickets of calls that are under way; a call without a trace gets an unknown result."""
        for attempt in list(self._tickets.attempts.values()):
            if self._tickets.is_passed_over(attempt.id):
                continue
            with self._guard.one(Part.ROW, f"attempt {attempt.id}", content=written(attempt)):
                changes = Changes()
                if self._is_under_way(attempt.pbx, attempt.id):
                    self._renew(attempt, now, changes)
                elif now > attempt.placed_at + TRACELESS_US:
                    _log.warning("attempt_unknown", attempt=attempt.id, ticket=attempt.ticket_id)
                    tried = Tried(result=Result.UNKNOWN, cause="no_trace", at=now)
                    self.tried(attempt, tried, None, changes)
                if changes.tickets or changes.attempts:
                    await self._tickets.write(changes)
                continue
            await self._tickets.pass_over(attempt.id)

    def _renew(self, attempt: Attempt, now: int, changes: Changes) -> None:
        """Whoever talks to the citizen keeps the ticket, however long the talk is."""
        ticket = self._tickets.ticket(attempt.ticket_id)
        until = ticket.lease_until if ticket is not None else None
        if ticket is not None and until is not None and until < now + LEASE_US // 2:
            self._tickets.note(changes, [replace(ticket, lease_until=now + LEASE_US)])

    async def shown_number(self, ticket_id: str, pbx: str) -> str | None:
        """The number that the citizen of a ticket is to see; what is returned is said at `TicketClerk.shown_number`."""
        ticket = self._tickets.ticket(ticket_id)
        if ticket is None:
            return None
        called = [one.call.facts for one in await self._store.calls.of_ids(ticket.missed_calls[-1:])]
        lines = self._settings().on(pbx).lines
        own = [one for one in lines if any(one.name == facts.line for facts in called)]
        group = [one for one in lines if one.group_name == ticket.group]
        return next((one.shown_number for one in (*own, *group) if one.shown_number), None)
