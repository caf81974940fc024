"""Telling people: order, limits, trouble and restarts; clock and receivers are passed in."""

import asyncio
from dataclasses import replace

import pytest
import structlog
from voicedesk.errors import StoreUnavailable, WebhookError
from voicedesk.jobs.guard import Guard
from voicedesk.jobs.news.messenger import Messenger
from voicedesk.jobs.news.news import News
from voicedesk.jobs.news.of_others import NewsOfOthers
from voicedesk.jobs.news.outbox import MOST_UNKEPT
from voicedesk.jobs.news.receivers import leave_news
from voicedesk.jobs.trouble import Troubles
from voicedesk.settings import Settings
from voicedesk.store.deliveries import DeliveryState
from voicedesk.store.store import Store
from voicedesk.webhooks.answers import Answer, Fate
from voicedesk.webhooks.message import Message
from voicedesk.webhooks.pace import PATIENCE_US
from voicedesk.words import Said

SECOND = 1_000_000
TOLD = Answer(fate=Fate.TOLD, text="errcode 0")
FAILED = Answer(fate=Fate.FAILED, text="HTTP 500")


class Room:
    """A messenger over a database of its own; `answers` are given in turn, then every message is taken."""

    def __init__(self, store: Store, settings: Settings):
        self.store, self.settings = store, settings
        self.us = 1_800_000_000_000_000
        self.answers: list[Answer | Exception] = []
        self.got: list[tuple[str, str]] = []
        self.sent: list[Message] = []
        self.messenger = self.started()

    def started(self) -> Messenger:
        self.messenger = Messenger(self.store, self.settings, lambda: self.us, send=self.send)
        return self.messenger

    def change_settings(self, settings: Settings) -> None:
        self.settings = settings
        self.messenger.change_settings(settings)

    async def send(self, webhook, message):
        self.us += 1000
        self.sent.append(message)
        answer = self.answers.pop(0) if self.answers else TOLD
        if isinstance(answer, Exception):
            raise answer
        if answer.fate is Fate.TOLD:
            self.got.append((webhook.name, message.title))
        return answer

    async def tell(self, *titles: str, kind: str = "ticket_opened", keep: bool = True) -> None:
        for title in titles:
            await self.messenger.tell(News(id=f"{kind} {title}", kind=kind, at=self.us, title=title))
        if keep:
            await self.messenger.keep()

    async def rounds(self, count: int = 100) -> float:
        """Rounds until every webhook waits; how long the first one then waits."""
        pauses = {}
        for webhook in self.settings.webhooks:
            for _ in range(count):
                pauses[webhook.name] = await self.messenger.round(webhook)
                if pauses[webhook.name]:
                    break
        return next(iter(pauses.values()))

    async def states(self) -> list[str]:
        return [one.state.value for one in reversed(await self.store.deliveries.newest(limit=1000))]


def settings_of(*names: str, **keys) -> Settings:
    url = {"form": "wecom", "url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=KEY"}
    return Settings.model_validate({"webhooks": [{"name": name, **url, **keys} for name in names or ["a"]]})


@pytest.fixture
async def store(tmp_path):
    async with Store.open(f"sqlite:///{tmp_path / 'v.db'}") as opened:
        yield opened


@pytest.fixture
def room(store):
    return Room(store, settings_of())


async def test_news_go_out_one_by_one_in_their_order(room):
    await room.tell("一", "二", "三")
    assert await room.rounds() == 1.0
    assert room.got == [("a", "一"), ("a", "二"), ("a", "三")]
    assert await room.states() == ["sent"] * 3


@pytest.mark.parametrize(("language", "title"), [("zh", "新工单"), ("en", "new ticket"), (None, "新工单")])
async def test_news_leave_in_the_language_of_the_hall(store, language, title):
    spoken = {"hall": {"language": language}} if language else {}
    webhook = {"name": "a", "form": "wecom", "url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=KEY"}
    room = Room(store, Settings.model_validate({"webhooks": [webhook], **spoken}))
    await room.tell(Said("新工单", "new ticket"))
    await room.rounds()
    assert [one.title for one in room.sent] == [title]


async def test_the_same_news_are_told_once_even_by_another_messenger_after_a_restart(room):
    await room.tell("一", "一")
    await room.rounds()
    room.started()
    await room.tell("一")
    await room.rounds()
    assert room.got == [("a", "一")]


