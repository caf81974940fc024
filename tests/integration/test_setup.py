"""From an empty settings file to a call that is followed, by the guided start alone; and what its test betrays not."""

import asyncio
import re
from contextlib import asynccontextmanager

import pytest
from tests.fakes.ami_server import FakeAmiServer
from tests.integration.test_service import EVENTS, Clock, play, running, stored, until_over
from tests.unit.web.conftest import Browser
from tests.unit.web.conftest import Clock as OurClock
from voicedesk.access.accounts import Account
from voicedesk.access.moves import Keeper, Move, added
from voicedesk.access.roles import Role
from voicedesk.access.sessions import Session, Stage, new_token, token_hash
from voicedesk.ami.link import AmiAddress
from voicedesk.ami.protocol import Credentials
from voicedesk.doctor import trials
from voicedesk.doctor.finding import Grade
from voicedesk.settings import load_settings
from voicedesk.store.store import Store
from voicedesk.web.app import Application

pytestmark = pytest.mark.timeout(600)  # each trial starts Python: seconds where the processor is shared


@asynccontextmanager
async def administrator(file, clock):
    """The browser of an administrator before a desk of this settings file."""
    settings = load_settings(file, {})
    async with Store.open(settings.store.url):
        pass
    app = Application(settings, clock, file=file)
    async with app.at_work():
        await app.keeper.opened.wait()
        accounts, token = app.keeper.store.accounts, new_token()
        person = Account(login="0001", name="李主任", role=Role.ADMINISTRATOR)
        await accounts.add(added(Keeper(who="cli:root", now=clock()), person, "ABCD-EFGH-JKLM-NNNN"))
        session = Session(
            token_hash=token_hash(token) or "", login="0001", role=Role.ADMINISTRATOR, stage=Stage.OPEN,
            begun_at=clock(), seen_at=clock(),
        )  # fmt: skip
        await accounts.step("0001", lambda _: Move(begins=session))
        browser = Browser(app)
        browser.client.cookies.set("__Host-desk", token)
        try:
            yield browser
        finally:
            await browser.close()


async def test_from_an_empty_file_to_a_call_that_is_followed(switch, tmp_path):
    file = tmp_path / "voicedesk.toml"
    file.write_text("# mine\n", encoding="utf-8")
    async with administrator(file, OurClock()) as browser:
        page = await browser.get("/setup")
        typed = {"host": "127.0.0.1", "port": str(switch.port), "name": "main", "username": "voicedesk"}
        page = await browser.send("/setup/switch", do="save", secret="wrong", **typed)
        assert "交换机拒绝登录" in page.text
        page = await browser.send("/setup/switch", do="save", secret="s3cret", **typed)
        assert page.url.path == "/setup/line", page.text
        page = await browser.send("/setup/line", do="ask")
        assert "hotline" in page.text, "the queue that the switch has"
        line = {"name": "hotline", "extensions": "4001", "phones": "PJSIP/agent1", "limit_seconds": "15"}
        page = await browser.send("/setup/line", do="save", was="", **line)
        assert "已保存" in page.text
        await browser.get("/setup/staff")
        seat = {"k0": "1", "u0": "1", "p0": "PJSIP/agent1", "x0": "6001", "n0": "张三", "w0": "008"}
        page = await browser.send("/setup/staff", do="save", **seat)
        assert page.url.path == "/setup/ear"
        page = await browser.send("/setup/ear", do="save", model="embedded", folder="")
        assert page.url.path == "/setup/end", page.text
        page = await browser.send("/setup/end", do="look")
        assert 'class="repair good"' in page.text
        assert "重新启动" in page.text or page.status_code == 200
        assert not re.search(r"Traceback|s3cret", page.text)
    assert file.read_text(encoding="utf-8").startswith("# mine\n")
    settings, clock = load_settings(file, {}), Clock()
    async with running(settings, switch, clock):
        await play(switch, clock, EVENTS)
        await until_over(settings)
    (one,) = await stored(settings)
    facts, judged = one.call.facts, one.call.judgement
    assert (facts.line, judged.verdict.value, judged.agent) == ("hotline", "late", "008")


def at(port: int) -> AmiAddress:
    return AmiAddress(pbx="main", host="127.0.0.1", port=port, credentials=Credentials(username="v", secret="s3cret"))


async def test_whatever_answers_that_is_no_manager_is_told_in_the_same_words_and_hears_nothing():
    told, heard = set(), []

    async def speaking(greeting: bytes):
        async def talk(reader, writer):
            writer.write(greeting)
            if greeting:
                heard.append(await reader.read(100))
            writer.close()

        return await asyncio.start_server(talk, "127.0.0.1", 0)

    for greeting in (b"SSH-2.0-OpenSSH_9.2\r\n", b"220 mail ESMTP\r\n", b"\x00" * 9, b""):
        async with await speaking(greeting) as server:
            port = server.sockets[0].getsockname()[1]
            (finding,) = await trials.try_switch(at(port))
            told.add((finding.what.replace(str(port), "PORT"), finding.cure.replace(str(port), "PORT")))
    (finding,) = await trials.try_switch(at(port))  # nobody listens there any more
    told.add((finding.what.replace(str(port), "PORT"), finding.cure.replace(str(port), "PORT")))
    assert len(told) == 1
    assert "no Asterisk manager answers at 127.0.0.1:PORT" in told.pop()[0]
    assert set(heard) <= {b""}, "nothing is said to who does not greet as a manager"


async def test_who_sends_without_end_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(trials, "MOST_BYTES", 100_000)
    async with FakeAmiServer() as switch:
        switch.username = "v"
        switch.before_list_end = b"Event: Noise\r\nX: " + b"x" * 50_000 + b"\r\n\r\n" * 2
        switch.lists["DeviceStateList"] = switch.lists["DeviceStateList"] * 2000
        findings = await trials.try_switch(at(switch.port))
    assert findings[0].grade is Grade.BAD


async def test_a_switch_that_is_as_it_should_be_is_told_with_version_rights_and_clock(switch):
    switch.username = "v"
    findings = {one.check: one for one in await trials.try_switch(at(switch.port))}
    assert findings["login"].grade is Grade.GOOD
    assert findings["version"].what == "Asterisk 22.10.1"
    assert "clock" in findings
    assert "timestampevents" in findings
