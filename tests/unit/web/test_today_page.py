"""The first page: how it is now, never a 0 that nobody knows, and of others' calls nothing to staff."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import insert
from tests.unit.web.test_calls_page import LATE, MINUTE, MISSED, NUMBER, ON_TIME, at
from tests.unit.web.test_todo_pages import XSS, ticket
from voicedesk.access.roles import Role
from voicedesk.calls.model import Gap, GapReason, JudgedCall, LegFacts, PhoneState
from voicedesk.calls.model import Role as LegRole
from voicedesk.calls.three_rings import judge
from voicedesk.phones.model import PhoneStanding
from voicedesk.store.calls import save_calls
from voicedesk.store.journal import save_gaps
from voicedesk.store.phones import StoredPhone
from voicedesk.store.requests import LEADER
from voicedesk.store.store import Store
from voicedesk.store.tables import pbxs
from voicedesk.store.tickets import Change, StoredTicket

SECOND = 1_000_000


def open_call(n: int, now: int, *, rings_us: int | None, agent: str | None = None, line: str = "社保") -> JudgedCall:
    """A call that rings so long, or (None) waits while no phone rings."""
    since = now - (rings_us or 0)
    leg = LegFacts(
        uniqueid=f"u{n}",
        channel=f"PJSIP/agent1-{n}",
        endpoint="PJSIP/agent1",
        role=LegRole.STAFF,
        agent=agent,
        dialled_at=since,
        ring_source=LATE.facts.legs[0].ring_source,
        ringing_at=since,
    )
    facts = replace(
        LATE.facts,
        id=f"{n:020x}",
        line=line,
        caller_number=f"1390000{n:04d}",
        started_at=since - SECOND,
        asked_at=since,
        switch_answered_at=None,
        person_answered_at=None,
        ended_at=None,
        disposition=None,
        gave_up_at=None,
        legs=() if rings_us is None else (leg,),
        phones=(),
        gaps=(),
    )
    return JudgedCall(facts=facts, judgement=judge(facts))


def answered(call: JudgedCall, answered_at: int) -> JudgedCall:
    leg = replace(call.facts.legs[0], ring_ended_at=answered_at, answered_at=answered_at)
    facts = replace(call.facts, person_answered_at=answered_at, legs=(leg,))
    return JudgedCall(facts=facts, judgement=judge(facts))


async def keep(house, *calls: JudgedCall) -> None:
    async with house.store.requests._asking.write() as connection:
        await save_calls(connection, calls)


@pytest.fixture
async def linked(house):
    """A house whose service runs and hears its switch."""
    async with Store.open(house.settings.store.url, now=house.clock) as store:
        await store.requests.lead(LEADER, "test:1:x", 600)
        async with store.database.write() as connection:
            row = {"pbx": "main", "sequence": 1, "resume_from": 1, "last_at": house.clock.us}
            await connection.execute(insert(pbxs), row)
        yield house


def text_of(page) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


async def boss_of(house):
    return await house.inside("0001", Role.SUPERVISOR)


async def test_the_rate_stands_with_both_its_numbers_and_what_was_left_out(linked):
    now = linked.clock.us
    calls = [at((ON_TIME, LATE, MISSED)[n % 3], n, now - n * MINUTE) for n in range(12)]
    await keep(linked, *calls, open_call(99, now, rings_us=SECOND))
    page = text_of(await (await boss_of(linked)).get("/"))
    assert "三声内接听率 33.3 %" in page
    assert "按时 4 ÷ 应判 12" in page
    assert "未计入: 早挂 0、不判 0、无法判定 0" in page
    assert "昨天" not in page


async def test_of_a_few_calls_no_percentage_is_given_and_before_the_first_yesterday_s_stands_there(linked):
    now, boss = linked.clock.us, await boss_of(linked)
    await keep(linked, *[at(ON_TIME, n, now - 24 * 60 * MINUTE - n * SECOND) for n in range(20)])
    page = text_of(await boss.get("/"))
    assert "还没有来电" in page
    assert "昨天: 100.0% (20 ÷ 20)" in page
    await keep(linked, at(ON_TIME, 50, now - MINUTE), at(LATE, 51, now - 2 * MINUTE))
    page = text_of(await boss.get("/"))
    assert "来电太少" in page
    assert "%" not in page


async def test_without_a_service_or_a_link_nothing_is_called_none(house):
    page = text_of(await (await boss_of(house)).get("/"))
    assert "跟踪来电的服务没有运行" in page
    assert "无数据" in page
    assert "不按 0 计" in page
    for never in ("还没有来电", "此刻没有来电", "振铃 0", "可接 0"):
        assert never not in page


async def test_a_lost_link_is_hatched_and_named_and_the_rate_says_up_to_when_it_is(linked):
    now = linked.clock.us
    await keep(linked, *[at(ON_TIME, n, now - (20 + n) * MINUTE) for n in range(12)])
    async with linked.store.requests._asking.write() as connection:
        await save_gaps(connection, [("main", Gap(from_at=now - 5 * MINUTE, to_at=None, reason=GapReason.LINK_LOST))])
    page = await (await boss_of(linked)).get("/")
    lost = linked.app.desk.pages.clock(now - 5 * MINUTE)
    assert f"自 {lost} 起无数据" in page.text
    assert f"截至 {lost[:5]}" in page.text
    assert 'fill="url(#hatch)"' in page.text
    assert "这里看不到" in page.text


async def test_calls_that_ring_are_drawn_with_the_clock_that_judges_them_and_waiting_ones_stand_below(linked):
    now = linked.clock.us
    waits = open_call(3, now - 18 * SECOND, rings_us=None)
    await keep(
        linked,
        open_call(1, now, rings_us=7_400_000),
        open_call(2, now, rings_us=16 * SECOND),
        waits,
        answered(open_call(4, now, rings_us=9 * SECOND), now - 2 * SECOND),
        answered(open_call(5, now, rings_us=90 * SECOND), now - 80 * SECOND),
    )
    page = await (await boss_of(linked)).get("/")
    told = text_of(page)
    assert "振铃 2 · 排队 1 · 通话 2" in told
    assert "第 2 声 7.4 秒" in told
    assert "第 4 声 16.0 秒" in told
    assert "已超过 15 秒界限" in told
    assert re.findall(r'data-ms="(\d+)"', page.text) == ["16000", "7400"]
    assert "按时 第 2 声" in told, "who answered just now keeps the place, with the verdict"
    assert 'data-again="6"' in page.text
    assert "1390000" not in page.text
    assert "style=" not in page.text


async def test_staff_are_told_nothing_of_the_calls_of_others(linked):
    now = linked.clock.us
    await keep(
        linked,
        *[at(LATE, n, now - n * MINUTE) for n in range(1, 12)],
        open_call(91, now, rings_us=SECOND, agent="zhang", line="我的线"),
        open_call(92, now, rings_us=SECOND, agent="li", line="别人的线"),
    )
    page = await (await linked.inside("0101", agent="zhang")).get("/")
    told = text_of(page)
    assert "我的线" in told
    assert "别人的线" not in told
    assert "我今天的来电" in told
    assert "三声内接听率" not in told
    assert "应判" not in told
    assert "wang" not in page.text
    nobody = text_of(await (await linked.inside("0102")).get("/"))
    assert "我的线" not in nobody


async def test_phones_stand_with_what_they_do_and_a_reason_of_a_break_is_not_for_colleagues(linked):
    now = linked.clock.us
    rows = [
        PhoneStanding(
            pbx="main", endpoint="PJSIP/agent1", state=PhoneState.FREE, since=now - 9 * MINUTE, is_current=True
        ),
        PhoneStanding(
            pbx="main",
            endpoint="PJSIP/agent2",
            state=PhoneState.PAUSED,
            since=now,
            is_current=True,
            on_break_since=now - 12 * MINUTE,
            reason=XSS,
        ),
        PhoneStanding(pbx="main", endpoint="PJSIP/agent3", state=PhoneState.FREE, since=now, is_current=False),
    ]
    async with Store.open(linked.settings.store.url) as store:
        await store.phones.save(phones=[StoredPhone(standing=one) for one in rows])
    page = await (await boss_of(linked)).get("/")
    assert "可接 1 / 3" in text_of(page)
    assert "12:00" in text_of(page)
    assert XSS not in page.text
    assert "&lt;img src=x" in page.text
    assert "&lt;img src=x" not in (await (await linked.inside("0101", agent="zhang")).get("/")).text


async def test_at_most_five_things_are_to_be_done_the_most_urgent_first(linked):
    now = linked.clock.us
    found = [ticket(f"t{n}", now, (n - 2) * 10 * MINUTE, number=f"1390000{n:04d}", matter=XSS) for n in range(8)]
    async with Store.open(linked.settings.store.url) as store:
        await store.tickets.change(Change(tickets=[StoredTicket(ticket=one) for one in found]))
    page = await (await linked.inside("0101", agent="zhang")).get("/")
    assert re.findall(r'href="/todo/(\w+)"', page.text) == ["t0", "t1", "t2", "t3", "t4"]
    assert "全部待办 8" in text_of(page)
    assert page.text.count('class="button main"') == 1
    assert XSS not in page.text


async def test_what_a_switch_said_is_text_and_an_outage_is_told_to_all_who_work_here(linked):
    now = linked.clock.us
    call = open_call(1, now, rings_us=SECOND, line=XSS)
    await keep(linked, replace(call, facts=replace(call.facts, caller_number=XSS)))
    async with Store.open(linked.settings.store.url) as store:
        await store.outages.start(XSS, line=None, at=now, by=XSS)
    for browser in (await boss_of(linked), await linked.inside("0101", agent="zhang")):
        page = await browser.get("/")
        assert "<img" not in page.text.replace('<img src="/assets', "")
        assert "故障公告播放中" in page.text


async def test_who_administers_sees_no_ticket_and_who_audits_only_the_figures(linked):
    await keep(linked, *[at(ON_TIME, n, linked.clock.us - n * MINUTE) for n in range(12)])
    keeper = await (await linked.inside("0008", Role.ADMINISTRATOR)).get("/")
    assert "要处理的事" not in keeper.text
    assert "话机" in keeper.text
    auditor = await (await linked.inside("0009", Role.AUDITOR)).get("/")
    assert "三声内接听率" in auditor.text
    for hidden in ("话机", "要处理的事", "最近的通话", "此刻的来电", 'href="/calls"', NUMBER, "138****"):
        assert hidden not in auditor.text


async def test_the_part_that_changes_comes_alone_for_the_script(linked):
    boss = await boss_of(linked)
    whole, part = await boss.get("/"), await boss.get("/?part")
    assert "<html" not in part.text
    names = re.findall(r'data-live="(\w+)"', part.text)
    assert (
        names == re.findall(r'data-live="(\w+)"', whole.text) == ["strips", "day", "calls", "phones", "todo", "latest"]
    )


@pytest.mark.parametrize("role", [Role.STAFF, Role.SUPERVISOR, Role.AUDITOR])
async def test_the_page_speaks_english_alone_to_who_wants_that(linked, role):
    now = linked.clock.us
    await keep(
        linked,
        at(LATE, 2, now - MINUTE),
        open_call(1, now, rings_us=16 * SECOND, agent="zhang"),
        answered(open_call(4, now, rings_us=9 * SECOND, agent="zhang"), now - SECOND),
    )
    browser = await linked.inside("0101", role, agent="zhang")
    await browser.get("/")
    await browser.send("/look", language="en", back="/")
    text = re.sub("社保|某市大厅|张三|中文", "", browser.page.text)
    assert not re.findall("[\u4e00-\u9fff]+", text)
