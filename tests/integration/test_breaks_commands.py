"""`voicedesk breaks …` and `voicedesk agents` as they are typed: what is asked by a row, and what is shown."""

import asyncio
import json
import re

import pytest
from structlog.testing import capture_logs
from tests.fakes.in_thread import InThread
from tests.fakes.rows import serve
from tests.integration.test_phone_desk import Hall
from tests.unit.cli.conftest import typed  # noqa: F401  # a fixture
from tests.unit.phones.switch import A1, A2, MINUTE, device, listed, lost, snapshot
from voicedesk.clock import now_us
from voicedesk.run import service as app
from voicedesk.step_rows import StepKind
from voicedesk.store.store import Store

CONFIG = f"""
[[lines]]
name = "社保"
queues = ["hotline"]
phones = ["{A1}", "{A2}", "PJSIP/spare"]
[[phones]]
endpoint = "{A1}"
extension = "6001"
[[phones]]
endpoint = "{A2}"
[[phones]]
endpoint = "PJSIP/spare"
[[agents]]
id = "wang"
name = "王小明"
[[agents]]
id = "li"
name = "李"
[[agents]]
id = "zhou"
name = "周"
[[assignments]]
agent = "wang"
endpoint = "{A1}"
[[assignments]]
agent = "li"
member = "Agent Two"
"""


class Serving(InThread):
    """A service's watch over phones in a thread of its own, answering rows as `voicedesk run` does."""

    def __init__(self, url: str) -> None:
        lines = [{"name": "社保", "queues": ["hotline"], "phones": [A1, A2]}]
        self.hall = Hall(url, lines=lines, phone_watch={"away_seconds": 0.2})
        self.later: list = []

    async def serve(self) -> None:
        self.hall.now = now_us
        async with Store.open(self.hall.url, now=now_us) as store:
            self.hall.us = now_us()
            await self.hall.begin(store)
            await self.hall.links()
            await store.requests.lead(app.LEADER, "test:1:x", 600)
            self.is_ready()
            while not self.is_over:
                while self.later:
                    self.hall.desk.receive("hall", self.later.pop(0))
                await self.hall.desk.work()
                self.hall.us = now_us()
                done = await serve(store.requests, "test:1:x", self.hall.steps, before=self.hall.desk.work)
                assert {request.kind for request, _, _ in done} <= {StepKind.BREAK}
                await asyncio.sleep(0.02)
            await store.requests.resign(app.LEADER, "test:1:x")

    def told(self, *events) -> None:
        """The switch tells something, and it is looked at."""
        self.later.append(events)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "voicedesk.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture
def run(typed, config):  # noqa: F811  # the fixture imported above
    def runs(*words, code=0):
        done = typed(*map(str, words), "--config", str(config))
        assert done.code == code, done.err
        return done.err if code else done.out

    return runs


@pytest.fixture
def serving(tmp_path):
    with capture_logs(), Serving(f"sqlite:///{tmp_path}/voicedesk.db") as made:
        yield made


def test_a_break_is_begun_listed_and_ended(run, serving):
    assert "午餐" in run("breaks", "start", "6001", "--reason", "午餐", "--by", "wang")
    listed_now = run("breaks", "list")
    assert A1 in listed_now
    assert "至今" in listed_now
    assert "命令" in listed_now
    assert "最后一部空闲话机" in run("breaks", "start", "--by", "li", code=1)
    answer = json.loads(run("breaks", "start", "--by", "li", "--anyway", "--json"))["answer"]
    assert A2 in answer
    assert "回岗" in run("breaks", "stop", "6001")
    (standing,) = json.loads(run("breaks", "list", "--json"))
    assert (standing["endpoint"], standing["agent"], standing["to"]) == (A2, "li", None)
    over = json.loads(run("breaks", "list", "--all", "--json"))
    assert {one["endpoint"]: one["to"] is not None for one in over} == {A1: True, A2: False}
    assert run("breaks", "list", "--to", "2020-01-01") == ""


def rows(run) -> dict:
    return {(one["agent"], one["endpoint"]): one for one in json.loads(run("agents", "--json"))["agents"]}


def until(run, done) -> dict:
    for _ in range(100):
        if done(found := rows(run)):
            return found
    raise AssertionError(found)


def test_a_chinese_hall_hears_of_a_break_in_chinese(run, config, serving):
    config.write_text(f'[hall]\nlanguage = "zh"\n{CONFIG}', encoding="utf-8")
    run("breaks", "start", "6001", "--by", "wang")
    begun = run("breaks", "start", "--by", "li", "--anyway")
    assert re.fullmatch(r".+ 自 \d\d:\d\d 起离岗：未说明；社保已无空闲话机\n", begun)
    assert re.fullmatch(r".+ 已回岗，离岗 0 分钟\n", run("breaks", "stop", "6001"))
    assert "没有名为 'wnag' 的人员：是否指 wang？" in run("breaks", "start", "--by", "wnag", code=1)


def test_every_person_and_phone_is_shown_with_state_break_and_findings(run, serving):
    run("breaks", "start", "6001", "--reason", "会议", "--by", "wang")
    serving.told(device("Custom:DND6002", "INUSE", now_us()))
    found = until(run, lambda found: found["li", A2]["dnd"])
    assert set(found) == {("wang", A1), ("li", A2), (None, "PJSIP/spare"), ("zhou", None)}
    one = found["wang", A1]
    assert (one["name"], one["extension"], one["state"], one["is_current"]) == ("王小明", "6001", "paused", True)
    assert one["on_break"]["reason"] == "会议"
    assert found[None, "PJSIP/spare"]["state"] == "unknown"
    shown = run("agents")
    assert "离岗 0 分钟 on a break for 0 min（会议）" in shown
    assert "免打扰 DND" in shown
    assert "周  未入座" in shown
    gone = now_us() - 5 * MINUTE
    serving.told(device(A2, "UNAVAILABLE", gone), device("Custom:DND6002", "NOT_INUSE", gone))
    until(run, lambda found: [one["kind"] for one in found["li", A2]["findings"]] == ["phone_unregistered"])
    until(run, lambda _: json.loads(run("agents", "--json"))["lines"])
    shown = run("agents")
    assert "! 话机未注册或不可用" in shown
    assert "社保  ! 线路无人可接" in shown
    assert json.loads(run("agents", "--json"))["lines"][0]["kind"] == "nobody_free"


def test_what_is_not_current_says_so(run, typed, config, serving):  # noqa: F811  # the fixture imported above
    serving.told(lost(now_us()))
    until(run, lambda found: not found["wang", A1]["is_current"])
    assert "非当前" in run("agents")
    serving.told(*snapshot(now_us(), *listed(now_us())))
    until(run, lambda found: found["wang", A1]["is_current"])
    serving.__exit__()
    stopped = typed("agents", "--config", str(config))
    assert (stopped.code, "服务未运行" in stopped.err, "服务未运行" in stopped.out) == (0, True, False)
    assert not json.loads(run("agents", "--json"))["service_running"]
    assert "does not answer" in run("breaks", "stop", "6001", code=1)
