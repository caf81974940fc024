"""What is to be done on a screen: by urgency in words, one deed each, as steps that the service carries out."""

import json
import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from tests.unit.web.conftest import answering
from tests.unit.web.test_calls_page import LATE, NUMBER, at
from voicedesk.access.roles import Role
from voicedesk.desk import todo
from voicedesk.desk.labels import Label
from voicedesk.desk.urgency import due_in_words
from voicedesk.store.calls import save_calls
from voicedesk.store.requests import Request, RequestState
from voicedesk.store.store import Store
from voicedesk.store.tickets import Attempt, Change, StoredTicket
from voicedesk.tickets.model import Entry, Kind, Move, State, Ticket

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
XSS = "<img src=x onerror=alert(1)>"


def ticket(name: str, now: int, due: int, **values) -> Ticket:
    times = {"opened_at": now - HOUR, "waiting_since": now - HOUR, "due_at": now + due, "promised_at": now + due}
    known = {"id": name, "kind": Kind.CALLBACK, "group": "社保", "number": NUMBER}
    return Ticket(**{**known, **times, "history": (Entry(at=now - HOUR, move=Move.OPENED),), **values})


@pytest.fixture
async def busy(house):
    now = house.clock.us
    tickets = [
        ticket("overdue1", now, -18 * MINUTE, matter=XSS),
        ticket(
            "soon1",
            now,
            24 * MINUTE,
            state=State.CLAIMED,
            owner="li",
            lease_until=now + 6 * MINUTE,
            number="13900005677",
        ),
        ticket(
            "later1", now, 3 * DAY, kind=Kind.REFERRAL, number="13900005678", responsible="zhang", matter="工伤认定"
        ),
        ticket("waits1", now, 2 * DAY, state=State.WAITING, next_try_at=now + HOUR, number="13900005679", tries=1),
        ticket("withheld1", now, HOUR, state=State.UNCALLABLE, number=None),
        ticket("complaint1", now, DAY, kind=Kind.COMPLAINT, number="13900005680", owner="li"),
        ticket(
            "rings1", now, HOUR, state=State.DIALLING, owner="zhang", lease_until=now + MINUTE, number="13900005681"
        ),
        ticket("unknown1", now, HOUR, state=State.UNKNOWN, owner="zhang", number="13900005682"),
        ticket("closed1", now, HOUR, state=State.CLOSED, closed_at=now, number="13900005683"),
    ]
    placed = Attempt(
        id="a1",
        ticket_id="waits1",
        pbx="main",
        number="13900005679",
        extension="6001",
        placed_by="li",
        placed_at=now,
        result="failed",
    )
    async with Store.open(house.settings.store.url) as store:
        await store.tickets.change(Change(tickets=[StoredTicket(ticket=one) for one in tickets], attempts=[placed]))
    async with house.store.requests._asking.write() as connection:
        await save_calls(connection, [at(LATE, 1, now - DAY)])
    return house


@pytest.fixture
async def service(busy):
    """A service that takes every step, and says of it what the test wants."""
    asked = []

    async def answer(_: Store, request: Request) -> tuple[RequestState, str]:
        row = json.loads(request.payload)
        asked.append((row, request.asked_by))
        refused = row.get("phone") == "9999"
        return (RequestState.FAILED, "no phone 9999") if refused else (RequestState.DONE, "done")

    async with answering(busy, answer):
        yield asked


async def test_tickets_stand_in_groups_by_urgency_in_words(busy):
    page = await (await busy.inside("0101", agent="zhang")).get("/todo")
    groups = re.findall(r'class="t-group (\w+)"', page.text)
    assert groups == ["overdue", "soon", "later", "waiting", "uncallable"]
    for said in ("超时 18 分", "还剩 24 分", "还有 6 分", "试过 1 次", "未显示号码", "138****1234"):
        assert said in page.text
    assert "closed1" not in page.text
    assert NUMBER not in page.text
    assert XSS not in page.text
    assert "&lt;img src=x" in page.text


async def test_staff_see_no_complaint_of_another_and_the_unit_s_head_sees_it(busy):
    assert "complaint1" not in (await (await busy.inside("0101", agent="zhang")).get("/todo")).text
    boss = await busy.inside("0001", Role.SUPERVISOR)
    assert "complaint1" in (await boss.get("/todo")).text
    zhang = await busy.inside("0103", agent="zhang")
    assert (await zhang.get("/todo/complaint1")).status_code == 404


async def test_mine_is_what_i_hold_or_answer_for(busy):
    page = await (await busy.inside("0101", agent="zhang")).get("/todo?mine=1")
    assert {"later1", "rings1", "unknown1"} == set(re.findall(r'/todo/(\w+)"><b>', page.text))
    none = await (await busy.inside("0102")).get("/todo?mine=1")
    assert "没有待办" in none.text, "who is nobody of the settings holds nothing, also not what nobody holds"


