"""A row that a disk, a person or another program damaged costs that row only, in every table that is read by many."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import LargeBinary, insert, select, text, update
from tests.contracts.store.conftest import call_of
from voicedesk.calls.model import PhoneState
from voicedesk.errors import ValueRefused
from voicedesk.ivr.model import Consultation, DeskRequest, Entry, RequestKind, State
from voicedesk.phones.model import Break, BreakSource, FindingKind, PhoneFinding, PhoneStanding
from voicedesk.store.calls import CallFilter
from voicedesk.store.consultations import ConsultationFilter, StoredConsultation
from voicedesk.store.decisions import Kind as About
from voicedesk.store.greetings import GreetingFilter, StoredGreeting
from voicedesk.store.phones import StoredFinding, StoredPhone
from voicedesk.store.quarantine import Part, set_aside
from voicedesk.store.store import Store
from voicedesk.store.tables import decisions, metadata
from voicedesk.store.tickets import Attempt, Change, StoredTicket, TicketFilter
from voicedesk.tickets.model import Kind, Ticket
from voicedesk.webhooks.message import Message

AT = 1_795_421_258_000_000
Read = Callable[[Store], Awaitable[int]]


async def _count(rows: Any) -> int:
    return sum([True async for _ in rows])


def _len(read: Callable[[Store], Awaitable[Any]]) -> Read:
    async def count(store: Store) -> int:
        return len(await read(store))

    return count


DAMAGED: dict[str, tuple[str, str, Read]] = {
    "calls.list": ("calls", "facts", _len(lambda store: store.calls.list(CallFilter(), limit=2))),
    "calls.each": ("calls", "facts", lambda store: _count(store.calls.each(CallFilter(), page=1))),
    "calls.of_ids": ("calls", "rules_version", _len(lambda store: store.calls.of_ids(["c0", "c1", "c2"]))),
    "tickets.live": ("tickets", "packed", _len(lambda store: store.tickets.live())),
    "tickets.list": ("tickets", "packed", _len(lambda store: store.tickets.list(TicketFilter(), limit=2))),
    "tickets.each": ("tickets", "packed", lambda store: _count(store.tickets.each(TicketFilter()))),
    "greetings.list": ("greetings", "evidence", _len(lambda store: store.greetings.list(GreetingFilter(), limit=2))),
    "greetings.each": ("greetings", "evidence", lambda store: _count(store.greetings.each(GreetingFilter(), page=1))),
    "consultations.list": (
        "consultations", "keys", _len(lambda store: store.consultations.list(ConsultationFilter(), limit=2)),
    ),
    "consultations of an odd state": (
        "consultations", "state", _len(lambda store: store.consultations.list(ConsultationFilter(), limit=2)),
    ),
    "consultations.open_requests": ("desk_requests", "kind", _len(lambda store: store.consultations.open_requests())),
    "deliveries.waiting": ("deliveries", "message", _len(lambda store: store.deliveries.waiting("hook", 2))),
    "deliveries.newest": ("deliveries", "message", _len(lambda store: store.deliveries.newest())),
    "open breaks": ("phone_breaks", "source", _len(lambda store: store.phones.open_breaks())),
    "breaks": ("phone_breaks", "source", _len(lambda store: store.phones.breaks())),
    "open findings": ("phone_findings", "kind", _len(lambda store: store.phones.open_findings())),
    "findings": ("phone_findings", "kind", _len(lambda store: store.phones.findings())),
    "phones": ("phone_states", "signs", _len(lambda store: store.phones.phones())),
    "decisions.newest": ("decisions", "move", _len(lambda store: store.decisions.newest(limit=2))),
    "decisions.all_of": ("decisions", "move", _len(lambda store: store.decisions.all_of(About.CALL))),
    "decisions.of_calls": ("decisions", "move", _len(lambda store: store.decisions.of_calls(["c0", "c1", "c2"]))),
}  # fmt: skip
"""What is read: the table, a column of it that can be damaged in every database, and how many rows are found."""


def _finding(n: int) -> PhoneFinding:
    kind = FindingKind.PHONE_UNREACHABLE
    return PhoneFinding(kind=kind, pbx="main", endpoint=f"e{n}", line=None, from_at=AT, evidence="")


def _standing(n: int) -> PhoneStanding:
    return PhoneStanding(pbx="main", endpoint=f"e{n}", state=PhoneState.FREE, since=AT, is_current=True)


async def fill(store: Store) -> None:
    """Three rows of everything; the second can be told by the 1 in its key."""
    base = call_of("queue_answered")
    calls = [replace(base, facts=replace(base.facts, id=f"c{n}", started_at=AT + n)) for n in range(3)]
    await store.calls.save(calls)
    tickets = [
        Ticket(id=f"t{n}", kind=Kind.COMPLAINT, group="g", number=None, opened_at=AT, due_at=AT + n, promised_at=AT,
               waiting_since=AT)
        for n in range(3)
    ]  # fmt: skip
    tries = [
        Attempt(id=f"a{n}", ticket_id="t0", pbx="main", number=None, extension="1", placed_by="x", placed_at=AT)
        for n in range(3)
    ]
    await store.tickets.change(Change(tickets=[StoredTicket(ticket=one) for one in tickets], attempts=tries))
    news = [Message(id=f"n{n}", kind="test", group="g", at=AT, title="t") for n in range(3)]
    await store.deliveries.queue([("hook", one) for one in news], AT)
    await store.quarantine.add([set_aside(Part.ROW, at_us=AT, about=f"q{n}", reason="r") for n in range(3)])
    for n in range(3):
        await store.greetings.save(
            StoredGreeting(pbx="main", uniqueid=f"u{n}", call_id="c0", endpoint="SIP/1", answered_at=AT + n)
        )  # fmt: skip
        asked = DeskRequest(kind=RequestKind.COMPLAINT, at=AT, number=None)
        walk = Consultation(
            code=f"k{n}", entry=Entry.ON_REQUEST, started_at=AT + n, ended_at=AT + n, language="zh",
            state=next(iter(State)), exit=None, notices=(), requests=(asked,), keys=(),
        )  # fmt: skip
        await store.consultations.save(
            StoredConsultation(pbx="main", uniqueid=f"u{n}", line=None, caller_number=None, consultation=walk)
        )
        step = {"kind": "call", "call_id": f"c{n}", "pbx": "main", "uniqueid": "", "endpoint": "", "number": n + 1,
                "move": "decide", "verdict": "late", "reason": "r", "by": "b", "at": AT}  # fmt: skip
        async with store.database.write() as connection:
            await connection.execute(insert(decisions), step)
    await store.phones.save(
        breaks=[
            Break(pbx="main", endpoint=f"e{n}", from_at=AT + n, reason="r", source=BreakSource.COMMAND)
            for n in range(3)
        ],
        findings=[StoredFinding(finding=_finding(n)) for n in range(3)],
        phones=[StoredPhone(standing=_standing(n)) for n in range(3)],
    )


async def damage(store: Store, table: str, column: str, value: object) -> None:
    """Damages the row in the middle."""
    here = metadata.tables[table]
    async with store.database.write() as connection:
        keys = [*here.primary_key]
        rows = (await connection.execute(select(*keys).order_by(*keys))).all()
        which = [key == rows[1]._mapping[key.name] for key in keys]
        await connection.execute(update(here).where(*which).values({column: value}))


@pytest.mark.parametrize("name", DAMAGED)
async def test_a_damaged_row_costs_itself_only_and_is_told_once(store, name):
    table, column, read = DAMAGED[name]
    await fill(store)
    told: list[tuple[str, bytes]] = []
    store.database.unread.tell = lambda _error, about, content: told.append((about, content))
    there = await read(store)
    assert told == []
    is_text = not isinstance(metadata.tables[table].c[column].type, LargeBinary)
    await damage(store, table, column, "no\ufffdsense" if is_text else b"\xff\x00 damaged")
    assert await read(store) == (there if there == 2 else 2)
    await read(store)
    assert [about.split()[0] for about, _ in told] == [table]
    assert b"sense" in told[0][1] or b"damaged" in told[0][1]
    assert store.database.unread.count == 1


@pytest.mark.database_file
@pytest.mark.parametrize("value", ["x'ff00'", "'text'", "CAST(x'ff41' AS TEXT)", "9223372036854775807", "-1.5"])
async def test_a_file_may_hold_any_kind_of_value_anywhere_and_no_read_ends_by_it(store, value):
    await fill(store)
    whole = {name: await read(store) for name, (_, _, read) in DAMAGED.items()}
    for table in {table: None for table, _, _ in DAMAGED.values()}:
        here = metadata.tables[table]
        for column in (one.name for one in here.columns if not one.primary_key):
            sql = f'UPDATE {table} SET "{column}" = {value} WHERE rowid = (SELECT max(rowid) FROM {table})'
            with suppress(ValueRefused):
                async with store.database.write() as connection:
                    await connection.execute(text(sql))
            for name, (of_table, _, read) in DAMAGED.items():
                if of_table == table:
                    assert whole[name] - 1 <= await read(store) <= whole[name], (name, column)


async def test_what_is_absurd_in_a_row_of_the_news_does_not_push_all_later_news_there(store):
    await store.deliveries.queue([("hook", Message(id="n0", kind="test", group="g", at=AT, title="t"))], AT)
    await damage_all(store, "deliveries", "queued_at", 2**62)
    await store.deliveries.queue([("hook", Message(id="n1", kind="test", group="g", at=AT, title="t"))], AT)
    assert [one.message.id for one in await store.deliveries.waiting("hook", 5)] == ["n1"]


async def damage_all(store: Store, table: str, column: str, value: object) -> None:
    async with store.database.write() as connection:
        await connection.execute(update(metadata.tables[table]).values({column: value}))
