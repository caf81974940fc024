"""Pages over a history longer than they count: bounded, labelled as bounded, whole by paging, and read by indexes."""

import re
import sqlite3
from html import unescape

import pytest
from sqlalchemy import event
from tests.unit.web.test_calls_page import LATE, MISSED, ON_TIME, at, rows
from tests.unit.web.test_one_call_page import belongs_to, greeting
from tests.unit.web.test_review_page import untold, waiting
from tests.unit.web.test_todo_pages import ticket
from voicedesk.access.roles import Role
from voicedesk.desk import call_view
from voicedesk.desk import review as desk_review
from voicedesk.store.decisions import Kind, Move, Step, Subject
from voicedesk.store.store import Store
from voicedesk.store.tickets import Change, StoredTicket
from voicedesk.web import review as review_pages

HOUR = 3_600_000_000
CALLS = 24
MOST, MOST_OF_ONE = 5, 3


@pytest.fixture
async def long(house, monkeypatch):
    """Two calls an hour for half a day: one in eight late and zhang's, the others li's; pages count five at most."""
    monkeypatch.setattr(call_view, "MOST_COUNTED", MOST)
    monkeypatch.setattr(call_view, "MOST_COUNTED_OF_ONE", MOST_OF_ONE)
    now = house.clock.us
    kinds = [LATE, *[ON_TIME] * 6, MISSED]
    calls = [
        belongs_to(at(kinds[n % 8], n, now - n * HOUR // 2), "zhang" if kinds[n % 8] is LATE else "li")
        for n in range(CALLS)
    ]
    calls.append(untold(at(ON_TIME, 0x999, now - 30 * HOUR)))
    async with Store.open(house.settings.store.url) as store:
        await store.calls.save(calls)
        for call in calls[:8]:
            facts = call.facts
            said = greeting(facts.id, "li", uniqueid=facts.id, answered_at=facts.started_at)
            await store.greetings.save(said)
        about = Subject(kind=Kind.CALL, call_id=calls[0].facts.id, pbx="main")
        await store.decisions.add(about, Step(move=Move.DECIDE, reason="r", by="0001", at=now, verdict="on_time"))
        appealed = Subject(kind=Kind.CALL, call_id=calls[8].facts.id, pbx="main")
        await store.decisions.add(appealed, Step(move=Move.APPEAL, reason="r", by="zhang", at=now, automatic="late"))
        await store.tickets.change(Change(tickets=[StoredTicket(ticket=ticket("t1", now, HOUR))]))
    return house


def older(page) -> str | None:
    """Where the page's way to older calls leads."""
    found = re.search(r'rel="next" href="([^"]+)"', page.text)
    return unescape(found[1]) if found else None


async def all_pages(browser, path: str) -> list[str]:
    """The times of all calls that are found by going on to the end."""
    found = []
    while path:
        page = await browser.get(path)
        assert page.status_code == 200
        found += rows(page)
        path = older(page)
    return found


async def test_what_is_counted_of_a_long_history_is_of_the_newest_calls_and_says_so(long):
    boss = await long.inside("0001", Role.SUPERVISOR)
    whole = await boss.get("/calls?period=all")
    assert f"{MOST} 通以上" in whole.text
    assert f"以下为最近 {MOST} 通的数目" in whole.text
    facets = re.search(r'(?s)<aside class="facets".*?</aside>', whole.text)[0]
    assert sum(map(int, re.findall(r'class="many">(\d+)<', facets.split("</section>")[0]))) == MOST
    late = await boss.get("/calls?period=all&verdict=late")
    assert f"最近 {MOST} 通中有 1 通" in late.text
    await boss.send("/look", language="en", back="/calls")
    english = (await boss.get("/calls?period=all&verdict=late")).text
    assert f"1 of the newest {MOST} calls" in english
    assert f"Counted: the newest {MOST} calls, since" in english
    short = await boss.get("/calls?since=2020-01-01&until=2020-01-02")
    assert "以下为最近" not in short.text


@pytest.mark.parametrize(
    ("query", "count"), [("", 25), ("&verdict=late", 3), ("&agent=zhang", 3), ("&verdict=missed", 3)]
)
async def test_by_going_on_every_call_is_found_and_a_page_that_did_not_look_at_all_says_how_far(long, query, count):
    boss = await long.inside("0001", Role.SUPERVISOR)
    found = await all_pages(boss, f"/calls?period=all{query}")
    assert len(found) == len(set(found)) == count
    page = await boss.get("/calls?period=all&verdict=missed")
    assert rows(page) == []
    assert "查过的通话里没有符合这些条件的" in page.text
    assert f"这一页查了 {MOST} 通" in page.text
    assert "再查更早的" in page.text
    assert "至少有" in page.text, "a count of the way out is bounded too"


async def test_staff_s_own_calls_are_bounded_and_whole_in_the_same_way(long):
    own = await long.inside("0102", agent="li")
    page = await own.get("/calls?period=all")
    assert f"{MOST_OF_ONE} 通以上" in page.text
    assert len(await all_pages(own, "/calls?period=all")) == 21
    assert len(await all_pages(own, "/calls?period=all&verdict=missed")) == 3


async def test_a_file_has_all_calls_of_the_view_however_few_the_page_counts(long):
    boss = await long.inside("0001", Role.SUPERVISOR)
    assert len((await boss.get("/calls.json?period=all")).json()) == 25
    assert (await boss.get("/calls.csv?period=all")).text.count("\n") == 26
    assert (await boss.get("/calls.xlsx?period=all")).content.startswith(b"PK")


async def test_the_review_lists_those_around_the_one_in_the_middle_and_says_how_many_more_wait(long, monkeypatch):
    monkeypatch.setattr(review_pages, "MOST_LISTED", 3)
    monkeypatch.setattr(desk_review, "MOST_OF_A_KIND", 4)
    boss = await long.inside("0001", Role.SUPERVISOR)
    page = await boss.get("/review")
    assert len(waiting(page)) == 3
    assert re.search(r"前后还有 \d 件", page.text)
    assert re.search(r"还有 \d+\+ 件|\d+\+", page.text), "what is cut short is a number with a plus"


# --- by which index

NOBODY_GREETED = f"/calls/{23:020x}"
BOSS = (
    *("/calls/live?from=0", "/calls/live?from=0&period=all&verdict=late", "/todo/live?from=0"),
    *("/", "/?part", "/calls", "/calls?period=month", "/calls?period=all", "/calls?period=all&verdict=late"),
    *("/calls?period=all&review=1&direction=inbound&cause=person", "/calls?period=all&line=x", "/calls?agent=zhang"),
    *(
        "/calls?phone=PJSIP/agent1&agent=zhang",
        "/calls?since=2026-01-01",
        "/calls/{}",
        "/calls/ffff",
        f"/calls/{23:020x}",
    ),
    *(
        "/review",
        "/review?why=sample",
        "/calls/live?from=0",
        "/calls/live?from=0&period=all&verdict=late",
        "/todo/live?from=0",
        "/todo",
        "/todo/t1",
        "/mine",
        "/breaks",
        "/outages",
    ),
)
STAFF = (
    "/",
    "/calls",
    "/calls?period=all",
    "/calls/live?from=0&period=all",
    "/calls?period=all&verdict=late&line=x&agent=li",
    "/calls/{}",
    f"/calls/{23:020x}",
    "/mine",
)
HISTORY = ("calls", "legs", "greetings")
FEW = ("_appealed", "_untold", "_doubted", "_decided")
"""Indexes that hold only what waits for a person, or was decided by one."""


@pytest.mark.parametrize(
    ("role", "paths"), [(Role.SUPERVISOR, BOSS), (Role.STAFF, STAFF), (Role.ADMINISTRATOR, ("/", "/calls"))]
)
async def test_no_page_reads_all_calls_ringings_or_greetings(long, role, paths):
    browser = await long.inside("0007", role, agent="li")
    asked: list[tuple[str, tuple]] = []
    engine = long.store.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
    base = sqlite3.connect(long.store.database.path)
    for path in paths:
        asked.clear()
        await browser.get(path.format(f"{1:020x}"))
        for statement, values in asked:
            plan = [row[3] for row in base.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
            for step in plan:
                is_first = "COVERING INDEX" in step and "LIMIT" in statement and "B-TREE" not in " ".join(plan)
                reads_all = step.startswith("SCAN") and step.split()[1].rstrip("_0123456789") in HISTORY
                assert is_first or step.endswith(FEW) or not reads_all, (path, statement, plan)
                reads_all_of_one = step.endswith(("_by_agent (agent=?)", "_by_phone (endpoint=?)", "_by_line (line=?)"))
                assert not reads_all_of_one or "ORDER BY" in statement, (path, statement, plan)
    base.close()