async def test_a_list_that_is_too_long_says_how_many_it_leaves_out(busy, monkeypatch):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    assert "更晚到期" not in (await boss.get("/todo")).text
    monkeypatch.setattr(todo, "MOST_SHOWN", 3)
    page = await boss.get("/todo")
    assert len(re.findall(r'/todo/(\w+)"><b>', page.text)) == 3
    assert "另有 5 件更晚到期的未显示" in page.text


@pytest.mark.parametrize("query", ["kind=cake", "min=1", "mine=2", "kind=callback%00"])
async def test_a_filter_that_makes_no_sense_is_said_to_be_none(busy, query):
    page = await (await busy.inside("0101", agent="zhang")).get(f"/todo?{query}")
    assert page.status_code == 400
    assert "Traceback" not in page.text


async def test_one_deed_claims_and_rings_and_the_page_looks_again_while_phones_ring(busy, service):
    browser = await busy.inside("0101", agent="zhang")
    shown = await browser.get("/todo/overdue1")
    assert "领取并回拨" in shown.text
    assert "先响您的话机" in shown.text
    page = await browser.send("/todo/overdue1", do="dial", phone="")
    assert page.status_code == 200
    assert service[-1] == ({"do": "dial", "ticket": "overdue1", "by": "zhang", "phone": None, "pbx": None}, "0101")
    ringing = await browser.get("/todo/rings1")
    assert ringing.headers["refresh"].startswith("3;")
    assert "正在响您的话机" in ringing.text
    assert "refresh" not in page.headers


async def test_where_no_switch_places_calls_nobody_is_offered_one(busy, service):
    busy.settings.pbx[0].__dict__["dial_username"] = None
    page = await (await busy.inside("0101", agent="zhang")).get("/todo/overdue1")
    assert "领取并回拨" not in page.text
    assert "请用话机回拨，然后写明结果" in page.text
    assert "写明结果并办结" in page.text


async def test_what_the_service_refuses_is_told_with_what_was_typed(busy, service):
    browser = await busy.inside("0101", agent="zhang")
    await browser.get("/todo/overdue1")
    page = await browser.send("/todo/overdue1", do="dial", phone="9999")
    assert page.status_code == 409
    assert 'value="9999"' in page.text
    assert 'role="alert"' in page.text


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({"do": "claim"}, {"do": "claim"}),
        ({"do": "release"}, {"do": "release"}),
        ({"do": "confirm"}, {"do": "confirm"}),
        ({"do": "settle", "note": "未接通"}, {"do": "settle", "note": "未接通"}),
        ({"do": "told", "note": "电话"}, {"do": "told", "note": "电话"}),
        ({"do": "report", "note": "不清楚归谁", "to": ""}, {"do": "report", "note": "不清楚归谁", "to": None}),
        ({"do": "close", "note": "答复", "outcome": "settled"}, {"do": "close", "note": "答复", "outcome": "settled"}),
    ],
)
async def test_each_form_is_one_step(busy, service, fields, asked):
    browser = await busy.inside("0101", agent="zhang")
    await browser.get("/todo/later1")
    assert (await browser.send("/todo/later1", **fields)).status_code == 200
    assert service[-1][0] == asked | {"ticket": "later1", "by": "zhang"}


async def test_a_new_date_is_read_in_the_hall_s_time(busy, service):
    browser = await busy.inside("0101", agent="zhang")
    await browser.get("/todo/later1")
    await browser.send("/todo/later1", do="postpone", due="2027-03-01T17:00", note="等待核实")
    assert busy.app.desk.pages.clock(service[-1][0]["due_at"], "%Y-%m-%d %H:%M") == "2027-03-01 17:00"


@pytest.mark.parametrize(
    "fields",
    [
        {"do": "dance"},
        {},
        {"do": "close", "note": "x", "outcome": "reached"},
        {"do": "close", "note": "x"},
        {"do": "postpone", "note": "x"},
        {"do": "postpone", "note": "x", "due": "soon"},
        {"do": "claim", "note": "x" * 20, "ticket": "soon1", "by": "li"},
    ],
)
async def test_a_form_that_was_made_by_hand_asks_nothing_or_what_the_page_would(busy, service, fields):
    browser = await busy.inside("0101", agent="zhang")
    await browser.get("/todo/overdue1")
    page = await browser.send("/todo/overdue1", **fields)
    if fields.get("do") == "claim":
        assert service[-1][0] == {"do": "claim", "ticket": "overdue1", "by": "zhang"}
    else:
        assert page.status_code == 409
        assert service == []


