"""The search of every page: what fits and may be seen, straight to the one thing, and no way to guess a number."""

import re
import sqlite3

import pytest
from sqlalchemy import event
from tests.testbed.calls_of_a_day import NUMBER, at, call_of
from tests.unit.web.test_one_call_page import belongs_to
from tests.unit.web.test_todo_pages import ticket
from voicedesk.access.roles import Role
from voicedesk.desk import search as searching
from voicedesk.settings import Settings
from voicedesk.store.store import Store
from voicedesk.store.tickets import Change, StoredTicket
from voicedesk.web import find as finding

HOUR = 3_600_000_000
CALL = call_of("a_answer_2rings")
OTHER = "13912341234"
"""It looks like NUMBER to whoever sees the last four digits."""
LOCAL = "65981234"
PEOPLE = [{"id": "zhang", "name": "张三", "number": "0101"}, {"id": "li", "name": "李四", "number": "0102"}]
SOCIAL = {"name": "社保", "extensions": ["4001"], "phones": ["PJSIP/6003"]}
PHONE = {"endpoint": "PJSIP/6003", "extension": "6003"}


@pytest.fixture
async def busy(house, monkeypatch):
    """Zhang's call of NUMBER, li's of another that ends alike, one of a local number; tickets of both; settings."""
    told = house.settings.model_dump(exclude_unset=True) | {"agents": PEOPLE, "lines": [SOCIAL], "phones": [PHONE]}
    monkeypatch.setattr(house.app.desk, "settings", Settings.model_validate(told))
    now = house.clock.us
    calls = [
        belongs_to(at(CALL, 0xABCDEF01, now - HOUR), "zhang"),
        belongs_to(at(CALL, 0xABCDEF02, now - 2 * HOUR, caller_number=OTHER), "li"),
        belongs_to(at(CALL, 0xABCDEF03, now - 3 * HOUR, caller_number=LOCAL), "li"),
    ]
    tickets = [ticket("t" * 20, now, HOUR), ticket("mine1", now, HOUR, number=OTHER, owner="zhang", group="就业")]
    async with Store.open(house.settings.store.url) as store:
        await store.calls.save(calls)
        await store.tickets.change(Change(tickets=[StoredTicket(ticket=one) for one in tickets]))
    return house


def call_ids(page) -> set[str]:
    return {one[-1:] for one in re.findall(r'href="/calls/([0-9a-f]{20})"', page.text)}


def ticket_ids(page) -> set[str]:
    return {one[:5] for one in re.findall(r'href="/todo/(\w+)"', page.text)}


async def sought(house) -> list[str]:
    """What the audit log has but for how accounts came to be."""
    return [one for one in await house.deeds() if one != "account_added"]


async def find(browser, text: str):
    await browser.get("/find")
    return await browser.send("/find", q=text)


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("待办", "/todo"),
        ("review", "/review"),
        ("张三", "/calls?period=month&agent=zhang"),
        ("0102", "/calls?period=month&agent=li"),
        ("社保", "/calls?period=week&line="),
        ("4001", "/calls?period=week&line="),
        ("6003", "/calls?period=week&phone=6003"),
        ("000000000000abcdef02", "/calls/000000000000abcdef02"),
        ("T" * 20, "/todo/" + "t" * 20),
        ("  ＭＩＮＥ1 ", "/todo/mine1"),
    ],
)
async def test_what_is_one_thing_alone_is_led_to(busy, text, leads):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    page = await find(boss, text)
    assert page.status_code == 200
    assert page.url.raw_path.decode().startswith(leads), page.url


async def test_an_id_is_found_by_its_first_six_signs_and_many_things_are_listed_with_where_they_lead(busy):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    assert call_ids(await find(boss, "000000")) == {"1", "2", "3"}
    assert call_ids(await find(boss, "00000")) == set()
    numbers = await find(boss, "1234")
    assert (call_ids(numbers), ticket_ids(numbers)) == ({"1", "2", "3"}, {"ttttt", "mine1"})
    assert NUMBER not in numbers.text
    assert OTHER not in numbers.text
    assert "没有符合的内容" in (await find(boss, "没有这样的")).text
    assert "请在上方输入" in (await boss.get("/find")).text


