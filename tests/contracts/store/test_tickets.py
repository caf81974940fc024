"""Tickets, attempts and the desk's inbox, on every kind of database."""

from dataclasses import replace

import pytest
from tests.unit.tickets.desk import HOUR, PLAN, at, call
from voicedesk.errors import InputError, StoreError, StoreUnavailable
from voicedesk.store.tickets import Attempt, Change, StoredTicket, TicketFilter, tell_desk
from voicedesk.tickets.book import Book
from voicedesk.tickets.meaning import Miss
from voicedesk.tickets.model import Kind, Outcome, State, Ticket
from voicedesk.tickets.work import claimed, closed

START = at("2026-03-02T10:00")
NUMBER = "13812341234"


def missed(call_id: str, number: str | None = NUMBER, *, start: int = START) -> Ticket:
    miss = Miss(call_id=call_id, number=number, group="社保", started_at=start, ended_at=start + 40)
    (ticket,) = Book(PLAN).note(miss)
    return ticket


def attempt(of: Ticket, name: str = "vd-1", **more: object) -> Attempt:
    values = {"pbx": "hall", "number": of.number, "extension": "6001", "placed_by": "wang", "placed_at": START}
    return Attempt(id=name, ticket_id=of.id, **(values | more))


async def save(store, ticket: Ticket, version: int = 0) -> StoredTicket:
    (saved,) = await store.tickets.change(Change(tickets=[StoredTicket(ticket=ticket, version=version)]))
    return saved


async def test_a_ticket_comes_back_as_it_was_saved(store):
    ticket = claimed(missed("c1"), by="wang", at=START + 1)
    ticket = replace(ticket, matter="咨询", citizen="李明", codes=("12345678",), pbx="hall")
    saved = await save(store, ticket)
    assert saved.version == 1
    assert (await store.tickets.get(ticket.id[:6])).ticket == ticket
    assert [one.ticket for one in await store.tickets.live()] == [ticket]
    assert await store.tickets.get("nothing") is None


async def test_a_whole_id_is_meant_as_such_also_where_another_begins_with_it(store):
    short = replace(missed("c1"), id="ab12")
    long = replace(missed("c2", "13812341235"), id="ab1234")
    await save(store, short)
    await save(store, long)
    assert (await store.tickets.get("ab12")).ticket == short
    assert (await store.tickets.get("ab123")).ticket == long
    with pytest.raises(InputError, match="more than one"):
        await store.tickets.get("ab1")


async def test_of_two_who_change_one_ticket_the_second_is_told_to_look_again(store):
    saved = await save(store, missed("c1"))
    await save(store, claimed(saved.ticket, by="wang", at=START + 1), saved.version)
    with pytest.raises(StoreUnavailable, match="look at it again"):
        await save(store, claimed(saved.ticket, by="li", at=START + 1), saved.version)
    assert (await store.tickets.get(saved.ticket.id)).ticket.owner == "wang"


async def test_no_number_has_two_open_callbacks_in_a_group_and_a_change_is_written_whole(store):
    await save(store, missed("c1"))
    second = missed("c2")
    with pytest.raises(StoreError):
        await store.tickets.change(Change(tickets=[StoredTicket(ticket=second)], attempts=[attempt(second)]))
    assert await store.tickets.attempts(second.id) == []
    await save(store, missed("c3", None))
    await save(store, missed("c4", None))
    assert len(await store.tickets.live()) == 3


async def test_once_it_is_closed_the_number_may_have_another(store):
    saved = await save(store, missed("c1"))
    over = closed(saved.ticket, outcome=Outcome.SETTLED, note="已答复", by="wang", at=START + HOUR)
    await save(store, over, saved.version)
    await save(store, missed("c2"))
    assert sorted([one.is_closed async for one in store.tickets.each(TicketFilter())]) == [False, True]


