"""What callers asked for in the IVR: it becomes a ticket after the call, and is settled with the ticket's end."""

from collections.abc import Callable
from dataclasses import replace

from voicedesk.clock import MICROSECONDS
from voicedesk.hall.deadlines import group_of_line, responsible_for
from voicedesk.ivr.model import RequestKind
from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.jobs.ringing_back.attempts import IsUnderWay
from voicedesk.jobs.ringing_back.callbacks import Callbacks
from voicedesk.jobs.ringing_back.open_tickets import Changes, OpenTickets
from voicedesk.language.translate import said
from voicedesk.settings import Settings
from voicedesk.store.consultations import StoredConsultation, StoredRequest
from voicedesk.store.store import Store
from voicedesk.tickets.book import callback_id
from voicedesk.tickets.meaning import Miss
from voicedesk.tickets.model import Kind, Ticket
from voicedesk.tickets.work import registered
from voicedesk.words import in_one

RIPE_US = 10 * MICROSECONDS
"""A request is taken up this long after the caller left the IVR: the ended call may come first and take it up."""
_KINDS = {RequestKind.COMPLAINT: Kind.COMPLAINT, RequestKind.SECOND_VISIT: Kind.HOME_VISIT}
_MATTERS = {
    RequestKind.COMPLAINT: "a complaint that was spoken in the voice menu",
    RequestKind.SECOND_VISIT: "done as the notice said, and it failed a second time",
}


class IvrRequests:
    """Takes up and settles the requests that callers left in the IVR."""

    def __init__(
        self,
        store: Store,
        tickets: OpenTickets,
        callbacks: Callbacks,
        settings: Callable[[], Settings],
        is_under_way: IsUnderWay,
        *,
        guard: Guard,
    ) -> None:
        self._store, self._tickets, self._callbacks, self._settings = store, tickets, callbacks, settings
        self._is_under_way, self._guard = is_under_way, guard
        self._ticket_of: dict[str, str] = {}

    async def look(self, now: int) -> None:
        """Take up each open request that has no ticket, and settle each whose ticket has its end. Raises StoreError."""
        requests = await self._store.consultations.open_requests()
        sources = {source_of(request) for request in requests}
        self._ticket_of = {source: ticket for source, ticket in self._ticket_of.items() if source in sources}
        for request in requests:
            source = source_of(request)
            if self._tickets.is_passed_over(source):
                continue
            with self._guard.one(Part.REQUEST, source, content=written(request)):
                ticket_id = self._ticket_of.get(source) or await self._store.tickets.ticket_of(source)
                if ticket_id is None:
                    changes = Changes()
                    await self._take_up(request, source, now, changes)
                    await self._tickets.write(changes)
                else:
                    self._ticket_of[source] = ticket_id
                    await self._settle(request, ticket_id)
                continue
            await self._tickets.pass_over(source)

    async def _take_up(self, request: StoredRequest, source: str, now: int, changes: Changes) -> None:
        walk = await self._store.consultations.get(request.code)
        if walk is None or self._is_in_ivr(walk, now):
            return
        asked = request.asked
        group = group_of_line(walk.line or "", self._settings())
        if asked.kind is RequestKind.CALLBACK:
            number = asked.number or walk.caller_number
            miss = Miss(call_id=source, number=number, group=group, started_at=asked.at, ended_at=asked.at)
            await self._callbacks.missed(miss, walk.pbx, changes)
            return
        ticket = self._registered(request, walk, source, group)
        self._tickets.note(changes, [ticket])
        changes.sources.append((source, ticket.id))

    def _registered(self, request: StoredRequest, walk: StoredConsultation, source: str, group: str) -> Ticket:
        """The ticket of a complaint that was left, or of a visit in vain (S9, S8)."""
        asked = request.asked
        kind = _KINDS[asked.kind]
        ticket = registered(
            ticket_id=callback_id(source),
            kind=kind,
            group=group,
            number=walk.caller_number,
            plan=self._tickets.plan,
            by="",
            note=in_one(said(_MATTERS[asked.kind]), self._settings().hall.spoken),
            at=asked.at,
            to=responsible_for(kind, self._settings()),
        )
        codes = tuple(code for code in (asked.earlier, walk.consultation.code) if code)
        return replace(ticket, recording=asked.file, codes=codes, pbx=walk.pbx)

    async def _settle(self, request: StoredRequest, ticket_id: str) -> None:
        """Where the ticket has its end, the request is settled with the same end."""
        if ticket_id in self._tickets.live:
            return
        stored = await self._store.tickets.get(ticket_id)
        end = stored.ticket if stored is not None else None
        if end is not None and end.closed_at is not None:
            outcome = end.outcome.value if end.outcome else ""
            await self._store.consultations.settle(request.code, request.number, end.closed_at, outcome)

    def _is_in_ivr(self, walk: StoredConsultation, now: int) -> bool:
        """True while the caller is in the IVR, or left it only just now."""
        return self._is_under_way(walk.pbx, walk.uniqueid) or now < walk.consultation.ended_at + RIPE_US


def source_of(request: StoredRequest) -> str:
    """The name under which a request is written as the source of its ticket."""
    return f"request {request.code} {request.number}"