async def test_a_supervisor_finds_by_the_whole_number_however_it_is_written_and_the_audit_log_has_it(busy):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    for text in (NUMBER, f"+86 {NUMBER[:3]} {NUMBER[3:7]}-{NUMBER[7:]}", "3812341234", f"0{NUMBER}"):
        page = await find(boss, text)
        assert (call_ids(page), ticket_ids(page)) == ({"1"}, {"ttttt"}), text
        assert "已记入审计日志" in page.text
        assert NUMBER not in page.text
    entries = (await busy.store.audit.list(limit=10))[:4]
    assert {(one.deed, one.thing) for one in entries} == {("number_sought", "number")}
    assert all(NUMBER not in one.object for one in entries)
    assert NUMBER not in str(page.url)


async def test_what_lists_show_anyway_is_found_without_an_entry_in_the_audit_log(busy):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    await find(boss, NUMBER[-5:-1] + "9")
    assert await sought(busy) == []
    await find(boss, "1234")
    assert await sought(busy) == ["number_sought"], "of the local number lists show two digits"


async def test_whoever_may_not_see_whole_numbers_finds_the_same_whichever_digits_they_guess(busy):
    keeper = await busy.inside("0009", Role.ADMINISTRATOR)
    pages = [await find(keeper, text) for text in (NUMBER, OTHER, "13000001234", "0012341234", "781234")]
    assert [call_ids(one) for one in pages] == [{"1", "2"}] * 5, "and never the local one, of which lists show 34"
    assert all("只比对了后四位" in one.text for one in pages)
    assert call_ids(await find(keeper, "1234")) == {"1", "2"}
    assert call_ids(await find(keeper, LOCAL)) == {"1", "2"}
    assert await sought(busy) == []
    bodies = {re.sub(r'(?s)<b class="sought">.*?</b>|name="form" value="\w+"', "", one.text) for one in pages}
    assert len(bodies) == 1


async def test_staff_find_their_own_calls_alone_and_of_others_tickets_compare_four_digits(busy):
    zhang = await busy.inside("0101", agent="zhang")
    own = await find(zhang, NUMBER)
    assert call_ids(own) == {"1"}
    assert ticket_ids(own) == {"ttttt"}, "it is nobody's: it looks so; their own is of another number"
    for guess in ("13000001234", "18612341234"):
        page = await find(zhang, guess)
        assert call_ids(page) == set()
        assert page.url.path == "/todo/" + "t" * 20, "whatever is guessed before the last four digits"
    assert ticket_ids(await find(zhang, OTHER)) == {"ttttt", "mine1"}
    assert (await find(zhang, "000000000000abcdef02")).text.count("/calls/0000") == 0
    assert "没有符合的内容" in (await find(zhang, "李四")).text
    assert (await find(zhang, "张三")).url.path == "/mine"
    assert "没有符合的内容" in (await find(zhang, "review")).text


async def test_an_auditor_finds_no_call_no_ticket_and_nobody(busy):
    auditor = await busy.inside("0008", Role.AUDITOR)
    for text in (NUMBER, "1234", "张三", "社保", "6003", "000000000000abcdef02", "mine1"):
        assert "没有符合的内容" in (await find(auditor, text)).text, text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "';DROP TABLE calls;--",
        "%",
        "_" * 20,
        "\x00\ud7ff\u202e",
        "=1+1",
        "../../etc/passwd",
        "9" * 5000,
        "{{7*7}}",
        "   ",
        "----",
    ],
)
async def test_whatever_is_typed_is_text(busy, text):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    page = await find(boss, text)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert call_ids(page) | ticket_ids(page) == set()


