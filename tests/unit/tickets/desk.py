"""Calls and tickets for the tests, and a year of calls worked off by a simulated staff."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from voicedesk.calls.model import CallFacts, Direction, JudgedCall, LegFacts, Outcome, Role, StartSource
from voicedesk.calls.three_rings import judge
from voicedesk.clock import MICROSECONDS, from_datetime
from voicedesk.tickets.book import Book
from voicedesk.tickets.dial_rules import DialLimits, DialRules, Refusal
from voicedesk.tickets.meaning import Contact, Miss, meaning_of
from voicedesk.tickets.model import Outcome as End
from voicedesk.tickets.model import State, Ticket
from voicedesk.tickets.plan import HOUR_US, Plan
from voicedesk.tickets.work import claimed, closed, dialling, postponed, try_failed
from voicedesk.work_calendar import WorkCalendar

SECOND, MINUTE, HOUR, DAY = MICROSECONDS, 60 * MICROSECONDS, HOUR_US, 24 * HOUR_US
WEEK = ("Mon-Fri 09:00-12:00", "Mon-Fri 13:30-17:00")
CALENDAR = WorkCalendar()
ODD_NUMBERS = ("037160000000", "96316", "+85291234567", "110", "1008611", "0371-12333000", "x")
HOPELESS = frozenset(Refusal) - {
    Refusal.OUT_OF_HOURS,
    Refusal.NUMBER_TRIED_ENOUGH,
    Refusal.HALL_DIALS_ENOUGH,
}
PLAN = Plan(calendar=CALENDAR, duty={"社保": WEEK, "就业": ("daily 08:00-20:00",)})


def at(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")))


def call(
    call_id: str,
    number: str | None = "13812341234",
    line: str | None = "社保",
    *,
    start: int,
    answered: int | None = None,
    ended: int | None = None,
    **facts: object,
) -> JudgedCall:
    """An inbound call that asked for a person, unless `facts` say otherwise."""
    values: dict[str, object] = {
        "direction": Direction.INBOUND,
        "asked_at": start,
        "person_answered_at": answered,
        "ended_at": start + 40 * SECOND if ended is None else ended,
    }
    made = CallFacts(
        id=call_id,
        pbx="hall",
        boot=None,
        linkedids=(call_id,),
        line=line,
        caller_number=number,
        started_at=start,
        started_at_source=StartSource.NEWCHANNEL,
        **(values | facts),
    )
    return JudgedCall(facts=made, judgement=judge(made))


def placed(
    call_id: str,
    number: str,
    *,
    start: int,
    answered: int | None,
    by: Direction = Direction.CALLBACK,
    line: str = "社保",
):
    """A call the hall placed to a citizen from a line group; the staff phone answered at once."""
    citizen = LegFacts(
        uniqueid="2",
        channel="PJSIP/trunk-1",
        endpoint="PJSIP/trunk",
        role=Role.CITIZEN,
        answered_at=answered,
        outcome=Outcome.ANSWERED if answered is not None else Outcome.NO_ANSWER,
    )
    return call(call_id, number, line, start=start, answered=start, direction=by, legs=(citizen,))


def line_of(facts: CallFacts) -> str | None:
    """The line group of a call in the tests: the line itself."""
    return facts.line


def meaning(judged: JudgedCall) -> Miss | Contact | None:
    return meaning_of(judged, line_of, area_code="0371")


@dataclass
class Year:
    """A year at the hall: what was missed, every ticket as it stands last, and each number dialled."""

    seed: int
    calls_a_day: int = 60
    missed: set[str] = field(default_factory=set)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    dialled: list[tuple[int, str]] = field(default_factory=list)
    refused: Counter[Refusal] = field(default_factory=Counter)
    failed_tries: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._book = Book(PLAN, switchboards=frozenset({"037160000000"}))
        self._rules = DialRules(DialLimits(own_numbers=frozenset({"0371-12333000"}), calls_an_hour=40), PLAN)
        self._count = 0

    @property
    def book(self) -> Book:
        return self._book

    def run(self, first: int, days: int) -> "Year":
        """Hour by hour: the calls of the hour, a flood now and then, then the staff ring back."""
        for hour in range(days * 24):
            begin = first + hour * HOUR
            busy = 1 if 8 <= hour % 24 < 18 else 0.1
            amount = int(self._random.random() * 2 * busy * self.calls_a_day / 12)
            starts = [begin + self._random.randrange(HOUR) for _ in range(amount)]
            if self._random.random() < 0.0005:
                starts += [begin + self._random.randrange(MINUTE) for _ in range(500)]
            for start in sorted(starts):
                self._citizen_rings(start)
            self._staff_ring_back(begin + HOUR)
        return self

    def _number(self) -> str | None:
        kind = self._random.random()
        if kind < 0.03:
            return None
        if kind < 0.05:
            return self._random.choice(ODD_NUMBERS)
        return f"138{self._random.randrange(20_000):08d}"

    def _citizen_rings(self, start: int) -> None:
        self._count += 1
        line = self._random.choice(["社保", "就业"])
        reached = self._random.random() < 0.6
        judged = call(
            f"in{self._count}",
            self._number(),
            line,
            start=start,
            answered=start + 8 * SECOND if reached else None,
            direction=Direction.INTERNAL if self._random.random() < 0.02 else Direction.INBOUND,
        )
        if not reached and judged.facts.direction is Direction.INBOUND:
            self.missed.add(judged.facts.id)
        self._tell(judged)

    def _tell(self, judged: JudgedCall) -> None:
        told = meaning(judged)
        for again in range(2 if self._random.random() < 0.05 else 1):  # a killed service tells some twice
            changed = self._book.note(told) if told is not None else ()
            assert not (again and any(isinstance(told, Miss) for _ in changed))
            self.tickets.update({ticket.id: ticket for ticket in changed})

    def _staff_ring_back(self, now: int) -> None:
        if not PLAN.is_working("就业", now):
            return
        for ticket in self._book.live:
            if ticket.next_try_at is not None and now < ticket.next_try_at:
                continue
            refusal = self._rules.refusal(ticket.number, ticket.group, now)
            if refusal is not None:
                self.refused[refusal] += 1
            if refusal is Refusal.HALL_DIALS_ENOUGH:
                return
            if ticket.state is State.UNKNOWN or (refusal in HOPELESS and now > ticket.due_at):
                self._settle(ticket, now)
            elif refusal is None:
                self._dial(ticket, now)

    def _settle(self, ticket: Ticket, now: int) -> None:
        late = (
            postponed(ticket, due_at=now + HOUR, reason="人手不足", by="li", at=now) if now > ticket.due_at else ticket
        )
        ended = closed(late, outcome=End.GIVEN_UP, note="无法回拨", by="li", at=now)
        self._book.put(ended)
        self.tickets[ended.id] = ended

    def _dial(self, ticket: Ticket, now: int) -> None:
        assert ticket.number is not None
        held = dialling(claimed(ticket, by="wang", at=now), by="wang", at=now)
        self._book.put(held)
        self._rules.placed(ticket.number, now)
        self.dialled.append((now, ticket.number))
        self._count += 1
        answered = now + 5 * SECOND if self._random.random() < 0.7 else None
        judged = placed(f"vd-{self._count}", ticket.number, start=now, answered=answered, line=ticket.group)
        if answered is None:
            self.failed_tries += 1
            failed = try_failed(held, cause="no_answer", at=now + 30 * SECOND, plan=PLAN)
            self._book.put(failed)
            self.tickets[failed.id] = failed
        else:
            self._tell(judged)