@pytest.mark.parametrize(
    ("which", "found"),
    [
        (TicketFilter(kind=Kind.COMPLAINT), 0),
        (TicketFilter(group="社保"), 2),
        (TicketFilter(owner="wang"), 1),
        (TicketFilter(state=State.OPEN), 1),
        (TicketFilter(is_closed=True), 0),
        (TicketFilter(numbers=(NUMBER,)), 1),
        (TicketFilter(opened_from=START + HOUR), 1),
        (TicketFilter(opened_to=START + HOUR), 1),
    ],
)
async def test_tickets_are_found_by(store, which, found):
    await save(store, claimed(missed("c1"), by="wang", at=START + 1))
    await save(store, missed("c2", "13900001111", start=START + HOUR))
    assert len(await store.tickets.list(which)) == found


async def test_tickets_are_listed_by_what_is_due_first_page_by_page(store):
    for n in range(5):
        await save(store, missed(f"c{n}", f"1380000000{n}", start=START + n * HOUR))
    first = await store.tickets.list(TicketFilter(), limit=2)
    rest = await store.tickets.list(TicketFilter(), after=(first[-1].due_at, first[-1].id))
    assert [one.number[-1] for one in (*first, *rest)] == list("01234")


async def test_a_finished_call_waits_for_the_desk_until_it_was_looked_at(store):
    over, open_call = call("c1", start=START), call("c2", start=START)
    async with store.database.write() as connection:
        await tell_desk(connection, [over, replace(open_call, facts=replace(open_call.facts, ended_at=None))])
        await tell_desk(connection, [over])
    assert await store.tickets.inbox(10) == ["c1"]
    ticket = missed("c1")
    await store.tickets.change(
        Change(tickets=[StoredTicket(ticket=ticket)], sources=[("c1", ticket.id)], looked_at=["c1"])
    )
    assert await store.tickets.inbox(10) == []
    assert await store.tickets.ticket_of("c1") == ticket.id
    assert await store.tickets.ticket_of("c2") is None


async def test_attempts_are_kept_with_their_results(store):
    ticket = missed("c1")
    first, second = attempt(ticket), attempt(ticket, "vd-2", placed_at=START + HOUR)
    await store.tickets.change(Change(attempts=[first, second]))
    assert await store.tickets.open_attempts() == [first, second]
    ended = replace(first, result="failed", cause="citizen_busy", call_id="c9", ended_at=START + 9)
    await store.tickets.change(Change(attempts=[ended]))
    assert await store.tickets.attempt("vd-1") == ended
    assert await store.tickets.attempt("vd-3") is None
    assert await store.tickets.attempts(ticket.id) == [ended, second]
    assert await store.tickets.attempts_since(START + 1) == [second]


async def test_what_was_closed_long_ago_is_deleted_with_its_attempts(store):
    saved = await save(store, missed("c1"))
    over = closed(saved.ticket, outcome=Outcome.SETTLED, note="已答复", by="wang", at=START + HOUR)
    await store.tickets.change(
        Change(
            tickets=[StoredTicket(ticket=over, version=saved.version)],
            attempts=[attempt(over)],
            sources=[("c1", over.id)],
        )
    )
    await save(store, missed("c2"))
    for before, gone in ((START + HOUR, 0), (START + HOUR + 1, 1)):
        assert (await store.retention.prune(calls_before=before, journal_before=0)).tickets == gone
    assert await store.tickets.ticket_of("c1") is None
    assert len(await store.tickets.live()) == 1


async def test_a_forgotten_number_leaves_tickets_without_it_and_closes_what_was_open(store):
    ticket = replace(missed("c1"), citizen="李明", unit="某公司", matter="咨询", codes=("12345678",))
    await store.tickets.change(Change(tickets=[StoredTicket(ticket=ticket)], attempts=[attempt(ticket)]))
    other = await save(store, missed("c2", "13900001111"))
    forgotten = await store.retention.forget_number(NUMBER, at=START + HOUR)
    assert forgotten.tickets == 1
    left = (await store.tickets.get(ticket.id)).ticket
    assert (left.number, left.citizen, left.unit, left.matter, left.codes) == (None, "", "", "", ())
    assert (left.outcome, left.closed_at) == (Outcome.GIVEN_UP, START + HOUR)
    assert [one.number for one in await store.tickets.attempts(ticket.id)] == [None]
    assert [one.ticket for one in await store.tickets.live()] == [other.ticket]
    with pytest.raises(InputError, match="more than one"):
        await store.tickets.get("")