async def test_notices_are_found_by_name_with_the_keys_that_callers_press(busy, monkeypatch):
    told = busy.app.desk.settings.model_dump(exclude_unset=True) | {"notices": {"samples": True}}
    monkeypatch.setattr(busy.app.desk, "settings", Settings.model_validate(told))
    auditor = await busy.inside("0008", Role.AUDITOR)
    assert "键收听" in (await find(auditor, "养老")).text
    monkeypatch.setattr(finding, "_ITEMS_KEPT_US", 0)
    monkeypatch.setattr(finding, "catalogue_of", lambda _: (_ for _ in ()).throw(PermissionError("away")))
    assert "没有符合的内容" in (await find(auditor, "养老")).text


async def test_a_form_from_elsewhere_finds_nothing(busy):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    assert (await boss.client.post("/find", data={"q": NUMBER, "form": "x"})).status_code == 403


async def test_by_the_end_of_a_number_the_newest_calls_are_looked_through_and_the_page_says_so(busy, monkeypatch):
    monkeypatch.setattr(searching, "MOST_COUNTED", 2)
    boss = await busy.inside("0001", Role.SUPERVISOR)
    page = await find(boss, "1234")
    assert call_ids(page) == {"1", "2"}
    assert "以来的通话" in page.text
    assert (await find(boss, LOCAL)).url.path == f"/calls/{0xABCDEF03:020x}", "a whole number, however old the call is"


READS_ALL = re.compile(r"SCAN (calls|legs|tickets)")


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.STAFF, Role.ADMINISTRATOR])
async def test_no_search_reads_all_calls_or_all_tickets(busy, monkeypatch, role):
    monkeypatch.setattr(searching, "MOST_COUNTED", 2)
    monkeypatch.setattr(searching, "MOST_COUNTED_OF_ONE", 1)
    async with Store.open(busy.settings.store.url) as store:
        await store.calls.save(belongs_to(at(CALL, n, busy.clock.us - n * HOUR), "zhang") for n in range(5, 9))
        some = [StoredTicket(ticket=ticket(f"more{n}", busy.clock.us, HOUR, number=f"1390000000{n}")) for n in (1, 2)]
        await store.tickets.change(Change(tickets=some))
    browser = await busy.inside("0007", role, agent="zhang")
    asked: list[tuple[str, tuple]] = []
    event.listen(
        busy.store.database.engine.sync_engine,
        "before_cursor_execute",
        lambda *told: asked.append((told[2], told[3])),
    )
    base = sqlite3.connect(busy.store.database.path)
    for text in (NUMBER, "1234", "341234", "000000000000abcdef02", "abcdef", "mine1", "张三"):
        form = re.search(r'name="form" value="(\w+)"', (await browser.get("/more")).text)[1]
        asked.clear()
        await browser.client.post("/find", data={"q": text, "form": form}, follow_redirects=False)
        for statement, values in asked:
            for plan in base.execute(f"EXPLAIN QUERY PLAN {statement}", values):
                is_bounded = "COVERING INDEX" in plan[3] and "OFFSET" in statement
                assert is_bounded or not READS_ALL.match(plan[3]), (text, statement, plan)
                of_one = plan[3].endswith(("_by_agent (agent=?)", "_by_due (closed_at=?)"))
                assert "OFFSET" in statement or not of_one, (text, statement, plan)
    base.close()


async def test_administrators_alone_come_to_the_guided_start_by_its_name_and_from_more(busy):
    keeper = await busy.inside("0009", role=Role.ADMINISTRATOR)
    assert (await find(keeper, "设置向导")).url.path.startswith("/setup")
    assert 'href="/setup"' in (await keeper.get("/more")).text
    supervisor = await busy.inside("0002", role=Role.SUPERVISOR)
    assert (await find(supervisor, "设置向导")).url.path == "/find"
    assert 'href="/setup"' not in (await supervisor.get("/more")).text
