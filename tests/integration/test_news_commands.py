"""`voicedesk news …` as it is typed; messages go to a scripted server on loopback."""

import asyncio
import json

import pytest
from tests.fakes.http_server import HttpServer, answer
from tests.fakes.in_thread import InThread
from tests.unit.cli.conftest import typed  # noqa: F401  # a fixture
from voicedesk.clock import now_us
from voicedesk.doctor.webhooks import check_webhooks
from voicedesk.jobs.news.news import News, message_of
from voicedesk.settings import load_settings
from voicedesk.store.deliveries import DeliveryState
from voicedesk.store.store import Store
from voicedesk.webhooks.client import WebhookClient

SETTINGS = """
[store]
url = "sqlite:///v.db"
[[webhooks]]
name = "gateway"
form = "json"
url_file = "url"
secret = "GEHEIM"
allow_loopback = true
"""


class Serving(InThread, HttpServer):
    """The scripted server in a thread of its own."""

    async def serve(self) -> None:
        async with self:
            self.is_ready()
            while not self.is_over:
                await asyncio.sleep(0.01)


@pytest.fixture
def hall(tmp_path, monkeypatch):
    """A hall with one gateway; gives the server."""
    monkeypatch.setenv("VOICEDESK_CONFIG", str(tmp_path / "voicedesk.toml"))
    with Serving() as server:
        (tmp_path / "voicedesk.toml").write_text(SETTINGS)
        (tmp_path / "url").write_text(f"http://127.0.0.1:{server.port}/send?key=KEY\n")
        (tmp_path / "url").chmod(0o600)
        yield server


def queue(count: int, *, dead: bool) -> list[str]:
    """Puts news into the store; their ids."""

    async def work() -> list[str]:
        news = [
            News(id=f"n{n}", kind="ticket_opened", at=now_us(), title="新工单：回拨", personal={"号码": "13800138000"})
            for n in range(count)
        ]
        async with Store.open(load_settings().store.url) as store:
            await store.deliveries.queue([("gateway", message_of(one)) for one in news], now_us())
            rows = await store.deliveries.waiting("gateway", 10)
            if dead:
                gone = [(one, None) for one in rows]
                await store.deliveries.failed(gone, at=now_us(), error="HTTP 500", counts=True)
            return [one.id for one in rows]

    return asyncio.run(work())


def test_a_test_message_says_that_it_was_told_or_what_to_mend(hall, typed):  # noqa: F811
    told = typed("news", "test", "gateway")
    assert (told.code, told.out) == (0, "gateway: told (HTTP 200); look whether the message is there\n")
    assert json.loads(hall.asked[0].body)["title"] == "Voicedesk 测试消息"
    hall.answers = [answer(b"", 404)]
    refused = typed("news", "test", "gateway")
    assert (refused.code, refused.err) == (
        1,
        "voicedesk: gateway: the receiver did not take it: HTTP 404: correct the URL, or what the receiver expects\n",
    )
    assert "known" not in typed("news", "test", "nobody").out
    assert typed("news", "test", "nobody").err == "voicedesk: no webhook is called 'nobody': gateway\n"


def test_a_test_message_to_an_address_that_is_not_allowed_is_not_sent(hall, typed, tmp_path):  # noqa: F811
    (tmp_path / "url").write_text("https://169.254.169.254/latest?key=KEY")
    told = typed("news", "test", "gateway")
    assert told.code == 1
    assert "nothing is ever sent there" in told.err
    assert "KEY" not in told.err


def test_dead_letters_are_listed_masked_and_queued_again_one_or_all(hall, typed):  # noqa: F811
    first, second, third = queue(3, dead=True)
    told = typed("news", "list", "--dead")
    assert told.out.count("未送达 dead  新工单：回拨  号码 138****8000  (1 次 1 try: HTTP 500)") == 3
    plain = json.loads(typed("news", "list", "--json", "--limit", "1").out)
    assert (plain[0]["id"], plain[0]["webhook"], plain[0]["news"], plain[0]["state"]) == (
        third,
        "gateway",
        "n2",
        "dead",
    )
    assert typed("news", "retry", first[:12]).out == "queued again: 1\n"
    assert "is queued" in typed("news", "retry", first).err
    assert "none begins" in typed("news", "retry", "zzz").err
    assert "more than one" in typed("news", "retry", "").err
    assert "--all-dead" in typed("news", "retry").err
    assert typed("news", "retry", "--all-dead").out == "queued again: 2\n"
    assert typed("news", "list", "--dead").out == ""
    assert second in typed("news", "list").out


def test_an_outage_leaves_news_for_the_service_with_its_start_and_its_end(hall, typed, monkeypatch):  # noqa: F811
    monkeypatch.setattr("voicedesk.jobs.telling.outages.speak", lambda *_: ())
    assert typed("outage", "start", "系统抢修").code == 0
    assert typed("outage", "stop").code == 0
    found = json.loads(typed("news", "list", "--json").out)
    assert [(one["webhook"], one["kind"], one["fields"].get("内容")) for one in reversed(found)] == [
        (name, kind, "系统抢修") for kind in ("outage_started", "outage_ended") for name in ("log", "gateway")
    ]


def test_neither_the_settings_shown_nor_what_is_listed_has_the_key(hall, typed):  # noqa: F811
    queue(1, dead=True)
    for words in (("config", "show"), ("config", "show", "--json"), ("news", "list"), ("doctor",)):
        told = typed(*words)
        assert "KEY" not in told.out + told.err
        assert "GEHEIM" not in told.out + told.err
    assert "url_file" in typed("config", "show").out


async def test_the_doctor_says_of_each_webhook_whether_it_can_work_without_sending(hall, tmp_path):
    async def found(text: str = SETTINGS):
        (tmp_path / "voicedesk.toml").write_text(text)
        return [(one.check, one.grade.value, one.what) for one in await check_webhooks(load_settings())]

    async with Store.open(load_settings().store.url) as store:
        ((check, grade, what),) = await found()
        assert (check, grade) == ("address", "good")
        assert what.endswith("try it: voicedesk news test gateway")
        client = WebhookClient(lambda *_: asyncio.sleep(0, ["10.1.2.3"]))
        clear = SETTINGS.replace("allow_loopback", "allow_private")
        (tmp_path / "voicedesk.toml").write_text(clear)
        (inside,) = await check_webhooks(load_settings(), client=client)
        assert (inside.grade.value, inside.what.endswith("(clear text)")) == ("note", True)
        wrong = await found(SETTINGS.replace("allow_loopback", "allow_private") + 'kinds = ["ticket_openend"]')
        assert [one[:2] for one in wrong] == [("address", "bad"), ("kinds", "bad")]
        assert "ticket_openend" in wrong[1][2]
        lost = await found(
            SETTINGS.replace("allow_loopback = true", "").replace("url_file", "#")
            + ('url = "https://no-such-host.invalid/"\nca_file = "none.pem"')
        )
        assert lost[0][:2] == ("address", "bad")
        news = News(id="n", kind="test", at=1, title="t")
        await store.deliveries.queue([("gateway", message_of(news))], 1)
        (row,) = await store.deliveries.waiting("gateway", 1)
        await store.deliveries.failed([(row, None)], at=1, error="x", counts=True)
        assert await store.deliveries.count(DeliveryState.DEAD) == 1
        assert (await found())[1][:2] == ("dead_letters", "note")
    assert hall.connections == 0
