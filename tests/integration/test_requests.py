"""What processes ask of the service: one row, whatever it holds, costs itself alone; each is run once, none waits for
another's switch."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs
from tests.integration.test_ticket_desk import MONDAY, a_hall
from tests.unit.tickets.desk import call
from voicedesk.errors import SettingsError, StoreUnavailable
from voicedesk.jobs.ringing_back.steps import TicketSteps
from voicedesk.run import answers
from voicedesk.run import requests as run
from voicedesk.run.requests import Answering, Reload
from voicedesk.tickets.dialplan import channel_id_of
from voicedesk.tickets.model import State

OWNER = "we"


@asynccontextmanager
async def answering(hall, owner=OWNER, **more):
    """The service's side of the rows, over a hall's desk; stopped at the end."""
    await hall.store.requests.lead("service", owner, 10, over=await hall.store.requests.lease("service"))
    made = Answering(
        hall.store.requests,
        owner,
        lambda: {"ticket": hall.steps, "reload": Reload(lambda: ("read again", False)), "break": None, **hall.kinds},
        **more,
    )
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.wait({task})
        assert made.is_idle


@pytest.fixture
async def hall(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "FAREWELL_SECONDS", 0.2)
    monkeypatch.setattr(answers, "RETRY_SECONDS", 0.05)
    async with a_hall(tmp_path) as made:
        made.kinds = {}
        await made.ends(call("c1", start=MONDAY), call("c2", "13900001111", start=MONDAY))
        yield made


async def ask(hall, asked, *, kind="ticket", asked_by="login"):
    """Asks, and gives the row's id."""
    if not isinstance(asked, str):
        return await hall.store.requests.ask(kind, asked, asked_by=asked_by)
    request_id = await hall.store.requests.ask(kind, {}, asked_by=asked_by)
    async with hall.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE requests SET payload = ? WHERE id = ?", (asked, request_id))
    return request_id


async def over(hall, request_id, seconds=20):
    return await hall.store.requests.wait_for(request_id, seconds)


class Slow:
    """A switch that answers when it is told to, and notes when it is asked."""

    def __init__(self, hall):
        self.asked, self.may_answer, self.orders = asyncio.Event(), asyncio.Event(), []
        hall.place = self.place
        hall.begin(hall.store)

    async def place(self, order, address, now):
        self.orders.append(order)
        self.asked.set()
        await self.may_answer.wait()


POISON = [
    {"do": "postpone", "ticket": "x", "due_at": None, "note": "n", "by": "wang"},
    {"do": "close", "note": None, "by": "wang"},
    {"do": "claim", "ticket": {"x": "y"}, "by": "wang"},
    {"do": "claim", "ticket": "x", "by": None},
    {"do": "claim", "ticket": "x", "by": "None"},
    {"do": "report", "ticket": "x", "by": "wang", "note": "\0"},
    {},
    "null",
    "[]",
    "7",
    "",
    "{",
    "[" * 60_000,
    '{"do":"claim","ticket":"' + "x" * 10_000_000 + '","by":"wang"}',
    '{"do":"claim","ticket":"x","by":"\\ud800"}',
    '{"do":"postpone","ticket":"x","by":"wang","due_at":' + "9" * 5000 + "}",
]


async def test_rows_that_do_not_fit_are_refused_and_every_other_is_carried_out(hall):
    (first, _) = await hall.tickets()
    bad = [await ask(hall, one) for one in POISON]
    bad += [await ask(hall, one, kind="reload") for one in ("[]", '{"why":1}')]
    bad += [await ask(hall, {}, kind=kind) for kind in ("", "dance", "x" * 10_000, "break")]
    good = await ask(hall, {"do": "claim", "ticket": first.id, "by": "wang"})
    again = await ask(hall, {}, kind="reload")
    async with answering(hall):
        assert (await over(hall, good)).state == "done"
        assert (await over(hall, again)).outcome == "read again"
        for one in bad:
            answer = await over(hall, one)
            assert (answer.state, len(answer.outcome) > 10, len(answer.outcome) < 500) == ("failed", True, True)
    assert sorted(one.state for one in await hall.tickets()) == [State.CLAIMED, State.OPEN]


async def test_nothing_in_place_of_a_note_never_says_what_came_of_it_and_nobody_is_called_none(hall):
    (first, _) = await hall.tickets()
    asked = [
        {"do": "close", "ticket": first.id, "by": "wang", "note": None},
        {"do": "close", "ticket": first.id, "by": "wang", "note": "  "},
        {"do": "close", "ticket": first.id, "by": "wang"},
        {"do": "claim", "ticket": first.id, "by": None},
        {"do": "claim", "ticket": first.id},
        {"do": "postpone", "ticket": first.id, "by": "wang", "note": None, "due_at": hall.us + 10},
    ]
    rows = [await ask(hall, one) for one in asked]
    async with answering(hall):
        assert [(await over(hall, one)).state for one in rows] == ["failed"] * len(rows)
    assert next(one for one in await hall.tickets() if one.id == first.id) == first


