"""Practising at the desk: who may, what is sent to be heard, and that it is told in words and kept nowhere."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from voicedesk.access.roles import Role
from voicedesk.settings import LineSettings, PhoneSettings
from voicedesk.web import practice

GREETINGS = Path(__file__).parents[3] / "audio_fixtures"
SOUND = (GREETINGS / "0016_wei_alone_edward2_a_law.wav").read_bytes()
ADDRESS = "/mine/practice?line=就业服务"


@pytest.fixture
def hall(house):
    line = LineSettings(name="就业服务", extensions=("4002",), phones=("PJSIP/agent1",), department="就业服务中心")
    house.settings.__dict__["lines"] = (line,)
    house.settings.__dict__["phones"] = (PhoneSettings(endpoint="PJSIP/agent1"),)
    return house


async def sent(browser, sound=SOUND, address=ADDRESS, form=None, **headers):
    if form is None:
        form = re.search(r'data-form="(\w+)"', (await browser.get("/mine")).text)[1]
    return await browser.client.post(address, content=sound, headers={"desk-form": form, **headers})


async def test_a_greeting_is_heard_and_judged_and_nothing_of_it_is_kept(hall, tmp_path):
    browser = await hall.inside("0101", agent="zhang")
    before = {file for file in tmp_path.rglob("*") if file.is_file()}
    page = await sent(browser)
    assert page.status_code == 200
    for told in ("不完整", "先说“您好”", "就业服务中心", "请问有什么可以帮助您", "听不懂真人"):
        assert told in page.text
    assert {file for file in tmp_path.rglob("*") if file.is_file()} == before
    assert "heard" not in await hall.deeds()


@pytest.mark.parametrize("sound", [b"", b"RIFF", b"x" * 1000, SOUND[:60]])
async def test_what_is_no_sound_is_told_in_a_sentence(hall, sound):
    page = await sent(await hall.inside("0101", agent="zhang"), sound)
    assert page.status_code == 200
    assert "Traceback" not in page.text
    assert 'role="alert"' in page.text or "没有听到说话" in page.text


async def test_a_line_that_is_not_there_is_told(hall):
    page = await sent(await hall.inside("0101", agent="zhang"), address="/mine/practice?line=nosuch")
    assert 'role="alert"' in page.text


async def test_another_site_and_who_has_no_page_of_their_own_practise_nothing(hall):
    staff = await hall.inside("0101", agent="zhang")
    assert (await sent(staff, form="0" * 64)).status_code == 403
    assert (await sent(staff, **{"sec-fetch-site": "cross-site"})).status_code == 403
    auditor = await hall.inside("0009", role=Role.AUDITOR)
    assert (await sent(auditor, form="x")).status_code == 404


async def test_more_than_twenty_seconds_of_sound_are_refused_and_other_forms_stay_short(hall):
    browser = await hall.inside("0101", agent="zhang")
    assert (await sent(browser, b"x" * 1_300_000)).status_code == 413
    assert (await browser.client.post("/look", content=b"x" * 100_000)).status_code == 413


async def test_one_is_heard_at_a_time_and_a_hearing_that_hangs_is_ended(hall, monkeypatch):
    monkeypatch.setattr(practice, "_HEARING", "asyncio")  # a process that says nothing of use
    browser = await hall.inside("0101", agent="zhang")
    page = await sent(browser)
    assert "听写中断" in page.text
    monkeypatch.setattr(practice, "WAITED_SECONDS", 0.05)
    going_on = asyncio.Event()

    async def hangs(_order):
        going_on.set()
        await asyncio.sleep(3600)

    monkeypatch.setattr(practice, "_in_a_process", hangs)
    form = re.search(r'data-form="(\w+)"', (await browser.get("/mine")).text)[1]
    first = asyncio.create_task(sent(browser, form=form))
    await going_on.wait()
    assert "有人正在练习" in (await sent(browser, form=form)).text
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)


async def test_the_process_is_told_no_secret(hall, monkeypatch):
    told = []

    async def noted(order):
        told.append(order)
        return {"error": "x"}

    monkeypatch.setattr(practice, "_in_a_process", noted)
    await sent(await hall.inside("0101", agent="zhang"))
    order = json.loads(told[0].split(b"\n", 1)[0])
    assert set(order["settings"]) == practice.TABLES
    assert "secret" not in json.dumps(order)
