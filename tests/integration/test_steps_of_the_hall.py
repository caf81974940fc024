"""Outages, verdicts and news as steps: the service carries them out, the command itself where none does."""

import asyncio
import json

import pytest
from structlog.testing import capture_logs
from tests.fakes.in_thread import InThread
from tests.fakes.rows import outcome, row
from tests.integration.test_reload import hall as hall_of
from tests.integration.test_service import Clock, running
from tests.unit.cli.conftest import typed  # noqa: F401  # a fixture
from tests.unit.cli.test_decisions_commands import ID, hall  # noqa: F401  # a fixture
from voicedesk.calls.steps import Appeal
from voicedesk.clock import now_us
from voicedesk.desk import asking
from voicedesk.errors import InputError
from voicedesk.ivr.steps import StartOutage, StopOutage
from voicedesk.jobs.deciding import steps as verdict_steps
from voicedesk.jobs.news import steps as news_steps
from voicedesk.jobs.news.news import News, message_of
from voicedesk.jobs.telling import steps as outage_steps
from voicedesk.settings import load_settings
from voicedesk.step_rows import StepKind
from voicedesk.store.requests import LEADER, RequestState
from voicedesk.store.store import Store
from voicedesk.webhooks.steps import RetryNews


class Serving(InThread):
    """A service in a thread of its own that answers these rows; while it `hangs` it leads and begins with nothing."""

    def __init__(self, settings) -> None:
        self.settings = settings
        self.answered: list[tuple[str, str]] = []
        self.hangs = False

    async def serve(self) -> None:
        async with Store.open(self.settings.store.url) as store:
            kinds = {
                StepKind.OUTAGE: outage_steps.OutageSteps(store, lambda: self.settings, now_us),
                StepKind.NEWS: news_steps.NewsSteps(store, lambda: self.settings, now_us),
                StepKind.VERDICT: verdict_steps.VerdictSteps(store, lambda: self.settings, now_us),
            }
            await store.requests.lead(LEADER, "test:1:x", 600)
            self.is_ready()
            while not self.is_over:
                for request in [] if self.hangs else await store.requests.queued(10):
                    await store.requests.start([request.id], "test:1:x", 10)
                    state, told = await outcome(kinds[request.kind], request)
                    self.answered.append((request.kind, told))
                    await store.requests.finish(request.id, state, told, owner="test:1:x")
                await asyncio.sleep(0.02)
            await store.requests.resign(LEADER, "test:1:x")


@pytest.fixture
def run(typed, hall):  # noqa: F811  # the fixtures imported above
    return lambda *words: typed(*map(str, words), "--config", str(hall))


@pytest.fixture
def serving(hall):  # noqa: F811  # the fixture imported above
    with capture_logs(), Serving(load_settings(hall)) as made:
        yield made


def test_the_service_announces_an_outage_and_the_command_says_the_same_as_alone(run, hall, serving):  # noqa: F811
    started = run("outage", "start", "系统抢修。", "--line", "4001")
    assert started.code == 0
    assert started.out.startswith("announced from now on; information centre: nobody is told")
    assert started.out.count("\n") == 1
    assert "callers hear nothing of it: there is no IVR" in started.err
    assert json.loads(run("outage", "list", "--json").out)[0]["text"] == "系统抢修。"
    assert run("outage", "stop").out.startswith("系统抢修。: ended; information centre: ")
    again = run("outage", "stop")
    assert (again.code, again.out, again.err) == (1, "", "voicedesk: nothing was announced\n")
    assert [kind for kind, _ in serving.answered] == ["outage"] * 3


def test_a_chinese_hall_hears_every_answer_of_the_service_in_chinese(run, hall, serving):  # noqa: F811
    hall.write_text(f'[hall]\nlanguage = "zh"\n{hall.read_text()}')
    started = run("outage", "start", "系统抢修。", "--line", "4001")
    nobody = "没有通知任何一方：未设置 [outage] notify_command，也没有 webhook 接收故障消息"
    assert started.out == f"现在起播报；信息中心：{nobody}\n"
    assert "市民听不到公告：没有启用语音导航" in started.err
    run("outage", "start", "电话故障。")
    assert (
        run("outage", "stop").out
        == f"系统抢修。：已结束播报；信息中心：{nobody}\n电话故障。：已结束播报；信息中心：{nobody}\n"
    )
    assert run("outage", "stop").err == "voicedesk: 没有正在播报的公告\n"
    assert run("news", "retry", "--all-dead").out == "已重新排队：0 条\n"
    assert [kind for kind, _ in serving.answered] == ["outage"] * 4 + ["news"]
    assert serving.answered[-1][1] == "queued again: 0", (
        "it is stored as the source has it: each reads it in his language"
    )


def test_an_outage_of_a_line_that_is_not_there_never_reaches_the_service(run, serving):
    assert "no line is called" in run("outage", "start", "故障。", "--line", "nowhere").err
    assert serving.answered == []


def test_where_the_service_hangs_the_row_is_taken_back_and_the_command_announces_alone(run, serving, monkeypatch):
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 0.2)
    serving.hangs = True
    assert "announced from now on" in run("outage", "start", "系统抢修。").out
    serving.hangs = False
    assert len(json.loads(run("outage", "list", "--json").out)) == 1
    assert run("outage", "stop").out.count("ended") == 1
    assert [kind for kind, _ in serving.answered] == ["outage"], "what was taken back is not begun with later"


def test_where_nobody_serves_outages_verdicts_and_news_go_on(run):
    assert "announced from now on" in run("outage", "start", "系统抢修。").out
    assert run("calls", "decide", ID, "on_time", "--reason", "听录音", "--by", "wang").code == 0
    assert run("news", "retry", "--all-dead").out == "queued again: 0\n"


