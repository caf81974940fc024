"""The calls that ended and that nobody has looked at: each is looked at once, with what was asked in it.

What a call changes is written together with its leaving the inbox, so that a crash neither loses nor doubles anything.
"""

from dataclasses import replace

from voicedesk.calls.model import CallFacts, JudgedCall
from voicedesk.errors import StoreUnavailable
from voicedesk.ivr.model import RequestKind
from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.jobs.ringing_back.attempts import Attempts
from voicedesk.jobs.ringing_back.callbacks import Callbacks
from voicedesk.jobs.ringing_back.ivr_requests import source_of
from voicedesk.jobs.ringing_back.open_tickets import Changes, OpenTickets
from voicedesk.store.consultations import ConsultationFilter, StoredConsultation, StoredRequest
from voicedesk.store.store import Store
from voicedesk.tickets.meaning import Contact, Miss

CALLS_A_ROUND = 100
"""How many calls are looked at before staff's steps and deadlines have their turn."""
_WALKS_A_CALL = 10
"""At most so many visits of one call to the IVR are looked at."""


class Inbox:
    """Takes ended calls off the inbox."""

    def __init__(
        self, store: Store, tickets: OpenTickets, callbacks: Callbacks, attempts: Attempts, guard: Guard
    ) -> None:
        self._store, self._tickets, self._callbacks = store, tickets, callbacks
        self._attempts, self._guard = attempts, guard

    async def look(self) -> bool:
        """Look at the calls that wait, as many as one round takes; True if more may wait. Raises StoreError."""
        ids = await self._store.tickets.inbox(CALLS_A_ROUND)
        found = await self._found(ids) if ids else {}
        for call_id in ids:
            with self._guard.one(Part.CALL, f"{call_id}, for tickets", content=written(found.get(call_id))):
                changes = Changes(looked_at=[call_id])
                if call_id in found:
                    await self._look_at(found[call_id], changes)
                await self._tickets.write(changes)
                continue
            self._tickets.forget()
            await self._tickets.read()
            await self._tickets.write(Changes(looked_at=[call_id]))  # else it would come again and again
        return len(ids) == CALLS_A_ROUND

    async def _found(self, ids: list[str]) -> dict[str, JudgedCall]:
        """The calls of some ids; a call that cannot be read is missing, as one that is not stored."""
        try:
            return {one.call.facts.id: one.call for one in await self._store.calls.of_ids(ids)}
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001  # one of them cannot be read: the others can, one by one
            found: dict[str, JudgedCall] = {}
        for call_id in ids:
            with self._guard.one(Part.ROW, f"call {call_id}, for tickets"):
                found |= {one.call.facts.id: one.call for one in await self._store.calls.of_ids([call_id])}
        return found

    async def _look_at(self, call: JudgedCall, changes: Changes) -> None:
        facts = call.facts
        attempt = await self._attempts.of_call(facts)
        dialled_for = self._tickets.ticket(attempt.ticket_id) if attempt else None
        walk, asked = await self._asked_in(facts)
        meaning = self._callbacks.meaning(call, dialled_for, asked=asked is not None)
        if isinstance(meaning, Miss):
            if asked is not None and asked.asked.number is not None:
                meaning = replace(meaning, number=asked.asked.number)
            await self._callbacks.missed(meaning, facts.pbx, changes)
            if asked is not None and walk is not None:
                changes.sources += self._link(source_of(asked), meaning.call_id, changes)
        else:
            await self._callbacks.correct(facts, changes)
            if isinstance(meaning, Contact):
                self._callbacks.reached(meaning, changes)
        if attempt is not None:
            self._attempts.ended(attempt, facts, changes)

    async def _asked_in(self, facts: CallFacts) -> tuple[StoredConsultation | None, StoredRequest | None]:
        """The walk through the IVR in a call, and the callback asked for in it."""
        walks = await self._store.consultations.list(ConsultationFilter(call_id=facts.id), limit=_WALKS_A_CALL)
        for walk in walks:
            for request in walk.requests:
                if request.asked.kind is RequestKind.CALLBACK:
                    return walk, request
        return (walks[0] if walks else None), None

    def _link(self, source: str, call_id: str, changes: Changes) -> list[tuple[str, str]]:
        """A callback asked for in a call is worked off in the ticket that the call is in."""
        for ticket in (*changes.tickets.values(), *(one.ticket for one in self._tickets.live.values())):
            if call_id in ticket.missed_calls:
                return [(source, ticket.id)]
        return []