async def test_settings_that_cannot_be_used_for_one_step_cost_that_step(hall):
    def unreadable(_pbx):
        raise SettingsError("pbx 'hall': tls_ca_file cannot be read")

    hall.steps = TicketSteps(hall.desk, hall.settings, unreadable, hall.now, place=hall.place)
    (first, second) = await hall.tickets()
    dialled = await ask(hall, {"do": "dial", "ticket": first.id, "by": "wang"})
    claimed = await ask(hall, {"do": "claim", "ticket": second.id, "by": "wang"})
    async with answering(hall):
        assert (await over(hall, claimed)).state == "done"
        answer = await over(hall, dialled)
    assert (answer.state, "tls_ca_file" in answer.outcome) == ("failed", True)
    assert {one.state for one in await hall.tickets()} == {State.OPEN, State.CLAIMED}


class Breaks:
    """Steps that bring what nobody foresaw, wherever it may come."""

    def __init__(self, where, error):
        self.where, self.error = where, error

    def read(self, request):
        return self._or("read")

    def asks_switch(self, step):
        return self._or("asks_switch") is not None

    def in_order(self, step):
        self._or("in_order")
        return frozenset()

    async def carry_out(self, step, request):
        return self._or("carry_out")

    def _or(self, where):
        if where == self.where:
            raise self.error
        return "done"


@pytest.mark.parametrize("error", [TypeError("x"), RecursionError(), KeyError("13812341234"), UnicodeError("\ud800")])
@pytest.mark.parametrize("where", ["read", "asks_switch", "in_order", "carry_out"])
async def test_what_nobody_foresaw_costs_its_row_and_is_set_aside(hall, where, error):
    hall.kinds = {"odd": Breaks(where, error)}
    aside = []
    odd = await ask(hall, {"some": "thing"}, kind="odd")
    good = await ask(hall, {}, kind="reload")
    async with answering(hall, set_aside=lambda *told: aside.append(told)):
        answer = await over(hall, odd)
        assert (await over(hall, good)).state == "done"
    assert answer.state == "failed"
    assert f"not carried out because of an error of Voicedesk: {type(error).__name__} ({odd})" in answer.outcome
    assert [(part, about, json.loads(content), what) for part, about, content, what in aside] == [
        ("request", f"odd {odd}", {"some": "thing"}, error)
    ]


async def test_what_nobody_foresaw_after_the_switch_was_asked_leaves_it_unknown(hall):
    async def place(*_):
        raise ZeroDivisionError

    hall.place = place
    hall.begin(hall.store)
    (first, _) = await hall.tickets()
    asked = await ask(hall, {"do": "dial", "ticket": first.id, "by": "wang"})
    with capture_logs() as logs:
        async with answering(hall):
            answer = await over(hall, asked)
    assert (answer.state, "nobody knows whether the phones ring" in answer.outcome) == ("unknown", True)
    assert [one["event"] for one in logs].count("unforeseen") == 1
    assert (await hall.store.tickets.attempt(channel_id_of(asked))).result is None


async def test_one_who_dials_at_a_slow_switch_makes_nobody_else_wait(hall):
    switch = Slow(hall)
    (first, second) = await hall.tickets()
    dials = await ask(hall, {"do": "dial", "ticket": first.id, "by": "wang"})
    async with answering(hall):
        await switch.asked.wait()
        claims = await ask(hall, {"do": "claim", "ticket": second.id, "by": "li"})
        assert (await over(hall, claims)).state == "done"
        assert (await hall.store.requests.get(dials)).state == "running"
        switch.may_answer.set()
        assert (await over(hall, dials)).outcome == channel_id_of(dials)


async def test_a_hundred_who_dial_at_a_slow_switch_leave_room_for_who_asks_no_switch(hall):
    switch = Slow(hall)
    (_, second) = await hall.tickets()
    phones = [{"do": "dial", "ticket": f"zz{n}", "by": "wang"} for n in range(100)]

    class Waits(Breaks):
        async def carry_out(self, step, request):
            await switch.may_answer.wait()
            return "rings"

    hall.kinds = {"slow": Waits("", None)}
    slow = [await ask(hall, one, kind="slow") for one in phones]
    claims = await ask(hall, {"do": "claim", "ticket": second.id, "by": "li"})
    async with answering(hall):
        assert (await over(hall, claims)).state == "done"
        states = sorted([(await hall.store.requests.get(one)).state for one in slow])
        assert states == ["queued"] * (100 - run.AT_ONCE) + ["running"] * run.AT_ONCE
        switch.may_answer.set()
        assert {(await over(hall, one)).state for one in slow} == {"done"}


@pytest.mark.parametrize(("dialled", "claimed"), [(None, 6), (6, None)], ids=["the whole id first", "its begin first"])
async def test_what_is_asked_of_one_ticket_is_done_in_the_order_it_was_asked(hall, dialled, claimed):
    switch = Slow(hall)
    (first, _) = await hall.tickets()
    dials = await ask(hall, {"do": "dial", "ticket": first.id[:dialled], "by": "wang"})
    hall.us += 1
    notes = await ask(hall, {"do": "claim", "ticket": first.id[:claimed], "by": "li"})
    async with answering(hall):
        await switch.asked.wait()
        await asyncio.sleep(0.3)
        assert (await hall.store.requests.get(notes)).state == "queued"
        switch.may_answer.set()
        assert (await over(hall, dials)).state == "done"
        assert "being dialled" in (await over(hall, notes)).outcome


