"""The desk's search, tabs and open lists in a real Chromium: by key and touch, and nothing moves under who looks."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.system.test_desk_for_everybody import found_by_axe
from tests.system.test_desk_in_browser import Hall, hall_in
from tests.testbed.browser import PATIENCE_SECONDS, Page
from tests.testbed.calls_of_a_day import at, call_of
from tests.unit.web.test_todo_pages import HOUR, ticket
from voicedesk.access.roles import Role
from voicedesk.clock import MICROSECONDS, now_us
from voicedesk.store.tickets import Change, StoredTicket
from voicedesk.tickets.model import Entry, Move, Outcome, State

pytestmark = [pytest.mark.system, pytest.mark.timeout(900, func_only=True)]

TOPS = "JSON.stringify([...document.querySelectorAll('[data-row]')].map(one => one.getBoundingClientRect().top))"


async def becomes(page: Page, selector: str, fits: Callable[[str], bool]) -> str:
    """The text of something as soon as it is as it should be."""
    said = ""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not fits(said := await page.text(selector)):
            await asyncio.sleep(0.2)
    return said


async def test_search_tabs_and_lists_that_stay_open(tmp_path):
    async with hall_in(tmp_path) as hall:
        supervisor, auditor = await hall.browser.page(), await hall.browser.page()
        await hall.comes_first(supervisor, "0001", Role.SUPERVISOR)
        await finds_by_key(hall, supervisor)
        await sees_new_calls_without_losing_the_place(hall, supervisor)
        await sees_what_colleagues_do(hall, supervisor)
        await loses_nothing_that_is_being_written(hall, supervisor)
        await goes_by_tabs(hall, supervisor, ["今日", "待办", "通话", "我的", "更多"])
        await hall.comes_first(auditor, "0009", Role.AUDITOR)
        await goes_by_tabs(hall, auditor, ["今日", "更多"])
        assert (supervisor.complaints, auditor.complaints) == ([], [])


async def finds_by_key(hall: Hall, page: Page) -> None:
    """`/` leads into the field; what is one thing alone is opened, of more there is a list."""
    await page.go(f"{hall.desk.address}/calls?period=all")
    await page.key("/", 191, "/")
    assert await page.run("document.activeElement.id") == "find"
    await page.ask("Input.insertText", text="待办")
    async with page.loading():
        await page.key("Enter", 13, "\r")
    assert await page.path() == "/todo"
    await page.key("/", 191, "/")
    await page.ask("Input.insertText", text="13812341234")
    async with page.loading():
        await page.key("Enter", 13, "\r")
    assert await page.path() == "/find"
    assert len(await page.texts(".found a")) == 20
    assert "13812341234" not in await page.run("document.documentElement.outerHTML + location.href")
    assert await found_by_axe(page) == []


async def sees_new_calls_without_losing_the_place(hall: Hall, page: Page) -> None:
    """A call that begins is told beside the list; the list stays where it is until somebody asks for it."""
    await page.go(f"{hall.desk.address}/calls?period=all")
    assert await found_by_axe(page) == []
    rows, before = await page.texts("tbody .c-time"), await page.run(TOPS)
    late = call_of("b_answer_17s")
    await hall.store.calls.save([at(late, 0x901, now_us())])
    await becomes(page, ".fresh.there", lambda said: said == "有 1 条新通话，点此显示")
    assert (await page.texts("tbody .c-time"), await page.run(TOPS)) == (rows, before)
    await page.run("document.querySelector('main input, #find').focus(), document.activeElement.value = '张'")
    await hall.store.calls.save([at(late, 0x902, now_us())])
    await asyncio.sleep(8)
    assert await page.text(".fresh.there") == "有 1 条新通话，点此显示", "not while somebody types"
    await page.run("document.activeElement.value = '', document.activeElement.blur()")
    await becomes(page, ".fresh.there", lambda said: said == "有 2 条新通话，点此显示")
    await page.click("有 2 条新通话，点此显示")
    assert (await page.texts("tbody .c-time"))[2:] == rows[:48]


async def sees_what_colleagues_do(hall: Hall, page: Page) -> None:
    """A ticket that a colleague claims or closes shows as such; a new one waits to be shown."""
    now = now_us()
    made = [ticket(name * 20, now, due, number=f"1390000567{name}") for name, due in (("1", HOUR // 2), ("2", HOUR))]
    first, second = await hall.store.tickets.change(Change(tickets=[StoredTicket(ticket=one) for one in made]))
    await page.go(f"{hall.desk.address}/todo")
    before = await page.run(TOPS)
    claimed = replace(first.ticket, state=State.CLAIMED, owner="王五", lease_until=now + 9 * 60 * MICROSECONDS)
    end = Entry(at=now_us(), move=Move.CLOSE, by="王五")
    closed = replace(
        second.ticket,
        state=State.CLOSED,
        outcome=Outcome.SETTLED,
        closed_at=now_us(),
        history=(*second.ticket.history, end),
    )
    new = ticket("3" * 20, now, HOUR, number="13900005673")
    await hall.store.tickets.change(
        Change(tickets=[replace(first, ticket=claimed), replace(second, ticket=closed), StoredTicket(ticket=new)])
    )
    await becomes(page, f"[data-row='{'1' * 20}'] .t-state", lambda said: "王五" in said)
    await becomes(page, f"[data-row='{'2' * 20}'].over .t-state", lambda said: "王五" in said)
    await becomes(page, ".fresh.there", lambda said: said == "有 1 件新待办，点此显示")
    assert await page.run(TOPS) == before
    assert await found_by_axe(page) == []


async def loses_nothing_that_is_being_written(hall: Hall, page: Page) -> None:
    """An open ticket goes on by itself; under whoever writes nothing moves, and what they wrote goes along."""
    now, name = now_us(), "4" * 20
    made = ticket(name, now, HOUR, number="13900005674")
    (stored,) = await hall.store.tickets.change(Change(tickets=[StoredTicket(ticket=made)]))
    await page.go(f"{hall.desk.address}/todo/{name}")
    claimed = replace(stored.ticket, state=State.CLAIMED, owner="王五", lease_until=now + 9 * 60 * MICROSECONDS)
    (stored,) = await hall.store.tickets.change(Change(tickets=[replace(stored, ticket=claimed)]))
    await becomes(page, "[data-live=standing]", lambda said: "王五" in said)
    note = "document.querySelector('[name=do][value=close]').form.querySelector('textarea')"
    await page.run(f"{note}.closest('details').open = true, {note}.focus()")
    await page.ask("Input.insertText", text="打过了，没有人接")
    await page.run(f"{note}.blur()")
    before = await page.run(f"{note}.getBoundingClientRect().top")
    asked = Entry(at=now_us(), move=Move.REPORT, by="王五", note="请王主任看看")
    told = replace(stored.ticket, history=(*stored.ticket.history, asked))
    (stored,) = await hall.store.tickets.change(Change(tickets=[replace(stored, ticket=told)]))
    await becomes(page, ".fresh.there", lambda said: said == "有变化，点此显示现在的样子")
    assert await page.run(f"{note}.getBoundingClientRect().top") == before
    assert "请王主任看看" not in await page.text("[data-live=happened]")
    assert await found_by_axe(page) == []
    await page.press("有变化，点此显示现在的样子")
    await becomes(page, "[data-live=happened]", lambda said: "请王主任看看" in said)
    assert await page.run(f"[{note}.value, {note}.closest('details').open].join()") == "打过了，没有人接,true"
    end = Entry(at=now_us(), move=Move.CLOSE, by="王五")
    closed = replace(
        stored.ticket,
        state=State.CLOSED,
        outcome=Outcome.SETTLED,
        closed_at=now_us(),
        history=(*stored.ticket.history, end),
    )
    await hall.store.tickets.change(Change(tickets=[replace(stored, ticket=closed)]))
    await becomes(page, ".fresh.there", lambda said: said == "有变化，点此显示现在的样子")
    await page.press("有变化，点此显示现在的样子")
    await becomes(page, "[data-lost]", lambda said: "打过了，没有人接" in said)
    assert await page.run("document.querySelector('[name=do][value=close]') === null")


async def goes_by_tabs(hall: Hall, page: Page, names: list[str]) -> None:
    """On a phone tabs stand below, large enough for a thumb, and hide nothing at the end of a page."""
    await page.sized(390, 844)
    for path in ("", "more"):
        await page.go(f"{hall.desk.address}/{path}")
        assert await page.texts(".tabs a") == names
        heights = await page.run("[...document.querySelectorAll('.tabs a')].map(one => one.offsetHeight)")
        assert min(heights) >= 44
        assert await found_by_axe(page) == []
        await page.run("scrollTo(0, document.documentElement.scrollHeight)")
        below = "document.querySelector('.foot').getBoundingClientRect().bottom"
        assert await page.run(f"{below} <= document.querySelector('.tabs').getBoundingClientRect().top + 1")
        assert await page.run("innerHeight - document.querySelector('.tabs').getBoundingClientRect().bottom") < 1
        await page.run("document.documentElement.style.fontSize = '212%'")
        assert not await page.is_scrolled_sideways()
    await page.go(hall.desk.address)
    await page.click(names[-1])
    assert await page.path() == "/more"
    await page.click(names[0])
    assert await page.path() == "/"
    await page.sized(1366, 768)
    assert not await page.run("document.querySelector('.tabs').getClientRects().length"), "a wide screen has the bar"
