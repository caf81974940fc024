"""One's own page: own ringings and greetings with both verdicts, appeals, tickets, and nothing of anybody else."""

import re
from dataclasses import replace

import pytest
from tests.unit.web.test_calls_page import LATE, NUMBER, ON_TIME, at
from tests.unit.web.test_one_call_page import belongs_to, greeting
from tests.unit.web.test_todo_pages import ticket
from voicedesk.access.roles import Role
from voicedesk.store.calls import save_calls
from voicedesk.store.decisions import Kind, Move, Step, Subject
from voicedesk.store.store import Store
from voicedesk.store.tickets import Change, StoredTicket
from voicedesk.tickets.model import Kind as TicketKind

MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE
XSS = "<script>alert(1)</script>"
OURS, ONE_LATE, THEIRS, OLD = (f"{n:020x}" for n in (1, 2, 3, 4))


@pytest.fixture
async def busy(house):
    """One call on time and one late of zhang's, one of li's, one of two months ago; a greeting, an appeal, tickets."""
    now = house.clock.us
    calls = [
        belongs_to(at(ON_TIME, 1, now - 10 * MINUTE), "zhang"),
        belongs_to(at(LATE, 2, now - 20 * MINUTE), "zhang"),
        belongs_to(at(ON_TIME, 3, now - 30 * MINUTE), "li"),
        belongs_to(at(ON_TIME, 4, now - 60 * DAY), "zhang"),
    ]
    async with Store.open(house.settings.store.url) as store:
        async with house.store.requests._asking.write() as connection:
            await save_calls(connection, calls)
        phone = calls[0].facts.legs[0].endpoint
        await store.greetings.save(
            greeting(OURS, "zhang", endpoint=phone, answered_at=now - 10 * MINUTE, verdict="wrong_order")
        )
        about = Subject(kind=Kind.CALL, call_id=ONE_LATE, pbx="main")
        appeal = Step(move=Move.APPEAL, reason=f"话机无声{XSS}", by="zhang", at=now, automatic="late")
        await store.decisions.add(about, appeal)
        mine = ticket("r1", now, DAY, kind=TicketKind.REFERRAL, responsible="zhang", matter="工伤认定")
        other = ticket("r2", now, DAY, kind=TicketKind.REFERRAL, responsible="li", matter="医保转移", number="139")
        await store.tickets.change(Change(tickets=[StoredTicket(ticket=mine), StoredTicket(ticket=other)]))
    return house


def main_of(page) -> str:
    return re.search(r"<main.*</main>", page.text, re.DOTALL)[0]


async def decided(busy, call_id: str, kind: Kind, verdict: str, **where: str) -> None:
    async with Store.open(busy.settings.store.url) as store:
        about = Subject(kind=kind, call_id=call_id, pbx="main", **where)
        step = Step(move=Move.DECIDE, reason="话机报修，属实", by="0001", at=busy.clock.us, verdict=verdict)
        await store.decisions.add(about, replace(step, automatic="late"))


async def test_one_sees_one_s_own_month_and_nothing_of_anybody_else(busy):
    page = await (await busy.inside("0101", agent="zhang")).get("/mine")
    assert page.status_code == 200
    shown = main_of(page)
    assert OURS in shown
    assert ONE_LATE in shown
    assert THEIRS not in shown
    assert OLD not in shown
    assert "工伤认定" in shown
    assert "确认收到" in shown
    assert "医保转移" not in shown
    assert "按时 1 ÷ 应判 2" in shown
    assert "%" not in shown, "a rate of two cases is none"
    assert NUMBER not in shown
    assert "style=" not in page.text


async def test_an_accused_greeting_counts_for_nothing_until_a_person_has_heard_it(busy):
    browser = await busy.inside("0101", agent="zhang")
    shown = main_of(await browser.get("/mine"))
    assert "次序不对" in shown
    assert "合规 0 ÷ 应判 0" in shown
    assert "待人工听过 1" in shown
    await decided(busy, OURS, Kind.GREETING, "compliant", uniqueid="1.1")
    shown = main_of(await browser.get("/mine"))
    assert "次序不对" in shown, "the automatic verdict stays"
    assert "人工：合规" in shown
    assert "合规 1 ÷ 应判 1" in shown


async def test_an_appeal_is_shown_with_what_came_of_it_and_a_person_s_verdict_counts(busy):
    browser = await busy.inside("0101", agent="zhang")
    shown = main_of(await browser.get("/mine"))
    assert "话机无声&lt;script&gt;" in shown
    assert XSS not in shown
    assert "人工：按时" not in shown
    await decided(busy, ONE_LATE, Kind.CALL, "on_time")
    shown = main_of(await browser.get("/mine"))
    assert "申诉成立" in shown
    assert "答复：话机报修，属实" in shown
    assert "人工：按时" in shown
    assert "按时 2 ÷ 应判 2" in shown


async def test_somebody_else_s_appeal_against_the_same_call_is_not_shown_among_one_s_own(busy):
    """The call rang both; of one call there are as many histories as there are things to appeal against."""
    async with Store.open(busy.settings.store.url) as store:
        about = Subject(kind=Kind.LEG, call_id=ONE_LATE, pbx="main", uniqueid="1.9")
        step = Step(move=Move.APPEAL, reason="li 的申诉理由", by="li", at=busy.clock.us, automatic="late")
        await store.decisions.add(about, step)
    shown = main_of(await (await busy.inside("0101", agent="zhang")).get("/mine"))
    assert "话机无声" in shown
    assert "的申诉理由" not in shown
    others = main_of(await (await busy.inside("0102", agent="li")).get("/mine"))
    assert "li 的申诉理由" in others
    assert "话机无声" not in others


async def test_what_was_decided_of_a_ringing_or_of_its_call_stands_beside_it_and_is_counted(busy):
    browser = await busy.inside("0101", agent="zhang")
    await decided(busy, OURS, Kind.LEG, "late", uniqueid=ON_TIME.facts.legs[0].uniqueid)
    assert "按时 0 ÷ 应判 2" in main_of(await browser.get("/mine"))
    other = await busy.inside("0102", agent="li")
    await decided(busy, THEIRS, Kind.CALL, "late")
    shown = main_of(await other.get("/mine"))
    assert "人工：超时" in shown
    assert OURS not in shown


@pytest.mark.parametrize(("role", "status"), [(Role.SUPERVISOR, 200), (Role.ADMINISTRATOR, 404), (Role.AUDITOR, 404)])
async def test_who_is_rung_by_nobody_has_no_such_page_or_an_empty_one(busy, role, status):
    browser = await busy.inside("0001", role)
    page = await browser.get("/mine")
    assert page.status_code == status
    if status == 200:
        assert "没有对应到设置中的人员" in page.text
        assert OURS not in page.text
        assert "÷ 应判 0" in page.text


async def test_one_s_own_page_speaks_english_alone_to_who_wants_that(busy):
    await decided(busy, ONE_LATE, Kind.CALL, "on_time")
    browser = await busy.inside("0101", agent="zhang")
    await browser.get("/")
    await browser.send("/look", language="en", back="/mine")
    text = re.sub("话机无声|话机报修，属实|工伤认定|社保|某市大厅|张三|中文", "", browser.page.text)
    assert "Your appeals" in text
    assert not re.findall("[\u4e00-\u9fff]+", text)