async def test_a_second_row_that_dials_the_same_ticket_is_refused(hall):
    (first, _) = await hall.tickets()
    rows = [await ask(hall, {"do": "dial", "ticket": first.id, "by": by, "phone": "6001"}) for by in ("wang", "li")]
    async with answering(hall):
        states = [(await over(hall, one)).state for one in rows]
    assert sorted(states) == ["done", "failed"]
    assert len(hall.orders) == 1


async def test_the_same_request_never_places_a_second_call_also_when_it_comes_again(hall):
    """As after a database that was put back, or a row that somebody made wait again by hand."""
    (first, _) = await hall.tickets()
    row = await ask(hall, {"do": "dial", "ticket": first.id, "by": "wang"})
    async with answering(hall):
        told = (await over(hall, row)).outcome
        for state in ("queued", "queued"):
            async with hall.store.database.write() as connection:
                await connection.exec_driver_sql("UPDATE requests SET state = ? WHERE id = ?", (state, row))
            hall.us += 1
            assert (await over(hall, row)).outcome == told
    assert len(hall.orders) == 1


async def test_a_service_that_is_stopped_says_of_what_it_had_begun_that_nobody_knows(hall):
    switch = Slow(hall)
    (first, second) = await hall.tickets()
    dials = await ask(hall, {"do": "dial", "ticket": first.id, "by": "wang"})
    async with answering(hall):
        await switch.asked.wait()
    answer = await hall.store.requests.get(dials)
    assert (answer.state, "stopped" in answer.outcome) == ("unknown", True)
    later = await ask(hall, {"do": "claim", "ticket": second.id, "by": "wang"})
    async with answering(hall, "another"):
        assert (await over(hall, later)).state == "done"
    assert len(switch.orders) == 1
    assert (await hall.store.requests.get(dials)).state == "unknown"


async def test_what_ran_in_a_service_that_died_is_unknown_and_logged_and_not_run(hall):
    (first, _) = await hall.tickets()
    row = await ask(hall, {"do": "dial", "ticket": first.id, "by": "wang"})
    await hall.store.requests.lead("service", "dead", 10)
    assert await hall.store.requests.start([row], "dead", 10)
    with capture_logs() as logs:
        async with answering(hall):
            answer = await over(hall, row)
    assert (answer.state, hall.orders) == ("unknown", [])
    assert [one["request_id"] for one in logs if one["event"] == "request_unknown"] == [row]


async def test_an_answer_that_the_database_refuses_is_written_later_and_nothing_is_run_twice(hall, monkeypatch):
    finish, refused = hall.store.requests.finish, []

    async def refuses(*told, **how):
        if len(refused) < 5:
            refused.append(told)
            raise StoreUnavailable("the database is locked")
        await finish(*told, **how)

    monkeypatch.setattr(hall.store.requests, "finish", refuses)
    (first, _) = await hall.tickets()
    row = await ask(hall, {"do": "dial", "ticket": first.id, "by": "wang"})
    async with answering(hall):
        assert (await over(hall, row)).state == "done"
    assert (len(refused), len(hall.orders)) == (5, 1)


async def test_a_row_that_runs_long_keeps_its_lease(hall, monkeypatch):
    monkeypatch.setattr(run, "RENEW_SECONDS", 0.05)
    monkeypatch.setattr(run, "LEASE_SECONDS", 0.5)
    switch = Slow(hall)
    (first, _) = await hall.tickets()
    row = await ask(hall, {"do": "dial", "ticket": first.id, "by": "wang"})
    async with answering(hall):
        await switch.asked.wait()
        for _ in range(4):
            hall.us += 400_000
            await asyncio.sleep(0.3)
            assert await hall.store.requests.unknown(0, 10) == []
        switch.may_answer.set()
        assert (await over(hall, row)).state == "done"


async def test_who_may_be_named(hall):
    (first, second) = await hall.tickets()
    rows = {
        "wang": ("wang", "done"),
        "王": ("wang", "done"),
        "wnag": ("", "failed"),
        "login": ("login", "done"),
        "stranger": ("", "failed"),
    }
    async with answering(hall):
        for by, (owner, state) in rows.items():
            row = await ask(hall, {"do": "claim", "ticket": first.id, "by": by})
            answer = await over(hall, row)
            assert answer.state == state, answer.outcome
            if owner:
                assert (await hall.store.tickets.get(first.id)).ticket.owner == owner
                freed = await ask(hall, {"do": "release", "ticket": first.id, "by": owner})
                assert (await over(hall, freed)).state == "done"
            else:
                assert "nobody is called" in answer.outcome
        given = await ask(hall, {"do": "report", "ticket": second.id, "by": "wang", "note": "n", "to": "主任"})
        assert (await over(hall, given)).state == "done"
        taken = await ask(hall, {"do": "claim", "ticket": second.id, "by": "主任"})
        assert (await over(hall, taken)).state == "done", "whom a ticket was given to may work on it"
