"""The stream: what changed is told by topic, from one reader for all pages; who is slow or gone costs nothing."""

import asyncio
import json
import re
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
from sqlalchemy import insert, update
from tests.unit.web.test_today_page import SECOND, keep, open_call
from tests.unit.web.test_todo_pages import HOUR, ticket
from voicedesk.access.moves import Move
from voicedesk.access.roles import Role
from voicedesk.calls.model import PhoneState
from voicedesk.errors import StoreUnavailable
from voicedesk.phones.model import PhoneStanding
from voicedesk.store.phones import StoredPhone
from voicedesk.store.requests import LEADER
from voicedesk.store.store import Store
from voicedesk.store.tables import pbxs
from voicedesk.store.tickets import Change, StoredTicket
from voicedesk.web import live
from voicedesk.web.live import LONGEST_PAUSE_SECONDS, MOST_OF_A_SESSION, PAUSE_SECONDS, TOPICS, Pace


class Page:
    """An open page: hears the stream as a browser does, as fast as the test lets it."""

    def __init__(self, house, browser, last_id: str = "") -> None:
        self.events: asyncio.Queue[tuple[str, str, dict]] = asyncio.Queue()
        self.status = 0
        self.takes = asyncio.Event()
        self.takes.set()
        self._gone = asyncio.Event()
        cookie = "; ".join(f"{name}={value}" for name, value in browser.client.cookies.items())
        headers = [(b"host", b"localhost"), (b"cookie", cookie.encode())]
        if last_id:
            headers.append((b"last-event-id", last_id.encode()))
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": "/live",
            "raw_path": b"/live",
            "query_string": b"",
            "headers": headers,
            "client": ("10.0.0.7", 50000),
            "server": ("localhost", 443),
            "root_path": "",
        }
        self.task = asyncio.create_task(house.app(scope, self._receive, self._send))

    async def _receive(self):
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message) -> None:
        await self.takes.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        for block in message.get("body", b"").decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if "event" in fields:
                await self.events.put((fields["event"], fields.get("id", ""), json.loads(fields["data"])))

    async def next(self) -> tuple[str, str, dict]:
        return await asyncio.wait_for(self.events.get(), 60)

    async def close(self) -> None:
        self._gone.set()
        with suppress(asyncio.CancelledError):
            await self.task


@pytest.fixture
async def watched(house, monkeypatch):
    """A house whose reader looks when the test says so, and has looked once."""
    monkeypatch.setattr(live, "ASK_SECONDS", 3600.0)
    house.app.live.pace.pause = 0.0
    async with Store.open(house.settings.store.url, now=house.clock) as store:
        await store.requests.lead(LEADER, "test:1:x", 600)
        async with store.database.write() as connection:
            row = {"pbx": "main", "sequence": 1, "resume_from": 1, "last_at": house.clock.us}
            await connection.execute(insert(pbxs), row)
        await house.app.live.look()
        house.writing = store
        yield house


@asynccontextmanager
async def opened(house, browser, last_id: str = ""):
    page = Page(house, browser, last_id)
    try:
        name, event_id, _ = await page.next()
        assert name == "hello"
        page.id = event_id
        yield page
    finally:
        page.takes.set()
        await page.close()


async def told(page) -> set[str]:
    name, page.id, data = await page.next()
    assert name == "changed"
    return set(data["topics"])


async def journaled(house) -> None:
    async with house.writing.database.write() as connection:
        await connection.execute(update(pbxs).values(sequence=pbxs.c.sequence + 1))


async def test_each_kind_of_change_is_told_by_its_topic_and_nothing_else_is_told(watched):
    boss, store, now = await watched.inside("0001", Role.SUPERVISOR), watched.writing, watched.clock.us
    async with opened(watched, boss, watched.app.live.id) as page:
        await keep(watched, open_call(1, now, rings_us=SECOND))
        await journaled(watched)
        await watched.app.live.look()
        assert await told(page) == {"calls", "begun"}
        standing = PhoneStanding(pbx="main", endpoint="a", state=PhoneState.FREE, since=now, is_current=True)
        for one in (
            standing,
            replace(standing, since=now + SECOND),
            replace(standing, since=now + SECOND, is_current=False),
        ):
            await store.phones.save(phones=[StoredPhone(standing=one)])
            await watched.app.live.look()
            assert await told(page) == {"phones"}
        kept = await store.tickets.change(Change(tickets=[StoredTicket(ticket=ticket("t1", now, HOUR))]))
        await watched.app.live.look()
        assert await told(page) == {"tickets"}
        await store.tickets.change(Change(tickets=[replace(kept[0], ticket=replace(kept[0].ticket, tries=2))]))
        await watched.app.live.look()
        assert await told(page) == {"tickets"}
        await store.outages.start("x", line=None, at=now, by="x")
        await watched.app.live.look()
        assert await told(page) == {"hall"}
        watched.clock.us += 601 * SECOND  # the service is not heard of any more
        await watched.app.live.look()
        assert await told(page) == {"hall"}
        await watched.app.live.look()
        assert page.events.empty()


