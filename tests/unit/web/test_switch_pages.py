"""The switches: breaks and outage announcements are steps of the service, and their consequence is said before."""

import ast
import re
from pathlib import Path

import pytest
from tests.unit.web.test_todo_pages import XSS, service
from voicedesk.access.roles import Role
from voicedesk.calls.model import PhoneState
from voicedesk.jobs.phones import steps as phone_steps
from voicedesk.phones.model import Break, PhoneStanding
from voicedesk.settings import Settings
from voicedesk.store.phones import StoredPhone
from voicedesk.store.requests import RequestState
from voicedesk.store.store import Store
from voicedesk.web.switches import LAST_FREE

__all__ = ["service"]
MINUTE = 60_000_000
LAST = (
    "6001 是社保热线最后一部空闲话机，暂停后无人可接；仍要暂停请加 --anyway "
    "(it is the last free phone: callers would find nobody; to pause it all the same add --anyway)"
)


@pytest.fixture
async def busy(house, tmp_path):
    """A house with people at their phones, one of them on a break; the desk knows its settings."""
    house.app.desk.settings = Settings.model_validate(
        {
            "store": {"url": house.settings.store.url},
            "hall": {"name": "某市大厅"},
            "agents": [{"id": "zhang", "name": "张三"}, {"id": "li", "name": "李四"}],
            "phones": [
                {"endpoint": "PJSIP/agent1", "extension": "6001"},
                {"endpoint": "PJSIP/agent2", "extension": "6002"},
            ],
            "assignments": [
                {"agent": "zhang", "endpoint": "PJSIP/agent1"},
                {"agent": "li", "endpoint": "PJSIP/agent2"},
            ],
            "lines": [{"name": "社保热线", "queues": ["sb"]}, {"name": "就业热线", "queues": ["jy"]}],
        }
    )
    now = house.clock.us
    pause = Break(pbx="main", endpoint="PJSIP/agent2", from_at=now - 12 * MINUTE, reason=XSS, agent="li", by="li")
    house.pause_id = pause.id
    known = {"pbx": "main", "is_current": True, "since": now}
    async with Store.open(house.settings.store.url) as store:
        await store.phones.save(
            phones=[
                StoredPhone(standing=PhoneStanding(endpoint="PJSIP/agent1", state=PhoneState.FREE, **known)),
                StoredPhone(
                    standing=PhoneStanding(
                        endpoint="PJSIP/agent2", state=PhoneState.PAUSED, on_break_since=now, reason=XSS, **known
                    )
                ),
            ],
            breaks=[pause],
        )
    return house


async def test_staff_begin_their_own_break_whatever_phone_a_form_names(busy, service):
    zhang = await busy.inside("0101", agent="zhang")
    page = await zhang.get("/breaks")
    assert "现在离岗" in page.text
    assert 'name="phone"' not in page.text
    assert (await zhang.send("/breaks", do="start", phone="main 6002", reason="午餐", other="")).status_code == 200
    row = {"do": "start", "by": "zhang", "phone": None, "pbx": None, "reason": "午餐", "anyway": False}
    assert service[-1] == (row, "0101")


async def test_staff_neither_end_nor_understand_the_break_of_another(busy, service):
    zhang, li = await busy.inside("0101", agent="zhang"), await busy.inside("0102", agent="li")
    page = await zhang.get("/breaks")
    assert "李四" in page.text
    assert "&lt;img" not in page.text
    assert busy.pause_id not in page.text
    assert (await zhang.send("/breaks", do="stop", **{"break": busy.pause_id})).status_code == 404
    assert service == []
    page = await li.get("/breaks")
    assert "&lt;img" in page.text
    assert XSS not in page.text
    assert (await li.send("/breaks", do="stop", **{"break": busy.pause_id})).status_code == 200
    assert service[-1][0] == {"do": "stop", "by": "li", "phone": "PJSIP/agent2", "pbx": "main"}


async def test_the_last_free_phone_s_break_is_asked_for_once_more_with_what_follows(busy, monkeypatch):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    asked = await refusing(busy, monkeypatch, LAST)
    await boss.get("/breaks")
    page = await boss.send("/breaks", do="start", phone="main 6001", reason="会议", other="")
    assert page.status_code == 409
    assert "6001 是社保热线最后一部空闲话机" in page.text
    assert "--anyway" not in page.text
    assert "6001 仍要离岗" in page.text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text.split("<main")[1]))
    await boss.send("/breaks", **{name: value for name, value in hidden.items() if name not in {"form", "back"}})
    assert [one["anyway"] for one in asked] == [False, True]
    assert asked[-1] | {"anyway": False} == asked[0]


