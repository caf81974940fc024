"""The review on a screen: what waits and why, blind samples, nobody's own, one decision after another, agreement."""

import re
from dataclasses import replace
from html import unescape

import pytest
from tests.unit.web.test_calls_page import LATE, ON_TIME, at
from tests.unit.web.test_one_call_page import XSS, belongs_to, greeting
from voicedesk.access.roles import Role
from voicedesk.calls.model import Gap, GapReason, JudgedCall, Verdict
from voicedesk.calls.three_rings import judge
from voicedesk.desk.review import FEW
from voicedesk.store.calls import HumanDecision, save_calls
from voicedesk.store.decisions import Kind, Move, Step, Subject
from voicedesk.store.store import Store

MINUTE = 60_000_000
UNTOLD, APPEALED, ACCUSED, SAMPLED, PLAIN, SAID = (f"{n:020x}" for n in (0x1, 0x2, 0x3, 0x100, 0x101, 0x111))


def untold(call: JudgedCall) -> JudgedCall:
    begun = call.facts.started_at
    facts = replace(call.facts, gaps=(Gap(from_at=begun - 1, to_at=None, reason=GapReason.LINK_LOST),), legs=())
    return JudgedCall(facts=facts, judgement=judge(facts))


@pytest.fixture
async def busy(house):
    """A call that cannot be told, one with an appeal, an accused greeting, two samples, and one that waits for none."""
    now = house.clock.us
    calls = [
        untold(at(ON_TIME, 0x1, now - 10 * MINUTE)),
        belongs_to(at(LATE, 0x2, now - 20 * MINUTE), "zhang"),
        belongs_to(at(ON_TIME, 0x3, now - 30 * MINUTE), "zhang"),
        belongs_to(at(LATE, 0x100, now - 40 * MINUTE), "li"),
        belongs_to(at(LATE, 0x101, now - 50 * MINUTE), "li"),
        belongs_to(at(ON_TIME, 0x111, now - 60 * MINUTE), "li"),
    ]
    async with Store.open(house.settings.store.url) as store:
        async with house.store.requests._asking.write() as connection:
            await save_calls(connection, calls)
        await store.greetings.save(greeting(ACCUSED, "zhang", answered_at=now - 30 * MINUTE))
        kept = {"needs_review": False, "verdict": "wrong_order", "uniqueid": "1.111", "answered_at": now - 60 * MINUTE}
        await store.greetings.save(greeting(SAID, "li", **kept))
        about = Subject(kind=Kind.CALL, call_id=APPEALED, pbx="main")
        why = f"话机无声{XSS}"
        step = Step(move=Move.APPEAL, reason=why, by="zhang", at=now, automatic="late", automatic_cause="person")
        await store.decisions.add(about, step)
    return house


def waiting(page) -> list[str]:
    """The keys of what is listed, in order."""
    listed = re.search(r'(?s)<section class="panel r-list".*?</section>', page.text)
    return [unescape(one) for one in re.findall(r"item=([^\"&]+)", listed[0])] if listed else []


def item_of(page) -> str:
    """The item in the middle, by the form beside it."""
    return re.search(r'name="item" value="([^"]+)"', page.text)[1]


KEYS = [f"call.{APPEALED}", f"call.{UNTOLD}", f"greeting.{ACCUSED}.1.3", f"call.{SAMPLED}", f"greeting.{SAID}.1.111"]


async def test_appeals_come_first_then_what_cannot_be_told_then_accusations_then_the_sample(busy):
    page = await (await busy.inside("0001", Role.SUPERVISOR)).get("/review")
    assert page.status_code == 200
    assert waiting(page) == KEYS
    assert item_of(page) == KEYS[0]
    assert "本人提出申诉" in page.text
    assert "话机无声" in page.text
    assert XSS not in page.text
    assert "style=" not in page.text
    boss = await busy.inside("0002", Role.SUPERVISOR)
    for key, why in zip(KEYS[1:4], ("自动判不了", "未经本厅校准", "随机抽样"), strict=True):
        shown = await boss.get(f"/review?item={key}")
        assert why in shown.text


async def test_a_sample_shows_neither_its_verdict_nor_what_follows_from_it(busy):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    call = await boss.get(f"/review?why=sample&item=call.{SAMPLED}")
    assert waiting(call) == KEYS[3:]
    source = re.search(r'(?s)<div class="review">.*?<section class="panel r-decide"', call.text)[0]
    assert "超时" not in source
    assert "人员未接" not in source
    assert not re.findall(r'class="v ', source)
    assert f"/calls/{SAMPLED}" not in source
    said = await boss.get(f"/review?why=sample&item=greeting.{SAID}.1.111")
    source = re.search(r'(?s)<div class="review">.*?<section class="panel r-decide"', said.text)[0]
    assert "您好" in source
    assert "wrong_order" not in source
    for hidden in ("次序不对", "缺：", 'class="part', 'class="band', "alert(1)", "禁语"):
        assert hidden not in source, hidden
    assert "checked" not in said.text