async def test_fault_75_who_comes_again_is_told_what_changed_meanwhile_and_a_stranger_s_point_means_everything(watched):
    boss = await watched.inside("0001", Role.SUPERVISOR)
    async with opened(watched, boss, watched.app.live.id) as page:
        assert page.events.empty()
        left = page.id
    await journaled(watched)
    await watched.app.live.look()
    async with opened(watched, boss, left) as page:
        assert await told(page) == {"calls"}
        left = page.id
    async with opened(watched, boss, left) as page:
        await asyncio.sleep(0)
        assert page.events.empty()
    for strange in ("", "0-0", "x", f"{left.partition('-')[0]}-999", f"{left.partition('-')[0]}-²"):
        async with opened(watched, boss, strange) as page:
            assert await told(page) == set(TOPICS)


async def test_fault_75_a_slow_page_holds_nothing_up_is_told_all_at_once_and_is_let_go_where_it_takes_nothing(
    watched, monkeypatch
):
    boss = await watched.inside("0001", Role.SUPERVISOR)
    async with opened(watched, boss, watched.app.live.id) as slow, opened(watched, boss, watched.app.live.id) as quick:
        slow.takes.clear()
        for _ in range(5):
            await journaled(watched)
            await watched.app.live.look()
            assert await told(quick) == {"calls"}
        slow.takes.set()
        assert await told(slow) == {"calls"}
        if not slow.events.empty():
            assert await told(slow) == {"calls"}
        assert slow.events.empty()
        monkeypatch.setattr(live, "SEND_SECONDS", 0.01)
        slow.takes.clear()
        await journaled(watched)
        await watched.app.live.look()
        await asyncio.wait_for(slow.task, 60)
        assert len(watched.app.live._watchers) == 1


async def test_a_page_ends_with_its_session_and_others_go_on(watched):
    boss, zhang = await watched.inside("0001", Role.SUPERVISOR), await watched.inside("0101", agent="zhang")
    async with opened(watched, boss, watched.app.live.id) as one, opened(watched, zhang, watched.app.live.id) as other:
        await watched.app.live.end_with_sessions()
        await watched.store.accounts.step("0101", lambda _: Move(ends_all=True))
        await watched.app.live.end_with_sessions()
        assert (await other.next())[0] == "over"
        await asyncio.wait_for(other.task, 60)
        assert one.events.empty()
        watched.clock.us += 31 * 60 * SECOND  # nobody moved at the other one
        await watched.app.live.end_with_sessions()
        assert (await one.next())[0] == "over"


async def test_an_open_page_that_asks_by_itself_keeps_no_session_alive_unless_somebody_is_there(watched):
    boss = await watched.inside("0001", Role.SUPERVISOR)
    for headers, is_in in (({"desk-somebody": "1"}, True), ({}, False)):
        watched.clock.us += 20 * 60 * SECOND
        await boss.get("/?part", **{"desk-by-itself": "1"}, **headers)
        watched.clock.us += 20 * 60 * SECOND
        page = await boss.get("/?part", **{"desk-by-itself": "1"})
        assert ("data-live" in page.text) is is_in


async def test_a_database_that_is_away_ends_nothing_and_its_return_is_told(watched, monkeypatch):
    boss, store = await watched.inside("0001", Role.SUPERVISOR), watched.app.keeper.store

    async def away():
        raise StoreUnavailable("gone")

    async with opened(watched, boss, watched.app.live.id) as page:
        with monkeypatch.context() as patch:
            patch.setattr(store.changes, "signs", away)
            for _ in range(3):
                await watched.app.live.look()
            patch.setattr(watched.app.desk.doorkeeper, "alive", lambda _: away())
            await watched.app.live.end_with_sessions()
            assert await told(page) == {"hall"}
            assert page.events.empty()
        await watched.app.live.look()
        assert await told(page) == set(TOPICS)