def test_a_verdict_is_kept_by_the_service_and_shown_as_before(run, serving):
    done = run("calls", "decide", ID[:8], "missed", "--cause", "empty_seat", "--reason", "断线", "--by", "王五")
    assert (done.code, "自动 automatic: 超时 late" in done.out) == (0, True)
    assert "人工判定 decided wang: 未接 missed — 座席无人 empty seat — 断线" in done.out
    plain = json.loads(run("calls", "decide", ID, "--undo", "--reason", "点错", "--by", "wang", "--json").out)
    assert [step["move"] for step in plain["steps"]] == ["decide", "undo"]
    assert run("greeting", "decide", ID, "compliant", "--reason", "听录音", "--by", "wang").code == 0
    assert run("greeting", "appeal", ID, "--reason", "不清", "--by", "zhang").code == 0
    assert serving.answered == [
        ("verdict", f"{ID[:8]}: missed"),
        ("verdict", f"{ID[:8]}: taken back"),
        ("verdict", f"{ID[:8]} PJSIP/agent1: compliant"),
        ("verdict", f"{ID[:8]} PJSIP/agent1: appealed"),
    ]


@pytest.mark.parametrize("is_served", [True, False])
def test_a_verdict_of_nobody_in_the_hall_is_refused_with_and_without_a_service(run, hall, is_served, request):  # noqa: F811
    if is_served:
        request.getfixturevalue("serving")
    for command in (("calls", "decide", ID, "late"), ("greeting", "decide", ID, "compliant")):
        refused = run(*command, "--reason", "x", "--by", "wnag")
        assert (refused.code, "nobody is called 'wnag': did you mean wang?" in refused.err) == (1, True)
    assert "concerned" in run("greeting", "decide", ID, "compliant", "--reason", "x", "--by", "zhang").err


def test_dead_news_are_queued_again_by_the_service(run, hall, serving):  # noqa: F811
    async def lose() -> str:
        async with Store.open(load_settings(hall).store.url) as store:
            await store.deliveries.queue(
                [("gateway", message_of(News(id="n", kind="x", at=1, title="t", fields={})))], 1
            )
            (one,) = await store.deliveries.waiting("gateway", 1)
            await store.deliveries.failed([(one, None)], at=2, error="HTTP 500", counts=True)
            return one.id

    lost = asyncio.run(lose())
    assert "none begins" in run("news", "retry", "zzz").err
    assert run("news", "retry", lost[:6]).out == "queued again: 1\n"
    assert "only what could not be told" in run("news", "retry", lost).err


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("outage", {"do": "start", "by": "wang", "text": None}),
        ("outage", {"do": "start", "by": None, "text": "x"}),
        ("verdict", {"do": "decide", "by": "wang", "call": ID, "reason": None, "verdict": "late"}),
        ("verdict", {"do": "decide", "by": "wang", "call": ID, "reason": "x", "verdict": "late", "forbidden": "yes"}),
        ("verdict", {"do": "decide", "by": "wang", "call": ID, "reason": "x", "verdict": "late", "about": "leg"}),
        ("news", {"by": "wang", "news": 7}),
        ("news", {}),
    ],
)
async def test_a_row_that_does_not_fit_is_refused_before_anything_is_done(hall, kind, payload):  # noqa: F811
    settings = load_settings(hall)
    async with Store.open(settings.store.url) as store:
        kinds = {
            "outage": outage_steps.OutageSteps(store, lambda: settings, now_us),
            "verdict": verdict_steps.VerdictSteps(store, lambda: settings, now_us),
            "news": news_steps.NewsSteps(store, lambda: settings, now_us),
        }
        with pytest.raises(InputError, match="lacks something, or does not fit"):
            kinds[kind].read(row(payload, kind=kind))
        assert await store.outages.current() == []
        state, told = await outcome(kinds["outage"], row({"do": "start", "by": "nobody", "text": "坏了"}, asked_by="x"))
        assert (state, "nobody is called" in told) == (RequestState.FAILED, True)
        assert await store.outages.current() == []


async def test_a_running_service_carries_them_out_by_the_settings_it_has_now(switch, tmp_path):
    (tmp_path / "rec").mkdir()
    agents = [{"id": "wang", "name": "王五"}]
    old, new = hall_of(switch, tmp_path), hall_of(switch, tmp_path, agents=agents)
    clock = Clock()
    async with (
        running(old, switch, clock, lambda: new),
        Store.open(old.store.url, may_write=False, now=clock) as reader,
    ):
        start = asking.asked(StartOutage(by="wnag", text="系统抢修。"))
        assert (await asking.ask(reader, start, asked_by="zhou")).startswith("announced from now on")
        assert [one.started_by for one in await reader.outages.current()] == ["wnag"], "no agents are known: any name"
        await asking.ask(reader, asking.Asked(kind=StepKind.RELOAD, row={}, look=""), asked_by="zhou")
        with pytest.raises(InputError, match="did you mean wang"):
            await asking.ask(reader, start, asked_by="zhou")
        stopped = await asking.ask(reader, asking.asked(StopOutage(by="王五")), asked_by="zhou")
        assert stopped.startswith("系统抢修。: ended")
        with pytest.raises(InputError, match="no call has an id"):
            await asking.ask(reader, asking.asked(Appeal(call="zz", by="wang", reason="x")), asked_by="zhou")
        assert await asking.ask(reader, asking.asked(RetryNews(by="wang")), asked_by="zhou") == "queued again: 0"