async def test_each_webhook_hears_what_it_asked_for_and_one_in_trouble_holds_up_no_other(store):
    room = Room(store, settings_of("a", "b"))
    await room.tell("一")
    room.answers = [WebhookError("no answer within 5 s"), TOLD]
    await room.rounds()
    assert room.got == [("b", "一")]
    few = settings_of("a", kinds=["ticket_overdue"])
    room.change_settings(few)
    await room.tell("新", kind="ticket_opened")
    await room.tell("超时", kind="ticket_overdue")
    room.us += 5 * SECOND
    await room.rounds()
    assert room.got == [("b", "一"), ("a", "一"), ("a", "超时")]


async def test_a_correction_goes_to_those_who_were_told_the_error_and_to_nobody_else(store):
    settings = settings_of("told", "never")
    told, never = settings.webhooks
    wants = (told.model_copy(update={"kinds": ["ticket_opened"]}), never.model_copy(update={"kinds": ["link_lost"]}))
    room = Room(store, settings.model_copy(update={"webhooks": wants}))
    await room.tell("13812341234 未接")
    await room.rounds()
    correction = News(
        id="ticket_corrected a",
        kind="ticket_corrected",
        at=room.us,
        title="更正",
        corrects="ticket_opened 13812341234 未接",
    )
    for corrects in (correction.corrects, "ticket_opened nobody was told"):
        await room.messenger.tell(replace(correction, corrects=corrects))
    await room.messenger.keep()
    await room.rounds()
    assert room.got == [("told", "138****1234 未接"), ("told", "更正")]


async def test_more_than_the_limit_allows_goes_as_one_digest_and_the_limit_holds(store):
    room = Room(store, settings_of("a", a_minute=3))
    await room.tell("一", "二")
    await room.rounds()
    await room.tell("三", "四", "五")
    await room.rounds()
    assert room.got == [("a", "一"), ("a", "二"), ("a", "共 3 条：新工单 3")]
    await room.tell("六", "七")
    assert await room.rounds() == 1.0
    assert len(room.got) == 3
    room.started()
    await room.rounds()
    assert len(room.got) == 3
    room.us += 60 * SECOND
    await room.rounds()
    assert room.got[3:] == [("a", "六"), ("a", "七")]
    assert [one.in_digest for one in await store.deliveries.newest()] == [False, False, True, True, True, False, False]


async def test_fault_78_a_receiver_that_fails_is_tried_ever_more_seldom_for_a_day_and_then_it_is_a_dead_letter(room):
    await room.tell("一")
    room.answers = [FAILED] * 100
    begun = room.us
    while "queued" in await room.states():
        await room.rounds()
        room.us += 5 * SECOND if room.us < begun + 300 * SECOND else 600 * SECOND
    assert 20 < 100 - len(room.answers) < 40
    (dead,) = await room.store.deliveries.newest(DeliveryState.DEAD)
    assert dead.error == "HTTP 500"
    assert begun + PATIENCE_US <= dead.ended_at < begun + PATIENCE_US + 3600 * SECOND
    room.answers = []
    await room.store.deliveries.revive(None, room.us)
    await room.rounds()
    assert room.got == [("a", "一")]


async def test_what_waits_while_a_receiver_is_away_comes_in_order_when_it_is_back(room):
    room.answers = [FAILED, FAILED]
    await room.tell("一")
    await room.rounds()
    await room.tell("二")
    room.us += 4 * SECOND
    await room.rounds()
    assert (room.got, len(room.answers)) == ([], 1)
    room.us += 1 * SECOND
    await room.rounds()
    room.us += 30 * SECOND
    await room.rounds()
    assert room.got == [("a", "一"), ("a", "二")]


async def test_what_a_receiver_refuses_is_given_up_after_five_tries(room):
    await room.tell("一")
    room.answers = [Answer(fate=Fate.REFUSED, text="errcode 93000")] * 5
    for _ in range(5):
        await room.rounds()
        room.us += 600 * SECOND
    assert await room.states() == ["dead"]


async def test_a_receiver_that_wants_a_pause_gets_it_and_that_is_no_try(room):
    await room.tell("一")
    room.answers = [Answer(fate=Fate.TOO_FAST, text="errcode 45009", wait_seconds=60.0)]
    await room.rounds()
    room.us += 59 * SECOND
    await room.rounds()
    assert room.got == []
    (waiting,) = await room.store.deliveries.waiting("a", 1)
    assert waiting.tries == 0
    room.us += 1 * SECOND
    await room.rounds()
    assert room.got == [("a", "一")]