async def test_a_page_that_hears_nothing_hears_a_beat(watched, monkeypatch):
    monkeypatch.setattr(live, "BEAT_SECONDS", 0.01)
    boss = await watched.inside("0001", Role.SUPERVISOR)
    async with opened(watched, boss, watched.app.live.id) as page:
        assert (await page.next())[0] == "beat"


async def test_a_session_has_so_many_pages_and_a_stranger_has_none(watched):
    boss = await watched.inside("0001", Role.SUPERVISOR)
    pages = [Page(watched, boss) for _ in range(MOST_OF_A_SESSION)]
    for one in pages:
        await one.next()
    assert (await boss.get("/live")).status_code == 429
    await pages[0].close()
    async with opened(watched, boss):
        pass
    for one in pages:
        await one.close()
    assert not watched.app.live._watchers
    assert "/signin" in str((await (await watched.browser()).get("/live")).url)


async def test_fault_75_two_hundred_pages_cost_one_question(watched, monkeypatch):
    browsers = [await watched.inside(f"1{n:03d}") for n in range(4)]
    found, asked = watched.app.live, []
    signs = watched.app.keeper.store.changes.signs

    async def counted():
        asked.append(1)
        return await signs()

    monkeypatch.setattr(watched.app.keeper.store.changes, "signs", counted)
    watchers = [found.watch(f"session {n}", found.id) for n in range(200)]
    async with opened(watched, browsers[0], found.id) as page:
        await journaled(watched)
        before = len(asked)
        await found.look()
        assert len(asked) == before + 1
        assert await told(page) == {"calls"}
        assert all(one.news.is_set() for one in watchers)
    for one in watchers:
        found.leave(one)


async def test_many_who_see_the_same_get_one_part_that_is_made_once_and_never_older_than_the_news(watched, monkeypatch):
    bosses = [await watched.inside(f"000{n}", Role.SUPERVISOR) for n in range(1, 4)]
    made, signs = [], watched.app.keeper.store.outages.current

    async def counted():
        made.append(1)
        return await signs()

    monkeypatch.setattr(watched.app.keeper.store.outages, "current", counted)
    pages = await asyncio.gather(*(one.get("/?part", **{"desk-by-itself": "1"}) for one in bosses))
    assert len({one.text for one in pages}) == 1
    assert len(made) == 1
    await watched.writing.outages.start("新公告", line=None, at=watched.clock.us, by="x")
    await watched.app.live.look()
    assert "新公告" in (await bosses[0].get("/?part")).text
    assert "新公告" not in (await (await watched.inside("0009", Role.AUDITOR)).get("/?part")).text


async def test_what_rings_is_given_alone_and_is_not_mixed_up_with_the_whole_part(watched):
    boss = await watched.inside("0001", Role.SUPERVISOR)
    await keep(watched, open_call(1, watched.clock.us, rings_us=SECOND))
    parts = [await boss.get(path, **{"desk-by-itself": "1"}) for path in ("/?part=calls", "/?part", "/?part=calls")]
    moment, whole, again = (re.findall(r'data-live="(\w+)"', one.text) for one in parts)
    assert moment == again == ["strips", "calls"]
    assert whole[0] == "strips"
    assert {"day", "calls", "phones", "todo", "latest"} < set(whole)
    assert "data-ringing" in parts[0].text
    auditor = await watched.inside("0009", Role.AUDITOR)
    assert "data-ringing" not in (await auditor.get("/?part=calls", **{"desk-by-itself": "1"})).text


def test_pages_are_told_less_often_while_the_process_has_much_to_do_and_more_often_again_afterwards():
    at, worked = 0.0, 0.0
    pace = Pace(lambda: at, lambda: worked)
    assert pace.pause == PAUSE_SECONDS
    found = []
    for busy in (0.9,) * 20 + (0.4,) + (0.1,) * 40:
        at, worked = at + 1, worked + busy
        pace.look()
        found.append(pace.pause)
    assert found[:20] == sorted(found[:20])
    assert found[0] > PAUSE_SECONDS
    assert found[19] == found[20] == LONGEST_PAUSE_SECONDS
    assert found[-1] == PAUSE_SECONDS


def test_a_short_moment_of_work_changes_no_pace():
    at, worked = 0.0, 0.0
    pace = Pace(lambda: at, lambda: worked)
    at, worked = 0.1, 0.1
    pace.look()
    assert pace.pause == PAUSE_SECONDS