async def test_nobody_is_given_what_is_their_own_or_what_they_appealed(busy):
    zhang = await busy.inside("0001", Role.SUPERVISOR, agent="zhang")
    page = await zhang.get("/review")
    assert waiting(page) == [KEYS[1], *KEYS[3:]]
    li = await busy.inside("0002", Role.SUPERVISOR, agent="li")
    assert waiting(await li.get("/review")) == KEYS[:3]


async def test_whoever_appealed_under_their_login_is_not_given_their_own_appeal(busy):
    """Nobody of [[agents]] is named at that phone, so that anybody may appeal: the appeal alone says whose it is."""
    now = busy.clock.us
    async with Store.open(busy.settings.store.url) as store:
        async with busy.store.requests._asking.write() as connection:
            await save_calls(connection, [at(LATE, 0x4, now - 15 * MINUTE)])
        about = Subject(kind=Kind.CALL, call_id=f"{0x4:020x}", pbx="main")
        step = Step(move=Move.APPEAL, reason="话机坏了", by="0009", at=now, automatic="late")
        await store.decisions.add(about, step)
    key = f"call.{0x4:020x}"
    assert key not in waiting(await (await busy.inside("0009", Role.SUPERVISOR)).get("/review"))
    assert key in waiting(await (await busy.inside("0001", Role.SUPERVISOR)).get("/review"))


async def test_what_is_one_s_own_is_not_decided_by_a_form_either(busy, service):
    zhang = await busy.inside("0001", Role.SUPERVISOR, agent="zhang")
    await zhang.get("/review")
    page = await zhang.send("/review", do="decide", item=KEYS[0], verdict="on_time", reason="x")
    assert page.status_code == 409
    assert service == []


@pytest.mark.parametrize("role", [Role.STAFF, Role.ADMINISTRATOR, Role.AUDITOR])
async def test_only_supervisors_review(busy, role):
    browser = await busy.inside("0101", role)
    assert (await browser.get("/review")).status_code == 404
    assert 'href="/review"' not in (await browser.get("/")).text
    assert (await busy.deeds())[-1] == "refused"


async def test_a_verdict_leads_to_the_next_and_the_last_one_can_be_taken_back(busy, service):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    await boss.get("/review")
    page = await boss.send("/review", do="decide", item=KEYS[0], verdict="on_time", reason="话机报修，属实")
    assert page.status_code == 200
    assert item_of(page) != KEYS[0]
    assert f'value="{KEYS[1]}"' in page.text
    assert waiting(page) == KEYS[1:]
    assert "您判“按时”，自动判定“超时”" in page.text
    assert "今天您已判定 1 件" in page.text
    page = await boss.send("/review", do="undo")
    assert waiting(page) == KEYS
    assert [one["do"] for one in service] == ["decide", "undo"]
    again = await boss.send("/review", do="undo")
    assert again.status_code == 409


async def test_a_verdict_that_agrees_needs_no_words_and_one_that_differs_does(busy, service):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    await boss.get(f"/review?item={KEYS[2]}")
    page = await boss.send("/review", do="decide", item=KEYS[2], verdict="compliant")
    assert page.status_code == 409
    assert "与自动判定不同，请写明理由" in page.text
    assert re.search(r'value="compliant"[^>]* checked', page.text), "what was chosen is kept"
    none = await boss.send("/review", do="decide", item=KEYS[2])
    assert "请先选判定" in none.text
    await boss.send("/review", do="decide", item=KEYS[2], verdict="incomplete")
    assert (service[-1]["reason"], service[-1]["verdict"], service[-1]["part"]) == ("同自动判定", "incomplete", "1.3")
    appeal = await boss.send("/review", do="decide", item=KEYS[0], verdict="late")
    assert "答复申诉要写明理由" in appeal.text


async def test_whether_a_sample_needs_a_reason_does_not_tell_the_hidden_verdict(busy, service):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    await boss.get(f"/review?item={KEYS[3]}")
    same = await boss.send("/review", do="decide", item=KEYS[3], verdict="late")
    other = await boss.send("/review", do="decide", item=KEYS[3], verdict="missed")
    assert same.status_code == other.status_code == 409
    assert "不同" not in re.search(r'(?s)role="alert".*?</p>', same.text)[0]
    page = await boss.send("/review", do="decide", item=KEYS[3], verdict="late", reason="17 秒才接")
    assert "您判“超时”，自动判定“超时”" in page.text
    assert waiting(page) == [*KEYS[:3], KEYS[4]]
    page = await boss.send("/review", do="undo")
    assert page.url.path == f"/calls/{SAMPLED}", "who saw the verdict does not judge it blind"
    assert KEYS[3] not in waiting(await boss.get("/review"))