async def refusing(house, monkeypatch, outcome: str) -> list[dict]:
    """A service that refuses whatever is asked."""
    asked = []

    async def ask(kind, payload, asked_by):
        asked.append(payload)
        return "x"

    async def wait_for(*_):
        return type("Refused", (), {"state": RequestState.FAILED, "outcome": outcome})()

    async def holder(_name):
        return "test:1:x"

    for name, one in (("ask", ask), ("wait_for", wait_for), ("holder", holder)):
        monkeypatch.setattr(house.store.requests, name, one)
    return asked


async def test_an_outage_is_announced_only_after_what_follows_was_said(busy, service):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    await boss.get("/outages")
    page = await boss.send("/outages", do="start", line="", text=XSS)
    assert "每位来电人都会先听到" in page.text
    assert "对 2 条线路开始播报" in page.text
    assert XSS not in page.text
    assert service == []
    await boss.send("/outages", do="start", line="社保热线", text="系统抢修\n16点恢复", sure="1")
    row, by = service[-1]
    assert row | {"text": ""} == {"do": "start", "by": "0001", "line": "社保热线", "text": ""}
    assert row["text"].split() == ["系统抢修", "16点恢复"]
    assert by == "0001"


async def test_an_outage_is_ended_where_it_is_announced_and_staff_only_read_it(busy, service):
    async with Store.open(busy.settings.store.url) as store:
        await store.outages.start(XSS, line="社保热线", at=busy.clock.us, by="0001")
    zhang = await busy.inside("0101", agent="zhang")
    page = await zhang.get("/outages")
    assert "&lt;img" in page.text
    assert "<textarea" not in page.text
    assert (await zhang.send("/outages", do="stop", line="社保热线")).status_code == 404
    assert service == []
    boss = await busy.inside("0001", Role.SUPERVISOR)
    await boss.get("/outages")
    await boss.send("/outages", do="stop", line="社保热线")
    assert service[-1][0] == {"do": "stop", "by": "0001", "line": "社保热线"}


@pytest.mark.parametrize(("path", "fields"), [("/breaks", {"do": "x"}), ("/outages", {"do": "x"}), ("/outages", {})])
async def test_a_form_made_by_hand_asks_nothing(busy, service, path, fields):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    await boss.get(path)
    assert (await boss.send(path, **fields)).status_code in {400, 409}
    assert (await boss.send("/outages", do="start", text=" ")).status_code in {403, 409}
    assert service == []


async def test_without_a_service_the_pages_say_so_and_what_can_be_done_instead(busy):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    assert "*31" in (await boss.get("/breaks")).text
    assert "服务没有运行" in (await boss.get("/outages")).text
    assert (await boss.send("/outages", do="start", text="x", sure="1")).status_code == 409


async def test_who_audits_sees_neither_and_who_administers_begins_no_break(busy):
    auditor, keeper = await busy.inside("0009", Role.AUDITOR), await busy.inside("0008", Role.ADMINISTRATOR)
    for path in ("/breaks", "/outages"):
        assert (await auditor.get(path)).status_code == 404
        assert f'href="{path}"' not in (await auditor.get("/")).text
    assert "现在离岗" not in (await keeper.get("/breaks")).text
    assert (await keeper.send("/breaks", do="stop", **{"break": busy.pause_id})).status_code == 404
    assert "发布故障公告" in (await keeper.get("/outages")).text


@pytest.mark.parametrize("path", ["/breaks", "/outages"])
async def test_the_pages_speak_english_alone(busy, path):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    await boss.get("/")
    await boss.send("/look", language="en", back=path)
    text = re.sub("社保热线|就业热线|某市大厅|张三|李四|中文|午餐|会议|外出办事|休息", "", boss.page.text)
    assert not re.findall("[\u4e00-\u9fff]+", text)


def test_the_service_s_own_words_about_a_last_free_phone_are_recognised():
    tree = ast.parse(Path(phone_steps.__file__).read_text(encoding="utf-8"))
    texts = [one for one in ast.walk(tree) if isinstance(one, ast.JoinedStr)]
    (said,) = [one for one in texts if "最后一部空闲话机" in ast.unparse(one)]
    values = iter(("6001 张三", "社保热线、就业热线"))
    text = "".join(one.value if isinstance(one, ast.Constant) else next(values) for one in said.values)
    found = LAST_FREE.search(text)
    assert (found["phone"], found["lines"]) == ("6001 张三", "社保热线、就业热线")