async def test_a_webhook_that_was_mended_is_tried_at_once(room):
    await room.tell("一")
    room.answers = [FAILED, FAILED, FAILED]
    for _ in range(3):
        await room.rounds()
        room.us += 60 * SECOND
    room.answers = []
    room.us -= 55 * SECOND
    await room.rounds()
    assert room.got == []
    room.change_settings(settings_of("a", hosts=["qyapi.weixin.qq.com"]))
    await room.rounds()
    assert room.got == [("a", "一")]


async def test_while_the_database_refuses_nothing_is_lost_and_nothing_told_twice(room, monkeypatch):
    async def refuse(*_args, **_keys):
        raise StoreUnavailable("locked")

    with monkeypatch.context() as trouble:
        trouble.setattr(room.store.deliveries, "queue", refuse)
        await room.tell("一", keep=False)
        with pytest.raises(StoreUnavailable):
            await room.messenger.keep()
    await room.messenger.keep()
    with monkeypatch.context() as trouble:
        trouble.setattr(room.store.deliveries, "sent", refuse)
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await room.rounds()
    await room.rounds()
    assert room.got == [("a", "一")]
    assert await room.states() == ["sent"]


async def test_a_failure_that_cannot_be_written_down_is_no_reason_to_try_without_end(room, monkeypatch):
    async def refuse(*_args, **_keys):
        raise StoreUnavailable("read-only")

    monkeypatch.setattr(room.store.deliveries, "failed", refuse)
    await room.tell("一")
    room.answers = [FAILED] * 9
    with pytest.raises(StoreUnavailable):
        await room.rounds()
    await room.rounds()
    assert len(room.answers) == 8


async def test_half_a_character_of_a_cut_name_stops_nothing(room):
    await room.messenger.tell(News(id="\udce4", kind="x", at=room.us, title="\udce4", personal={"姓名": "\udce4\0"}))
    await room.tell("一")
    await room.rounds()
    assert room.got == [("a", "?"), ("a", "一")]


async def test_a_fault_of_ours_ends_nothing(room, monkeypatch):
    async def fail(*_args, **_keys):
        raise ValueError("a fault")

    monkeypatch.setattr(room.store.deliveries, "waiting", fail)
    with structlog.testing.capture_logs() as logs:
        running = asyncio.create_task(room.messenger.run())
        while sum(one["event"] == "set_aside" for one in logs) < 2:
            await asyncio.sleep(0)
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_memory_has_an_end_while_the_database_takes_nothing(room):
    with structlog.testing.capture_logs() as logs:
        for n in range(MOST_UNKEPT + 5):
            await room.tell(str(n), keep=False)
    await room.messenger.keep()
    assert await room.store.deliveries.count() == MOST_UNKEPT
    assert [one["event"] for one in logs if one["event"] != "news"] == ["news_dropped"]


async def test_news_of_another_process_reach_the_log_and_the_webhooks(room):
    news = News(id="o1", kind="outage_started", at=room.us, title="开始播报故障公告", fields={"内容": "抢修"})
    await leave_news(room.store, room.settings, news, room.us)
    others = NewsOfOthers(room.store.deliveries, lambda: room.us, Guard(), Troubles(), lambda: ["a"])
    with structlog.testing.capture_logs() as logs:
        await others.look()
        await others.look()
    assert [(one["event"], one["kind"], one["fields"]) for one in logs] == [
        ("news", "outage_started", {"内容": "抢修"})
    ]
    await room.rounds()
    assert room.got == [("a", "开始播报故障公告")]


async def test_fault_78_no_number_and_no_name_is_stored_or_sent_in_clear(room, tmp_path):
    news = News(
        id="x 13800138000",
        kind="ticket_opened",
        at=room.us,
        title="来电 13800138000",
        fields={"线路": "0371-65551234", "编号": "61234567"},
        personal={"号码": "13800138000", "姓名": "张三丰"},
    )
    await room.messenger.tell(news)
    await room.messenger.keep()
    await room.rounds()
    (message,) = room.sent
    assert dict(message.fields) == {
        **{"线路": "0371****1234", "编号": "61234567", "号码": "138****8000", "姓名": "张**"}
    }
    files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for secret in ("13800138000", "65551234", "张三丰"):
        assert secret.encode() not in files
        assert secret not in repr(message)