async def test_what_is_put_aside_comes_back_when_it_is_asked_for(busy):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    await boss.get("/review")
    page = await boss.send("/review", do="aside", item=KEYS[0])
    assert waiting(page) == KEYS[1:]
    assert "先放下 1 件" in page.text
    other = await busy.inside("0002", Role.SUPERVISOR)
    assert waiting(await other.get("/review")) == KEYS, "another session has it still"
    assert waiting(await boss.send("/review", do="again")) == KEYS


async def test_what_somebody_else_decided_meanwhile_is_not_decided_twice(busy, service):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    await boss.get("/review")
    async with Store.open(busy.settings.store.url) as store:
        by_hand = HumanDecision(verdict=Verdict.ON_TIME, by="0002", reason="x", at=busy.clock.us)
        await store.calls.decide(UNTOLD, by_hand)
    page = await boss.send("/review", do="decide", item=KEYS[1], verdict="late", reason="x")
    assert page.status_code == 409
    assert "已有别人判定" in page.text
    assert service == []


async def test_each_key_stands_beside_what_it_does(busy):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    page = await boss.get(f"/review?item={KEYS[2]}")
    for digit in "1234567890"[:7] + "0":
        assert re.search(rf'data-key="{digit}"[^>]*>.*?<kbd>{digit}</kbd>', page.text), digit
    for key, hint in (("enter", "Enter"), ("j", "J"), ("k", "K"), ("s", "S")):
        assert re.search(rf'data-key="{key}"[^>]*>[^<]*<kbd>{hint}</kbd>', page.text), key
    assert re.search(r'value="cannot_tell" required data-key="0"', page.text)


async def test_without_a_service_nothing_is_decided_and_the_page_says_so(busy):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    assert "服务没有运行" in (await boss.get("/review")).text
    page = await boss.send("/review", do="decide", item=KEYS[0], verdict="late", reason="长长的理由")
    assert page.status_code == 409
    assert "请联系管理员，确认服务是否在运行" in page.text
    assert "长长的理由" in page.text


async def test_an_address_that_makes_no_sense_says_so_and_an_old_one_shows_the_first(busy):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    assert (await boss.get("/review?why=whim")).status_code == 400
    assert (await boss.get("/review?shape=round")).status_code == 400
    assert item_of(await boss.get(f"/review?item=call.{'f' * 20}")) == KEYS[0]
    assert (await boss.send("/review", do="dance", item=KEYS[0])).status_code == 409


async def test_a_greeting_whose_call_is_gone_blocks_nothing(busy):
    async with Store.open(busy.settings.store.url) as store:
        await store.greetings.save(greeting("e" * 20, "li", uniqueid="1.gone", answered_at=busy.clock.us))
    boss = await busy.inside("0001", Role.SUPERVISOR)
    page = await boss.get(f"/review?item=greeting.{'e' * 20}.1.gone")
    assert page.status_code == 200
    assert "已不再保存" in page.text


async def test_agreement_has_both_numbers_and_no_rate_of_a_few_cases(busy):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    assert "这段时间没有人判定过" in (await boss.get("/review")).text
    now = busy.clock.us
    async with Store.open(busy.settings.store.url) as store:
        for n in range(FEW + 1):
            decided = "incomplete" if n else "compliant"
            verdict = "incomplete" if n < FEW else "wrong_order"
            one = greeting(f"{n:019x}b", "li", uniqueid=f"9.{n}", verdict=verdict, answered_at=now)
            await store.greetings.save(one)
            about = Subject(kind=Kind.GREETING, call_id=one.call_id, pbx="main", uniqueid=one.uniqueid)
            step = Step(move=Move.DECIDE, reason="x", by="0001", at=now, verdict=decided, automatic=verdict)
            await store.decisions.add(about, step)
    page = await boss.get("/review")
    row = re.search(r'(?s)<th scope="row">不完整</th>.*?</tr>', page.text)[0]
    assert "90.0%" in row
    assert "9 / 10" in row
    few = re.search(r'(?s)<th scope="row">次序不对</th>.*?</tr>', page.text)[0]
    assert "%" not in few
    assert "1 件中 0 件" in few


async def test_the_review_speaks_english_alone_to_who_wants_that(busy, service):
    boss = await busy.inside("0007", Role.SUPERVISOR)
    await boss.get("/review")
    await boss.send("/look", language="en", back=f"/review?item={KEYS[2]}")
    await boss.send("/review", do="decide", item=KEYS[2], verdict="incomplete")
    text = re.sub("话机无声|您好|社保|不清楚|某市大厅|张三|中文", "", boss.page.text)
    assert not re.findall("[\u4e00-\u9fff]+", text)
    assert service[-1]["reason"] == "as the rules said"


async def test_when_all_is_reviewed_the_page_says_so(house):
    page = await (await house.inside("0001", Role.SUPERVISOR)).get("/review")
    assert "都复核完了" in page.text