async def test_whoever_administers_or_audits_sees_no_ticket(busy):
    for login, role in (("0008", Role.ADMINISTRATOR), ("0009", Role.AUDITOR)):
        browser = await busy.inside(login, role)
        assert (await browser.get("/todo")).status_code == 404
        assert (await browser.get("/todo/overdue1")).status_code == 404
        assert 'href="/todo"' not in (await browser.get("/")).text


async def test_the_whole_number_is_shown_to_who_holds_the_ticket_and_to_supervisors(busy):
    zhang = await busy.inside("0101", agent="zhang")
    page = await zhang.get("/todo/unknown1")
    assert "/number" in page.text
    page = await zhang.send("/todo/unknown1/number")
    assert "13900005682" in page.text
    await zhang.get("/todo/unknown1")
    assert (await zhang.send("/todo/overdue1/number")).status_code == 404, "nobody holds it"
    entries = await busy.store.audit.list(limit=2)
    assert [(one.deed, one.object) for one in entries] == [("refused", "overdue1"), ("number_shown", "unknown1")]
    boss = await busy.inside("0001", Role.SUPERVISOR)
    await boss.get("/todo/overdue1")
    assert NUMBER in (await boss.send("/todo/overdue1/number")).text


async def test_the_citizen_s_calls_stand_beside_the_ticket_without_who_took_them(busy):
    page = await (await busy.inside("0102", agent="li")).get("/todo/overdue1")
    assert "近 90 天" in page.text
    assert "超时" in page.text
    assert "wang" not in page.text


@pytest.mark.parametrize(
    ("wrote", "is_theirs"),
    [
        *((one, True) for one in ("65551234", "037165551234", "37165551234", "+8637165551234", "008637165551234")),
        *((one, False) for one in ("65551235", "02165551234", "6555123", None)),
    ],
)
async def test_a_citizen_s_call_is_theirs_however_the_switch_wrote_their_number(busy, wrote, is_theirs):
    """A caller of the hall's own town often comes without the area code."""
    busy.settings.hall.__dict__["area_code"] = "0371"
    now = busy.clock.us
    late = at(LATE, 2, now - HOUR)
    async with Store.open(busy.settings.store.url) as store:
        made = ticket("local1", now, HOUR, number="037165551234")
        await store.tickets.change(Change(tickets=[StoredTicket(ticket=made)]))
    async with busy.store.requests._asking.write() as connection:
        await save_calls(connection, [replace(late, facts=replace(late.facts, caller_number=wrote))])
    page = await (await busy.inside("0102", agent="li")).get("/todo/local1")
    assert ("近 90 天" in page.text) is is_theirs


async def test_a_ticket_that_is_not_there_or_only_begins_so_is_not_there(busy):
    browser = await busy.inside("0101", agent="zhang")
    for name in ("nothing", "over", "%2e%2e", "%00", "x" * 300):
        assert (await browser.get(f"/todo/{name}")).status_code in {404, 400}


async def test_without_a_service_the_page_says_so_and_nothing_is_lost(busy):
    browser = await busy.inside("0101", agent="zhang")
    page = await browser.get("/todo")
    assert "拨号服务没有运行" in page.text
    await browser.get("/todo/overdue1")
    assert (await browser.send("/todo/overdue1", do="claim")).status_code == 409


@pytest.mark.parametrize("path", ["/todo", "/todo/waits1", "/todo/later1", "/todo/rings1", "/todo/unknown1"])
async def test_the_pages_speak_english_alone_to_who_wants_that(busy, path):
    browser = await busy.inside("0101", agent="zhang")
    await browser.get("/")
    await browser.send("/look", language="en", back=path)
    text = re.sub("社保|工伤认定|某市大厅|张三|中文", "", browser.page.text)
    assert not re.findall("[\u4e00-\u9fff]+", text)


ZONE = ZoneInfo("Asia/Shanghai")
NOON = 1_800_000_000_000_000 // DAY * DAY + 4 * HOUR


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (-MINUTE, Label("超时 1 分", "1 min overdue")),
        (-3 * HOUR, Label("超时 3 小时", "3 h overdue")),
        (-5 * DAY, Label("超时 5 天", "5 days overdue")),
        (0, Label("还剩 0 分", "0 min left")),
        (HOUR, Label("还剩 60 分", "60 min left")),
        (4 * HOUR, Label("16:00 前", "by 16:00")),
        (DAY, Label("明天 12:00 前", "by 12:00 tomorrow")),
    ],
)
def test_a_deadline_is_said_as_people_say_it(due, said):
    assert due_in_words(NOON + due, NOON, ZONE) == said
