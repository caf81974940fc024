"""The desk at work: finished calls open and close tickets, deadlines are watched, staff's steps are carried out.

Everything goes through one lock and is written before it counts; where the database refuses, the desk forgets what it
had in memory and reads it again. Nothing here is in a call's way.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import structlog

from voicedesk.calls.model import CallFacts, JudgedCall
from voicedesk.calls.records import CALLBACK_PREFIX
from voicedesk.clock import MICROSECONDS, NowUs
from voicedesk.errors import InputError, StoreError, StoreUnavailable
from voicedesk.hall.deadlines import dial_limits, group_of, plan_of, responsible_for, switchboards_of
from voicedesk.ivr.model import RequestKind
from voicedesk.jobs.guard import Guard, Part, written
from voicedesk.jobs.news.news import News, Tell
from voicedesk.jobs.rounds import promise_round
from voicedesk.phone_numbers import national_digits, normalise
from voicedesk.settings import Settings
from voicedesk.store.calls import CallFilter
from voicedesk.store.consultations import ConsultationFilter, StoredConsultation, StoredRequest
from voicedesk.store.store import Store
from voicedesk.store.tickets import Attempt, Change, StoredTicket
from voicedesk.tickets.attempt import Result, Tried, result_of
from voicedesk.tickets.book import Book, callback_id, not_missed
from voicedesk.tickets.dial_rules import WHY, DialRules, Refusal
from voicedesk.tickets.meaning import Contact, Miss, meaning_of
from voicedesk.tickets.model import Kind, State, Ticket
from voicedesk.tickets.plan import Notice, Plan
from voicedesk.tickets.words import TICKET_KINDS
from voicedesk.tickets.work import (
    LEASE_US,
    lease_checked,
    not_rung,
    registered,
    reported,
    result_unknown,
    rung_up,
    try_failed,
)
from voicedesk.words import word

POLL_SECONDS = 0.25
ROUND_SECONDS = 300.0
AT_ONCE = 100
REQUESTS_US = 2 * MICROSECONDS
CLOCK_US = 10 * MICROSECONDS
DAY_US = 24 * 3600 * MICROSECONDS
TRACELESS_US = 60 * MICROSECONDS
"""A call of ours that nobody has seen for so long may or may not have been placed: a person settles it."""
RIPE_US = 10 * MICROSECONDS
FLOOD_US = 60 * MICROSECONDS
FLOOD_TOLD_US = 600 * MICROSECONDS
_UNSETTLED = (None, Result.UNKNOWN)
_REQUESTED = {RequestKind.COMPLAINT: Kind.COMPLAINT, RequestKind.SECOND_VISIT: Kind.HOME_VISIT}
_MATTERS = {
    RequestKind.COMPLAINT: "电话语音投诉",
    RequestKind.SECOND_VISIT: "按告知办理，第二次仍未办成",
}

_log = structlog.get_logger()
CallOf = Callable[[str], CallFacts | None]


@dataclass(slots=True)
class _Pending:
    """What the step at hand writes in one go."""

    tickets: dict[str, Ticket]
    sources: list[tuple[str, str]]
    attempts: list[Attempt]
    looked_at: list[str]
    news: list[News]


class TicketDesk:
    """The tickets of the hall. `calls` finds the call that a channel belongs to, by PBX; `tell` tells people."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        calls: Mapping[str, CallOf],
        now: NowUs,
        *,
        tell: Tell,
        guard: Guard | None = None,
    ) -> None:
        self._store, self._calls, self._now, self._tell = store, calls, now, tell
        self._guard = guard or Guard(now)
        self._passed_over: set[str] = set()
        self._settings = settings
        self._lock = asyncio.Lock()
        self._is_read = False
        self._live: dict[str, StoredTicket] = {}
        self._attempts: dict[str, Attempt] = {}
        self._requested: dict[str, str] = {}
        self._opened: list[int] = []
        self._flood_told_at = -FLOOD_TOLD_US
        self._next_requests = self._next_clock = 0
        self._step = _Pending({}, [], [], [], [])
        self._plan = plan_of(settings)
        self._book = Book(self._plan)
        self._rules = DialRules(dial_limits(settings), self._plan)

    # --- the service's side

    async def run(self) -> None:
        """Works until cancelled; a database in trouble is waited for."""
        told = ""
        while True:
            promise_round(ROUND_SECONDS)
            has_more = False
            try:
                has_more = await self.work()
                told = ""
            except StoreError as error:
                if str(error) != told:
                    _log.error("desk_waits", reason=str(error))
                told = str(error)
            await asyncio.sleep(0 if has_more else POLL_SECONDS)

    def change_settings(self, settings: Settings) -> None:
        """Hours, deadlines and limits are others from now on; what was promised stays promised."""
        self._settings = settings
        self._is_read = False
        self._passed_over.clear()

    async def work(self) -> bool:
        """One round: calls that ended, what callers asked for, calls of ours, deadlines. Raises StoreError.

        True if more calls wait than one round takes.
        """
        async with self._lock:
            try:
                await self._read()
                taken = await self._look_at_calls()
                now = self._now()
                if now >= self._next_requests:
                    await self._look_at_requests(now)
                    self._next_requests = now + REQUESTS_US
                await self._look_at_attempts(now)
                if now >= self._next_clock:
                    await self._look_at_clock(now)
                    self._next_clock = now + CLOCK_US
            except Exception:
                self._is_read = False
                raise
        return taken == AT_ONCE

    async def _read(self) -> None:
        """Everything without an end, as it is stored."""
        if self._is_read:
            return
        self._step = _Pending({}, [], [], [], [])
        self._plan = plan_of(self._settings)
        self._live = {one.ticket.id: one for one in await self._store.tickets.live()}
        self._book = Book(self._plan, switchboards=switchboards_of(self._settings), form=self._form_of)
        for stored in self._live.values():
            if stored.ticket.kind is Kind.CALLBACK:
                self._book.put(stored.ticket)
        self._attempts = {one.id: one for one in await self._store.tickets.open_attempts()}
        self._rules = DialRules(dial_limits(self._settings), self._plan)
        for one in await self._store.tickets.attempts_since(self._now() - DAY_US):
            if one.number is not None and one.result != Result.NOT_RUNG:
                self._rules.placed(one.number, one.placed_at)
        self._requested = {}
        self._is_read = True

    def _form_of(self, number: str) -> str | None:
        return normalise(number, self._settings.hall.area_code)

    # --- one step: noted, then written whole

    def _note(self, tickets: Iterable[Ticket]) -> None:
        for ticket in tickets:
            self._step.tickets[ticket.id] = ticket
            if ticket.kind is Kind.CALLBACK:
                self._book.put(ticket)

    def _ticket(self, ticket_id: str) -> Ticket | None:
        """As the step at hand leaves it."""
        stored = self._live.get(ticket_id)
        return self._step.tickets.get(ticket_id) or (stored.ticket if stored else None)

    async def _write(self) -> None:
        """Writes the step; then it counts, and people are told. Raises StoreError: then nothing of it counts."""
        step, self._step = self._step, _Pending({}, [], [], [], [])
        known = {ticket_id: self._live.get(ticket_id) for ticket_id in step.tickets}
        to_save = [
            StoredTicket(ticket=ticket, version=before.version if (before := known[ticket.id]) else 0)
            for ticket in step.tickets.values()
        ]
        change = Change(tickets=to_save, sources=step.sources, attempts=step.attempts, looked_at=step.looked_at)
        try:
            saved = await self._store.tickets.change(change)
        except BaseException:  # also where whoever asked was told to stop: it may be written or not
            self._is_read = False
            raise
        for one in step.attempts:
            if one.result is None:
                self._attempts[one.id] = one
            else:
                self._attempts.pop(one.id, None)
        for stored in saved:
            if stored.ticket.is_closed:
                self._live.pop(stored.ticket.id, None)
            else:
                self._live[stored.ticket.id] = stored
            before = known[stored.ticket.id]
            await self._say(before.ticket if before else None, stored.ticket)
        for news in step.news:
            await self._tell(news)

    async def _say(self, before: Ticket | None, ticket: Ticket) -> None:
        """The log's line of a change, and news where people must know."""
        if before is not None and before.state is ticket.state:
            return
        _log.info(
            "ticket",
            ticket=ticket.id,
            kind=ticket.kind.value,
            state=ticket.state.value,
            group=ticket.group,
            outcome=ticket.outcome.value if ticket.outcome else None,
            closed_by_call=ticket.closed_by_call,
            caller_number=ticket.number,
        )
        if before is None and not ticket.is_closed:
            await self._tell_of("ticket_opened", ticket, f"新工单：{TITLES[ticket.kind]}", ticket.opened_at)
            await self._watch_flood(ticket.opened_at)

    async def _watch_flood(self, at: int) -> None:
        """So many at once are a fault or an attack rather than a busy day."""
        self._opened = [one for one in self._opened if one > at - FLOOD_US] + [at]
        limit = self._settings.tickets.flood_a_minute
        if len(self._opened) < limit or at < self._flood_told_at + FLOOD_TOLD_US:
            return
        self._flood_told_at = at
        news = News(
            id=f"missed_flood {at}",
            kind="missed_flood",
            at=at,
            title=f"一分钟内新增工单达 {limit} 件",
            fields={"未办结": str(len(self._live))},
        )
        await self._tell(news)

    async def _tell_of(self, kind: str, ticket: Ticket, title: str, at: int) -> None:
        fields = {"编号": ticket.id[:8], "线路": ticket.group, "办理人": ticket.owner or "无"}
        personal = {"号码": ticket.number} if ticket.number else {}
        await self._tell(
            News(id=f"{kind} {ticket.id} {at}", kind=kind, at=at, title=title, fields=fields, personal=personal)
        )

    # --- calls that ended

    async def _look_at_calls(self) -> int:
        """Takes calls off the inbox; how many there were."""
        ids = await self._store.tickets.inbox(AT_ONCE)
        if not ids:
            return 0
        found = await self._found(ids)
        for call_id in ids:
            with self._guard.one(Part.CALL, f"{call_id}, for tickets", content=written(found.get(call_id))):
                self._step.looked_at.append(call_id)
                if call_id in found:
                    await self._look_at(found[call_id])
                await self._write()
                continue
            await self._forget_step()
            self._step.looked_at.append(call_id)  # else it would come again and again
            await self._write()
        return len(ids)

    async def _found(self, ids: list[str]) -> dict[str, JudgedCall]:
        """The calls of some ids; one that cannot be read is as one that is not there."""
        try:
            return {one.call.facts.id: one.call for one in await self._store.calls.of_ids(ids)}
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001  # it is one of them
            found: dict[str, JudgedCall] = {}
        for call_id in ids:
            with self._guard.one(Part.ROW, f"call {call_id}, for tickets"):
                found |= {one.call.facts.id: one.call for one in await self._store.calls.of_ids([call_id])}
        return found

    async def _forget_step(self) -> None:
        """A step that was broken off half-way counts nothing: what is known is read again."""
        self._is_read = False
        await self._read()

    async def _look_at(self, call: JudgedCall) -> None:
        facts = call.facts
        attempt = await self._attempt_of(facts)
        walk, asked = await self._asked_in(facts)
        told = self._meaning(call, attempt, asked=asked is not None)
        if isinstance(told, Miss):
            if asked is not None and asked.asked.number is not None:
                told = replace(told, number=asked.asked.number)
            await self._missed(told, facts.pbx)
            if asked is not None and walk is not None:
                self._step.sources += self._link(_source(asked), told.call_id)
        else:
            await self._correct(facts)
            if isinstance(told, Contact):
                self._note(self._book.note(told))
        if attempt is not None and attempt.result in _UNSETTLED:
            self._tried(attempt, result_of(facts), facts.id)

    def _meaning(self, call: JudgedCall, attempt: Attempt | None, *, asked: bool) -> Miss | Contact | None:
        settings = self._settings
        ticket = self._ticket(attempt.ticket_id) if attempt else None

        def group(facts: CallFacts) -> str | None:
            return ticket.group if ticket is not None else group_of(facts, settings)

        return meaning_of(call, group, area_code=settings.hall.area_code, asked_for_callback=asked)

    async def _missed(self, miss: Miss, pbx: str) -> None:
        """A call that nobody answered; a contact since then may have been told before it."""
        if await self._store.tickets.ticket_of(miss.call_id) is not None:
            return
        if miss.number is not None:
            for contact in await self._contacts_since(miss):
                self._note(self._book.note(contact))
        changed = self._book.note(miss)
        self._note(replace(one, pbx=pbx) for one in changed)
        self._step.sources += [(miss.call_id, one.id) for one in changed if miss.call_id in one.missed_calls]

    async def _correct(self, facts: CallFacts) -> None:
        """A call that was told as missed, and was not: its ticket, and whoever was told of it, learn that."""
        ticket_id = await self._store.tickets.ticket_of(facts.id)
        stored = await self._store.tickets.get(ticket_id) if ticket_id is not None else None
        if stored is None or facts.id not in stored.ticket.missed_calls:
            return
        before = ticket = self._ticket(stored.ticket.id) or stored.ticket
        if not ticket.is_closed:
            ticket = not_missed(ticket, facts.id, at=self._now())
            self._note([ticket])
        if before.missed_calls[0] != facts.id and not ticket.is_closed:
            return
        news = News(
            id=f"ticket_corrected {ticket.id} {facts.id}",
            kind="ticket_corrected",
            at=self._now(),
            title="更正：此前通知的未接来电已查明并非未接",
            fields={
                "编号": ticket.id[:8],
                "线路": ticket.group,
                "工单": "已办结" if ticket.is_closed else "仍有其他未接来电，继续办理",
            },
            personal={"号码": ticket.number} if ticket.number else {},
            corrects=f"ticket_opened {ticket.id} {ticket.opened_at}",
        )
        self._step.news.append(news)

    async def _contacts_since(self, miss: Miss) -> list[Contact]:
        area = self._settings.hall.area_code
        digits = national_digits(miss.number, area)
        if digits is None:
            return []
        numbers = await self._store.calls.spellings(digits, area)
        which = CallFilter(caller_numbers=numbers, from_at=miss.started_at)
        found = [self._meaning(one.call, None, asked=False) async for one in self._store.calls.each(which)]
        return [one for one in found if isinstance(one, Contact)]

    async def _attempt_of(self, facts: CallFacts) -> Attempt | None:
        ours = next((one for one in facts.linkedids if one.startswith(CALLBACK_PREFIX)), None)
        return await self._store.tickets.attempt(ours) if ours else None

    def _tried(self, attempt: Attempt, tried: Tried, call_id: str | None) -> None:
        """A call of ours is over: its result belongs to the ticket, whatever was thought of it before."""
        over = replace(
            attempt, result=tried.result.value, cause=tried.cause or None, call_id=call_id, ended_at=tried.at
        )
        self._step.attempts.append(over)
        if tried.result is Result.NOT_RUNG and attempt.number is not None:
            self._rules.not_rung(attempt.number, attempt.placed_at)
        ticket = self._ticket(attempt.ticket_id)
        if ticket is None or ticket.is_closed or ticket.state not in (State.DIALLING, State.UNKNOWN):
            return
        match tried.result:
            case Result.REACHED if not self._book.is_switchboard(attempt.number or ""):
                self._note([rung_up(ticket, call_id=call_id or "", at=tried.at)])
            case Result.FAILED:
                self._note([try_failed(ticket, cause=tried.cause, at=tried.at, plan=self._plan, call_id=call_id)])
            case Result.NOT_RUNG:
                self._note([not_rung(ticket, cause=tried.cause, at=tried.at, call_id=call_id)])
            case _ if ticket.state is State.DIALLING:
                self._note([result_unknown(ticket, at=tried.at)])

    # --- what callers asked the IVR for

    async def _asked_in(self, facts: CallFacts) -> tuple[StoredConsultation | None, StoredRequest | None]:
        """The walk through the IVR in a call, and the callback asked for in it."""
        walks = await self._store.consultations.list(ConsultationFilter(call_id=facts.id), limit=10)
        for walk in walks:
            for request in walk.requests:
                if request.asked.kind is RequestKind.CALLBACK:
                    return walk, request
        return (walks[0] if walks else None), None

    def _link(self, source: str, call_id: str) -> list[tuple[str, str]]:
        """The request is worked off in the ticket that its call is in."""
        for ticket in (*self._step.tickets.values(), *(one.ticket for one in self._live.values())):
            if call_id in ticket.missed_calls:
                return [(source, ticket.id)]
        return []

    async def _look_at_requests(self, now: int) -> None:
        """What was asked for becomes a ticket once the call is over, and is settled when the ticket is closed."""
        for request in await self._store.consultations.open_requests():
            source = _source(request)
            if source in self._passed_over:
                continue
            with self._guard.one(Part.REQUEST, source, content=written(request)):
                ticket_id = self._requested.get(source) or await self._store.tickets.ticket_of(source)
                if ticket_id is None:
                    await self._take_up(request, source, now)
                    await self._write()
                else:
                    self._requested[source] = ticket_id
                    await self._settle(request, ticket_id)
                continue
            await self._pass_over(source)

    async def _pass_over(self, key: str) -> None:
        """What raised is left alone until the settings are read again, or the service starts anew."""
        self._passed_over.add(key)
        await self._forget_step()

    async def _settle(self, request: StoredRequest, ticket_id: str) -> None:
        if ticket_id in self._live:
            return
        stored = await self._store.tickets.get(ticket_id)
        end = stored.ticket if stored is not None else None
        if end is not None and end.closed_at is not None:
            outcome = end.outcome.value if end.outcome else ""
            await self._store.consultations.settle(request.code, request.number, end.closed_at, outcome)

    async def _take_up(self, request: StoredRequest, source: str, now: int) -> None:
        walk = await self._store.consultations.get(request.code)
        if walk is None or self._is_walking(walk, now):
            return
        asked = request.asked
        group = self._group_of_line(walk.line)
        if asked.kind is RequestKind.CALLBACK:
            number = asked.number or walk.caller_number
            miss = Miss(call_id=source, number=number, group=group, started_at=asked.at, ended_at=asked.at)
            await self._missed(miss, walk.pbx)
            return
        kind = _REQUESTED[asked.kind]
        ticket = registered(
            ticket_id=callback_id(source),
            kind=kind,
            group=group,
            number=walk.caller_number,
            plan=self._plan,
            by="",
            note=_MATTERS[asked.kind],
            at=asked.at,
            to=responsible_for(kind, self._settings),
        )
        codes = tuple(code for code in (asked.earlier, walk.consultation.code) if code)
        self._note([replace(ticket, recording=asked.file, codes=codes, pbx=walk.pbx)])
        self._step.sources.append((source, ticket.id))

    def _is_walking(self, walk: StoredConsultation, now: int) -> bool:
        find = self._calls.get(walk.pbx)
        facts = find(walk.uniqueid) if find else None
        return (facts is not None and facts.ended_at is None) or now < walk.consultation.ended_at + RIPE_US

    def _group_of_line(self, name: str | None) -> str:
        line = next((one for one in self._settings.lines if one.name == name), None)
        return (line.group or line.name) if line else name or ""

    # --- calls of ours that are not over, and deadlines

    def _is_seen(self, attempt: Attempt) -> bool:
        find = self._calls.get(attempt.pbx)
        facts = find(attempt.id) if find else None
        return facts is not None and facts.ended_at is None

    async def _look_at_attempts(self, now: int) -> None:
        for attempt in list(self._attempts.values()):
            if attempt.id in self._passed_over:
                continue
            with self._guard.one(Part.ROW, f"attempt {attempt.id}", content=written(attempt)):
                if self._is_seen(attempt):
                    self._renew(attempt, now)
                elif now > attempt.placed_at + TRACELESS_US:
                    _log.warning("attempt_unknown", attempt=attempt.id, ticket=attempt.ticket_id)
                    self._tried(attempt, Tried(result=Result.UNKNOWN, cause="no_trace", at=now), None)
                await self._write_any()
                continue
            await self._pass_over(attempt.id)

    def _renew(self, attempt: Attempt, now: int) -> None:
        """Who talks to the citizen keeps the ticket."""
        ticket = self._ticket(attempt.ticket_id)
        until = ticket.lease_until if ticket is not None else None
        if ticket is not None and until is not None and until < now + LEASE_US // 2:
            self._note([replace(ticket, lease_until=now + LEASE_US)])

    async def _write_any(self) -> None:
        if self._step.tickets or self._step.attempts:
            await self._write()

    async def _look_at_clock(self, now: int) -> None:
        """Leases that are over, and deadlines that come near or have passed."""
        dialled = {one.ticket_id for one in self._attempts.values()}
        for number, stored in enumerate(list(self._live.values())):
            ticket_id = stored.ticket.id
            if ticket_id in self._passed_over:
                continue
            with self._guard.one(Part.ROW, f"ticket {ticket_id}", content=written(stored.ticket)):
                ticket = stored.ticket if ticket_id in dialled else lease_checked(stored.ticket, at=now)
                ticket = await self._reminded(ticket, now)
                if ticket is not stored.ticket:
                    self._note([ticket])
                    await self._write()
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)
                continue
            await self._pass_over(ticket_id)

    async def _reminded(self, ticket: Ticket, now: int) -> Ticket:
        match self._plan.notice(ticket, now):
            case Notice.REMIND if ticket.reminded_at is None:
                await self._tell_of("ticket_due_soon", ticket, f"即将到期：{TITLES[ticket.kind]}", ticket.due_at)
                return replace(ticket, reminded_at=now)
            case Notice.ESCALATE if ticket.escalated_at is None:
                await self._tell_of("ticket_overdue", ticket, f"已超时：{TITLES[ticket.kind]}", ticket.due_at)
                return self._escalated(replace(ticket, escalated_at=now), now)
        return ticket

    def _escalated(self, ticket: Ticket, now: int) -> Ticket:
        """A referral that nobody confirmed in time goes to the superior, who answers for it (S4)."""
        superior = self._settings.tickets.supervisor
        if ticket.kind is Kind.REFERRAL and ticket.state is State.OPEN and superior:
            return reported(ticket, to=superior, by="", note="超时未确认", at=now)
        return ticket

    # --- what staff do

    async def change(self, ticket_id: str, step: Callable[[Ticket], Ticket]) -> Ticket:
        """Carries out a step on a ticket that has no end. Raises InputError where it is not possible now."""
        async with self._lock:
            await self._read()
            ticket = await self._find(ticket_id)
            after = step(lease_checked(ticket, at=self._now()) if not self._is_dialled(ticket) else ticket)
            self._note([after])
            await self._write()
            return after

    async def register(self, ticket: Ticket) -> Ticket:
        """Takes in a ticket that a person registered."""
        async with self._lock:
            await self._read()
            self._note([ticket])
            await self._write()
            return ticket

    async def begin_attempt(
        self, ticket_id: str, attempt: Attempt, step: Callable[[Ticket], Ticket]
    ) -> tuple[Attempt, bool]:
        """A call is about to be placed: written down before the switch is asked, so that it is never asked twice.

        `attempt` lacks the ticket's id and number. False: an attempt of that id was begun before, and is given as it
        stands. Raises InputError that says why the citizen may not be rung now.
        """
        async with self._lock:
            before = await self._store.tickets.attempt(attempt.id)
            if before is not None:
                return before, False
            await self._read()
            ticket = await self._find(ticket_id)
            refusal = self._rules.refusal(ticket.number, ticket.group, attempt.placed_at)
            if refusal is not None or ticket.number is None:
                raise InputError(f"not dialled: {WHY[refusal or Refusal.WITHHELD]}")
            after = step(ticket)
            whole = replace(attempt, ticket_id=ticket.id, number=self._form_of(ticket.number))
            self._step.attempts.append(whole)
            self._note([after])
            await self._write()
            self._rules.placed(ticket.number, attempt.placed_at)
            return whole, True

    async def not_placed(self, attempt: Attempt, reason: str) -> None:
        """The switch surely did not carry it out."""
        async with self._lock:
            await self._read()
            self._tried(attempt, Tried(result=Result.NOT_RUNG, cause=reason, at=self._now()), None)
            await self._write()

    async def people(self) -> set[str]:
        """Who has a ticket without an end in hand, or answers for one. Raises StoreError."""
        if not self._is_read:
            async with self._lock:
                await self._read()
        tickets = [one.ticket for one in self._live.values()]
        return {name for ticket in tickets for name in (ticket.owner, ticket.responsible) if name}

    async def attempt(self, attempt_id: str) -> Attempt | None:
        """A call that was begun, as it stands. Raises StoreError."""
        return await self._store.tickets.attempt(attempt_id)

    def pbx_of(self, ticket_id: str) -> str:
        """The PBX at which a ticket's call came in; empty: none, or no such ticket."""
        return next((one.ticket.pbx for key, one in self._live.items() if key.startswith(ticket_id)), "")

    async def shown_number(self, ticket_id: str, pbx: str) -> str | None:
        """The number that the citizen of a ticket is to see: that of the line called last, else of a line of its group.

        Only numbers of lines on the PBX that places the call: another's dialplan does not know them. None: what the
        dialplan shows. Raises StoreError.
        """
        ticket = self._ticket(ticket_id)
        if ticket is None:
            return None
        called = [one.call.facts for one in await self._store.calls.of_ids(ticket.missed_calls[-1:])]
        lines = self._settings.on(pbx).lines
        own = [one for one in lines if any(one.name == facts.line for facts in called)]
        group = [one for one in lines if (one.group or one.name) == ticket.group]
        return next((one.shown_number for one in (*own, *group) if one.shown_number), None)

    @property
    def plan(self) -> Plan:
        """When things are due."""
        return self._plan

    def _is_dialled(self, ticket: Ticket) -> bool:
        return any(one.ticket_id == ticket.id for one in self._attempts.values())

    async def _find(self, ticket_id: str) -> Ticket:
        found = [one.ticket for key, one in self._live.items() if key.startswith(ticket_id)]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(f"more than one ticket begins with {ticket_id!r}: give more of its id")
        if await self._store.tickets.get(ticket_id) is not None:
            raise InputError(f"ticket {ticket_id} is closed already")
        raise InputError(f"there is no ticket {ticket_id!r}: see `voicedesk tickets list`")


TITLES = {kind: word(TICKET_KINDS, kind) for kind in Kind}


def _source(request: StoredRequest) -> str:
    return f"request {request.code} {request.number}"


def new_ticket_id() -> str:
    """The id of a ticket that a person registers."""
    return secrets.token_hex(10)
