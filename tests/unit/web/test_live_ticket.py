"""The page of one ticket while it is open: what changes is asked for, and only by whom may see it."""

import re
from dataclasses import replace

from tests.unit.web.test_live_lists import part_of
from tests.unit.web.test_todo_pages import busy  # noqa: F401  # busy is a fixture
from voicedesk.access.roles import Role
from voicedesk.store.store import Store
from voicedesk.store.tickets import Change
from voicedesk.tickets.model import Entry, Move, Outcome, State


def mark_of(page) -> str:
    return re.search(r'data-deeds data-mark="([^"]*)"', page.text)[1]


def form_of(page) -> str:
    return re.search(r'name="form" value="(\w+)"', page.text)[1]


async def closes(house, ticket_id: str) -> None:
    async with Store.open(house.settings.store.url, now=house.clock) as store:
        stored = await store.tickets.get(ticket_id, is_whole=True)
        end = Entry(at=house.clock.us, move=Move.CLOSE, by="li", note="已回复")
        closed = replace(
            stored.ticket,
            state=State.CLOSED,
            outcome=Outcome.SETTLED,
            closed_at=house.clock.us,
            history=(*stored.ticket.history, end),
        )
        await store.tickets.change(Change(tickets=[replace(stored, ticket=closed)]))


async def test_an_open_ticket_hears_the_stream_and_gets_its_parts_without_the_frame(busy):  # noqa: F811
    boss = await busy.inside("0001", Role.SUPERVISOR)
    page = await boss.get("/todo/overdue1")
    assert f'data-stream="/live?after={busy.app.live.id}" data-part="/todo/overdue1/live"' in page.text
    part = await boss.get(part_of(page), **{"desk-by-itself": "1"})
    assert (part.status_code, part.headers["desk-now"]) == (200, str(busy.clock.us // 1000))
    assert re.findall(r'data-live="(\w+)"', part.text) == ["standing", "deeds", "matter", "happened"]
    assert "<html" not in part.text
    assert (mark_of(part), form_of(part)) == (mark_of(page), form_of(page))


async def test_what_a_colleague_did_is_in_the_next_part_and_marks_it_as_changed(busy):  # noqa: F811
    boss = await busy.inside("0001", Role.SUPERVISOR)
    page = await boss.get("/todo/soon1")
    assert 'value="close"' in page.text
    await closes(busy, "soon1")
    part = await boss.get(part_of(page), **{"desk-by-itself": "1"})
    assert mark_of(part) != mark_of(page)
    assert "已回复" in part.text
    assert 'value="close"' not in part.text


async def test_forms_of_a_part_are_of_whoever_asks_alone(busy):  # noqa: F811
    boss, other = await busy.inside("0001", Role.SUPERVISOR), await busy.inside("0002", Role.SUPERVISOR)
    parts = [await one.get("/todo/overdue1/live", **{"desk-by-itself": "1"}) for one in (boss, other)]
    assert form_of(parts[0]) != form_of(parts[1])


async def test_a_part_of_a_ticket_that_is_not_theirs_looks_like_one_that_is_not_there(busy):  # noqa: F811
    staff, auditor = await busy.inside("0105", agent="nobody"), await busy.inside("0009", Role.AUDITOR)
    assert (await staff.get("/todo/complaint1/live")).status_code == 404
    assert (await staff.get("/todo/nothing1/live")).status_code == 404
    assert (await auditor.get("/todo/overdue1/live")).status_code == 404


async def test_a_form_that_did_not_do_is_kept_as_it_was_typed(busy):  # noqa: F811
    boss = await busy.inside("0001", Role.SUPERVISOR)
    page = await boss.get("/todo/overdue1")
    assert "data-kept" not in page.text
    page = await boss.send("/todo/overdue1", do="close", note="打过了")
    assert page.status_code == 409
    assert "data-kept" in page.text
    assert re.search(r"<details[^>]* open data-open", page.text)
