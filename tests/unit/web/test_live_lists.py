"""Lists that stay open: nothing moves in them; what is new is counted under their filter, what is over says so."""

import re
from dataclasses import replace

import pytest
from tests.testbed.calls_of_a_day import at, call_of
from tests.unit.web.test_calls_page import LATE, MINUTE, MISSED, ON_TIME
from tests.unit.web.test_today_page import SECOND, open_call
from tests.unit.web.test_todo_pages import HOUR, NUMBER, ticket
from voicedesk.access.roles import Role
from voicedesk.desk import fresh
from voicedesk.store.calls import Calls
from voicedesk.store.store import Store
from voicedesk.store.tickets import Change, StoredTicket
from voicedesk.tickets.model import Entry, Kind, Move, Outcome, State


@pytest.fixture
async def busy(house):
    """60 calls of the last hour, every third late, and the store to write with."""
    now = house.clock.us
    async with Store.open(house.settings.store.url, now=house.clock) as store:
        await store.calls.save([at((ON_TIME, LATE, MISSED)[n % 3], n, now - n * MINUTE // 2) for n in range(60)])
        house.writing = store
        yield house


def part_of(page) -> str | None:
    found = re.search(r'data-part="([^"]+)"', page.text)
    return found[1].replace("&amp;", "&") if found else None


def ids(page) -> list[str]:
    return re.findall(r'<(?:tr|li|i)[^>]* data-row="([^"]+)"', page.text)


async def new(browser, page) -> set[str]:
    """What an open page counts as new, once a second has gone by."""
    part = await browser.get(part_of(page), **{"desk-by-itself": "1"})
    assert part.status_code == 200
    return set(ids(part)) - set(ids(page))


async def test_the_first_page_of_calls_hears_the_stream_and_later_pages_and_ended_times_do_not(busy):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    first = await boss.get("/calls?period=all")
    assert len(ids(first)) == 50
    assert f'data-stream="/live?after={busy.app.live.id}"' in first.text
    older = re.search(r'rel="next" href="([^"]+)"', first.text)[1].replace("&amp;", "&")
    for path in (older, "/calls?period=yesterday", "/calls?since=2026-01-01&until=2026-01-02"):
        assert part_of(await boss.get(path)) is None, path


async def test_a_new_call_is_counted_where_it_fits_the_filter_and_no_call_of_a_later_page_is(busy):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    pages = {path: await boss.get(path) for path in ("/calls?period=all", "/calls?period=all&verdict=late")}
    for page in pages.values():
        assert await new(boss, page) == set()
    await busy.writing.calls.save([at(LATE, 0x901, busy.clock.us + SECOND), at(ON_TIME, 0x902, busy.clock.us + SECOND)])
    busy.clock.us += 2 * SECOND
    every, late = [await new(boss, page) for page in pages.values()]
    assert (every, late) == ({f"{0x901:020x}", f"{0x902:020x}"}, {f"{0x901:020x}"})


async def test_a_call_that_was_judged_later_than_a_newer_one_began_is_new_under_its_verdict(busy):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    await busy.writing.calls.save([replaced := open_call(0x903, busy.clock.us - 90 * SECOND, rings_us=SECOND)])
    page = await boss.get("/calls?period=all&verdict=late")
    newest = ids(page)[0]
    assert await new(boss, page) == set()
    judged = at(LATE, 0x903, busy.clock.us - 90 * SECOND)
    assert judged.facts.id == replaced.facts.id != newest
    await busy.writing.calls.save([judged])
    busy.clock.us += 2 * SECOND
    assert await new(boss, page) == {judged.facts.id}


async def test_a_call_that_went_on_is_told_anew_to_whoever_sees_it_alone(busy):
    boss, nobody = await busy.inside("0001", Role.SUPERVISOR), await busy.inside("0105", agent="nobody")
    begun = open_call(0x904, busy.clock.us - SECOND, rings_us=SECOND)
    await busy.writing.calls.save([begun])
    page = await boss.get("/calls?period=all")
    assert f'data-row="{begun.facts.id}" data-going' in page.text
    await busy.writing.calls.save([at(LATE, 0x904, busy.clock.us - SECOND)])
    busy.clock.us += 2 * SECOND
    address = f"{part_of(page)}&going={begun.facts.id},nothing"
    told = await boss.get(address)
    row = re.search(r'(?s)<tr data-row="0+904">.*?</tr>', told.text)[0]
    assert "超时" in row
    assert "desk-now" in told.headers
    hidden = await nobody.get(address)
    assert ids(hidden) == []
    assert "<tr" not in hidden.text


async def test_what_makes_no_sense_is_said_and_whoever_sees_no_calls_gets_nothing(busy):
    boss, auditor = await busy.inside("0001", Role.SUPERVISOR), await busy.inside("0008", Role.AUDITOR)
    for query in ("", "?from=x", "?from=-1", "?from=1&verdict=latte", "?from=²", "?from=" + "9" * 40):
        assert (await boss.get(f"/calls/live{query}")).status_code == 400, query
    for query in ("", "?from=x", "?from=1&kind=latte"):
        assert (await boss.get(f"/todo/live{query}")).status_code == 400, query
    assert [(await auditor.get(path)).status_code for path in ("/calls/live?from=1", "/todo/live?from=1")] == [404, 404]


async def test_so_many_are_counted_and_the_page_is_told_that_there_are_more(busy, monkeypatch):
    monkeypatch.setattr(fresh, "MOST_COUNTED", 5)
    boss = await busy.inside("0001", Role.SUPERVISOR)
    part = await boss.get("/calls/live?from=0&period=all")
    assert len(ids(part)) == 5
    assert "data-cut" in part.text


async def test_many_pages_that_ask_in_one_second_cost_one_question(busy, monkeypatch):
    asked = []
    real = Calls.ids

    async def counting(self, which, limit):
        asked.append(which)
        return await real(self, which, limit)

    monkeypatch.setattr(Calls, "ids", counting)
    boss, second = await busy.inside("0001", Role.SUPERVISOR), await busy.inside("0002", Role.SUPERVISOR)
    part = part_of(await boss.get("/calls"))
    for browser in (boss, second, boss):
        assert (await browser.get(part)).status_code == 200
    assert len(asked) == 1
    busy.clock.us += 2 * SECOND
    await boss.get(part)
    assert len(asked) == 2


@pytest.fixture
async def owed(house):
    """Three tickets, one of them a complaint in li's hands."""
    now = house.clock.us
    made = [
        ticket("first1", now, HOUR // 2),
        ticket("then1", now, 2 * HOUR, number="13900005678"),
        ticket("complaint1", now, HOUR, kind=Kind.COMPLAINT, number="13900005680", owner="li"),
    ]
    async with Store.open(house.settings.store.url, now=house.clock) as store:
        house.kept = {
            one.ticket.id: one
            for one in await store.tickets.change(Change(tickets=[StoredTicket(ticket=each) for each in made]))
        }
        house.writing = store
        yield house


async def changed(house, name: str, **values) -> None:
    kept = house.kept[name]
    (house.kept[name],) = await house.writing.tickets.change(
        Change(tickets=[replace(kept, ticket=replace(kept.ticket, **values))])
    )


def row(page, name: str) -> str:
    return re.search(rf'(?s)<li class="ticket[^>]*data-row="{name}".*?</li>', page.text)[0]


async def test_a_ticket_that_a_colleague_claimed_or_closed_shows_as_such_and_the_deadline_goes_on(owed):
    boss = await owed.inside("0001", Role.SUPERVISOR)
    page = await boss.get("/todo")
    assert set(ids(page)) == {"first1", "then1", "complaint1"}
    assert "还剩 30 分" in row(page, "first1")
    assert NUMBER not in page.text
    owed.clock.us += 7 * MINUTE
    now = owed.clock.us
    await changed(owed, "first1", state=State.CLAIMED, owner="王五", lease_until=now + 9 * MINUTE)
    end = Entry(at=now, move=Move.CLOSE, by="王五")
    await changed(owed, "then1", state=State.CLOSED, outcome=Outcome.SETTLED, closed_at=now, history=(end,))
    part = await boss.get(part_of(page))
    assert "还剩 23 分" in row(part, "first1")
    assert re.search("王五 +9 分", re.sub("<[^>]+>", " ", row(part, "first1")).replace("还有", "")), row(part, "first1")
    assert "data-over" in row(part, "then1")
    assert "王五" in row(part, "then1")
    assert "data-summary" in part.text
    again = await boss.get("/todo")
    assert set(ids(again)) == {"first1", "complaint1"}


async def test_a_new_ticket_is_one_that_the_page_does_not_have_and_others_complaints_stay_unseen(owed):
    boss, zhang = await owed.inside("0001", Role.SUPERVISOR), await owed.inside("0101", agent="zhang")
    pages = [await boss.get("/todo"), await zhang.get("/todo"), await boss.get("/todo?kind=complaint")]
    more = ticket("new1", owed.clock.us, HOUR, number="13900005699")
    secret = ticket("secret1", owed.clock.us, HOUR, kind=Kind.COMPLAINT, number="13900005698", owner="li")
    await owed.writing.tickets.change(Change(tickets=[StoredTicket(ticket=more), StoredTicket(ticket=secret)]))
    await changed(owed, "complaint1", state=State.CLOSED, outcome=Outcome.SETTLED, closed_at=owed.clock.us)
    owed.clock.us += 2 * SECOND
    found = [await new(browser, page) for browser, page in zip((boss, zhang, boss), pages, strict=True)]
    assert found == [{"new1", "secret1"}, {"new1"}, {"secret1"}]
    seen = await zhang.get(part_of(pages[1]))
    assert "complaint1" not in seen.text


async def test_one_more_call_is_a_topic_of_its_own(busy):
    """So that lists do not ask with each event of each call."""
    before = await busy.store.changes.signs()
    await busy.writing.calls.save([at(call_of("b_answer_17s"), 3, busy.clock.us - 3 * MINUTE // 2)])
    assert (await busy.store.changes.signs()).begun == before.begun
    await busy.writing.calls.save([at(LATE, 0x905, busy.clock.us + SECOND)])
    assert (await busy.store.changes.signs()).begun != before.begun
