"""The page of one call: legs, words, whose it is, decisions and appeals as steps, and what the audit log holds."""

import re
import wave
from dataclasses import replace

import pytest
from tests.unit.web.test_calls_page import LATE, MISSED, NUMBER, ON_TIME, at
from voicedesk.access.roles import Role
from voicedesk.calls.model import Gap, GapReason, JudgedCall
from voicedesk.calls.three_rings import judge
from voicedesk.greeting.evidence import evidence_from_json
from voicedesk.store.calls import save_calls
from voicedesk.store.greetings import StoredGreeting
from voicedesk.store.store import Store
from voicedesk.web import call as call_pages
from voicedesk.web.sound import KeptSound, kept_file, shape_of

OURS, THEIRS = f"{1:020x}", f"{2:020x}"
ANSWER = 1_800_000_000_000_000
XSS = "<script>alert(1)</script>"


def greeting(call_id: str, agent: str, **values) -> StoredGreeting:
    words = [["您好", 0.6, 1.0, 0.9], ["社保", 1.3, 1.7, 0.9], ["[unk]", 2.9, 3.2, 0.2], ["不清楚", 41.0, 41.6, 0.9]]
    told = {
        "missing": ["matter"],
        "parts": [
            {
                "part": "hello",
                "text": "您好",
                "start_seconds": 0.6,
                "end_seconds": 1.0,
                "confidence": 0.9,
                "match": "exact",
            }
        ],
        "forbidden": [{"phrase": "不清楚", "start_seconds": 41.0, "confidence": 0.9}],
        "remarks": [XSS],
        "transcript": "您好 社保",
    }
    heard = {"words": words, "heard_seconds": 60.0, "model": "m", "understanding": None, "cut_short": False}
    known = {
        "pbx": "main",
        "uniqueid": f"1.{call_id[-1]}",
        "call_id": call_id,
        "endpoint": "PJSIP/agent1",
        "answered_at": ANSWER,
        "agent": agent,
        "verdict": "incomplete",
        "is_final": True,
        "needs_review": True,
        "rules_version": "greeting/2",
        "recording": f"2026/{call_id}.wav",
        "evidence": evidence_from_json({"task": None, "transcript": heard, "judgement": told}),
    }
    return StoredGreeting(**{**known, **values})


def belongs_to(call: JudgedCall, agent: str) -> JudgedCall:
    facts = replace(call.facts, legs=tuple(replace(leg, agent=agent) for leg in call.facts.legs))
    return JudgedCall(facts=facts, judgement=judge(facts))


@pytest.fixture
async def busy(house, tmp_path):
    """Two late calls, one of zhang's and one of li's, each with a recording; and a missed one."""
    now = house.clock.us
    house.settings.recording.__dict__["folder"] = tmp_path / "recordings"
    (tmp_path / "recordings" / "2026").mkdir(parents=True)
    calls = [belongs_to(at(LATE, 1, now), "zhang"), belongs_to(at(LATE, 2, now - 60_000_000), "li")]
    calls.append(at(MISSED, 3, now - 120_000_000))
    async with Store.open(house.settings.store.url) as store:
        async with house.store.requests._asking.write() as connection:
            await save_calls(connection, calls)
        for call_id, agent in ((OURS, "zhang"), (THEIRS, "li")):
            await store.greetings.save(greeting(call_id, agent))
            with wave.open(str(tmp_path / "recordings" / "2026" / f"{call_id}.wav"), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(8000)
                file.writeframes(b"\0\x10" * 16000)
    return house


def main_of(page) -> str:
    return re.search(r"<main.*</main>", page.text, re.DOTALL)[0]


async def test_a_call_is_shown_with_its_legs_words_and_reasons(busy):
    page = await (await busy.inside("0001", Role.SUPERVISOR)).get(f"/calls/{OURS}")
    assert page.status_code == 200
    for said in ("超时", "响铃经过", "铃响三声、必有应答", "交换机说了什么", "您好", "〔没有听清〕", "禁语", "缺："):
        assert said in page.text
    assert page.text.count('class="ruler"') == len(LATE.facts.legs)
    assert 'data-from="41.0"' in page.text
    assert "style=" not in page.text
    assert NUMBER not in page.text


async def test_fault_42_texts_of_evidence_show_as_text(busy):
    page = await (await busy.inside("0001", Role.SUPERVISOR)).get(f"/calls/{OURS}")
    assert "&lt;script&gt;alert(1)" in page.text
    assert XSS not in page.text


async def test_fault_65_what_is_another_s_looks_like_what_is_not_there_and_is_written_down(busy):
    browser = await busy.inside("0101", agent="zhang")
    assert (await browser.get(f"/calls/{OURS}")).status_code == 200
    theirs, nothing = await browser.get(f"/calls/{THEIRS}"), await browser.get(f"/calls/{'f' * 20}")
    begins = await browser.get(f"/calls/{OURS[:-1]}")
    assert {one.status_code for one in (theirs, nothing, begins)} == {404}
    assert main_of(theirs) == main_of(nothing) == main_of(begins)
    sound = await browser.get(f"/calls/{THEIRS}/sound?pbx=main&leg=1.2")
    number = await busy_number(browser, THEIRS)
    assert {sound.status_code, number.status_code} == {404}
    entries = await busy.store.audit.list(limit=4)
    assert {(one.deed, one.object) for one in entries} >= {("refused", THEIRS), ("refused", OURS[:-1])}


async def busy_number(browser, call_id):
    await browser.get(f"/calls/{OURS}")
    return await browser.send(f"/calls/{call_id}/number")


async def test_the_whole_number_is_shown_when_asked_for_and_the_log_says_to_whom(busy):
    browser = await busy.inside("0101", agent="zhang")
    page = await busy_number(browser, OURS)
    assert NUMBER in page.text
    assert NUMBER not in (await browser.get(f"/calls/{OURS}")).text
    (entry, *_) = await busy.store.audit.list(limit=1)
    assert (entry.who, entry.deed, entry.object) == ("0101", "number_shown", OURS)
    assert NUMBER not in repr(entry)


async def test_a_number_is_not_shown_without_the_form_of_this_session(busy):
    browser = await busy.inside("0101", agent="zhang")
    page = await browser.client.post(f"/calls/{OURS}/number", data={"form": "0" * 32})
    assert page.status_code == 403
    assert "number_shown" not in await busy.deeds()


async def test_whoever_administers_sees_the_call_but_no_word_no_sound_and_no_number(busy):
    browser = await busy.inside("0009", Role.ADMINISTRATOR)
    page = await browser.get(f"/calls/{OURS}")
    assert page.status_code == 200
    assert "您好</span>" not in page.text
    assert "<audio" not in page.text
    assert "/number" not in page.text
    assert (await browser.get(f"/calls/{OURS}/sound?pbx=main&leg=1.1")).status_code == 404
    assert (await busy_number(browser, OURS)).status_code == 404


async def test_a_recording_comes_in_pieces_and_one_listening_is_one_entry(busy):
    browser = await busy.inside("0101", agent="zhang")
    sound = f"/calls/{OURS}/sound?pbx=main&leg=1.1"
    whole = await browser.get(sound)
    piece = await browser.get(sound, range="bytes=0-9")
    assert (whole.status_code, whole.headers["content-type"], whole.content[:4]) == (200, "audio/wav", b"RIFF")
    assert (piece.status_code, piece.content) == (206, whole.content[:10])
    assert (await busy.deeds()).count("heard") == 1
    busy.clock.us += 11 * 60_000_000
    await browser.get(sound)
    assert (await busy.deeds()).count("heard") == 2


async def test_a_recording_that_is_gone_is_told_and_asking_for_it_is_no_fault(busy, tmp_path):
    (tmp_path / "recordings" / "2026" / f"{OURS}.wav").unlink()
    browser = await busy.inside("0101", agent="zhang")
    page = await browser.get(f"/calls/{OURS}")
    assert "录音已到期删除" in page.text
    assert "<audio" not in page.text
    assert (await browser.get(f"/calls/{OURS}/sound?pbx=main&leg=1.1")).status_code == 404


async def test_fault_76_thousands_of_pieces_of_a_recording_are_given_to_nobody(busy):
    browser = await busy.inside("0101", agent="zhang")
    sound = f"/calls/{OURS}/sound?pbx=main&leg=1.1"
    many = await browser.get(sound, range="bytes=" + ",".join(f"{n}-{n}" for n in range(10_000)))
    assert (many.status_code, many.content) == (416, b"")
    few = await browser.get(sound, range="bytes=0-3,8-11")
    assert few.status_code == 206
    assert b"RIFF" in few.content
    assert b"WAVE" in few.content
    assert (await browser.get(sound, range="bytes=999999999-")).status_code == 416


async def test_fault_83_a_recording_that_is_deleted_while_it_is_asked_for_is_not_there(busy, tmp_path, monkeypatch):
    browser = await busy.inside("0101", agent="zhang")

    def found_and_gone(folder, name):
        file = kept_file(folder, name)
        file.unlink()
        return file

    monkeypatch.setattr(call_pages, "kept_file", found_and_gone)
    sound = f"/calls/{OURS}/sound?pbx=main&leg=1.1"
    for asked in ({}, {"range": "bytes=0-9"}):
        answer = await browser.get(sound, **asked)
        assert (answer.status_code, answer.content) == (404, b"")
        (tmp_path / "recordings" / "2026" / f"{OURS}.wav").write_bytes(b"RIFF")


async def test_fault_83_a_recording_that_is_deleted_while_it_plays_plays_to_its_end(busy, tmp_path):
    file = tmp_path / "recordings" / "2026" / f"{OURS}.wav"
    sound = KeptSound(file, media_type="audio/wav")
    sent: list[bytes] = []

    async def send(message):
        sent.append(message.get("body", b""))
        if sent[-1]:
            file.unlink(missing_ok=True)

    size = file.stat().st_size
    sound.chunk_size = 100
    await sound({"type": "http", "method": "GET", "headers": [], "asgi": {"spec_version": "2.4"}}, None, send)
    assert not file.exists()
    assert sum(map(len, sent)) == size


def test_fault_65_no_name_leads_out_of_the_recordings_folder(tmp_path):
    folder = tmp_path / "recordings"
    folder.mkdir()
    (tmp_path / "secret.wav").write_bytes(b"x")
    (folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    (folder / "good.wav").write_bytes(b"x")
    assert kept_file(folder, "good.wav") == (folder / "good.wav").resolve()
    for name in ("../secret.wav", str(tmp_path / "secret.wav"), "link.wav", "", ".", "gone.wav", "a\0b"):
        assert kept_file(folder, name) is None, name


def test_a_sound_that_cannot_be_read_has_no_shape(tmp_path):
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"RIFF1234WAVEfmt ")
    assert shape_of(bad) is None
    assert shape_of(tmp_path / "none.wav") is None


async def test_staff_appeal_once_and_a_supervisor_decides_with_the_automatic_verdict_beside_it(busy, service):
    zhang = await busy.inside("0101", agent="zhang")
    await zhang.get(f"/calls/{OURS}")
    page = await zhang.send(f"/calls/{OURS}", do="appeal", about="call", reason="当时话机无声")
    assert page.status_code == 200
    assert "当时话机无声" in page.text
    assert "您觉得不对" not in re.sub(r'(?s)<section[^>]*aria-labelledby="h-greeting.*?</section>', "", page.text)
    boss = await busy.inside("0001", Role.SUPERVISOR)
    shown = await boss.get(f"/calls/{OURS}")
    assert "决定申诉" in shown.text
    page = await boss.send(f"/calls/{OURS}", do="decide", about="call", verdict="on_time", reason="话机报修，属实")
    assert "已办理" in page.text
    assert "话机报修，属实" in page.text
    assert "申诉成立" in page.text
    assert '<span class="v late">' in page.text, "the automatic verdict stays"
    assert [one["do"] for one in service] == ["appeal", "decide"]


async def test_a_greeting_is_decided_and_taken_back(busy, service):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    await boss.get(f"/calls/{OURS}")
    await boss.send(
        f"/calls/{OURS}",
        do="decide",
        about="greeting",
        part="PJSIP/agent1",
        verdict="compliant",
        forbidden="no",
        reason="三项齐全",
    )
    assert service[-1] | {} == service[-1]
    assert (service[-1]["verdict"], service[-1]["forbidden"]) == ("compliant", False)
    page = await boss.send(f"/calls/{OURS}", do="undo", about="greeting", part="PJSIP/agent1", reason="听错了")
    assert "撤回" in page.text
    assert service[-1]["do"] == "undo"


async def test_what_is_refused_is_told_on_the_page_and_what_was_typed_is_kept(busy, service):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    await boss.get(f"/calls/{OURS}")
    page = await boss.send(f"/calls/{OURS}", do="decide", about="call", verdict="nonsense", reason=f"长长的理由{XSS}")
    assert page.status_code == 409
    assert "长长的理由&lt;script&gt;" in page.text
    assert 'role="alert"' in page.text
    empty = await boss.send(f"/calls/{OURS}", do="decide", about="call", verdict="late", reason=" ")
    assert "请写明理由" in empty.text
    none = await boss.send(f"/calls/{OURS}", do="dance", about="call", reason="x")
    assert none.status_code == 409


async def test_without_a_service_nothing_is_decided_and_the_page_says_so(busy):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    await boss.get(f"/calls/{OURS}")
    page = await boss.send(f"/calls/{OURS}", do="decide", about="call", verdict="on_time", reason="x")
    assert page.status_code == 409
    assert "请联系管理员，确认服务是否在运行" in page.text


async def test_staff_cannot_decide_nor_supervisors_appeal_for_others(busy, service):
    zhang = await busy.inside("0101", agent="zhang")
    await zhang.get(f"/calls/{OURS}")
    page = await zhang.send(f"/calls/{OURS}", do="decide", about="call", verdict="on_time", reason="x")
    assert page.status_code == 404
    boss = await busy.inside("0001", Role.SUPERVISOR, agent="wang")
    await boss.get(f"/calls/{OURS}")
    assert (await boss.send(f"/calls/{OURS}", do="appeal", about="call", reason="x")).status_code == 404
    assert service == []


async def test_a_supervisor_decides_nothing_about_themselves(busy, service):
    boss = await busy.inside("0001", Role.SUPERVISOR, agent="zhang")
    shown = await boss.get(f"/calls/{OURS}")
    assert "人工判定</summary>" not in shown.text
    page = await boss.send(f"/calls/{OURS}", do="decide", about="call", verdict="on_time", reason="x")
    assert page.status_code in {404, 409}
    assert [one for one in await busy.store.decisions.of_calls([OURS]) if one.steps] == []


async def test_the_calls_beside_are_one_key_away_and_only_those_that_one_sees(busy):
    boss = await busy.inside("0001", Role.SUPERVISOR)
    page = await boss.get(f"/calls/{THEIRS}")
    assert re.search(rf'rel="prev" data-key="k" href="/calls/{OURS}"', page.text)
    assert re.search(rf'rel="next" data-key="j" href="/calls/{3:020x}"', page.text)
    zhang = await busy.inside("0101", agent="zhang")
    assert THEIRS not in (await zhang.get(f"/calls/{OURS}")).text


async def test_gaps_causes_and_what_cannot_be_told_blame_nobody(busy):
    facts = replace(at(ON_TIME, 7, busy.clock.us).facts, gaps=(Gap(from_at=1, to_at=None, reason=GapReason.LINK_LOST),))
    routed = at(MISSED, 8, busy.clock.us)
    async with busy.store.requests._asking.write() as connection:
        await save_calls(connection, [JudgedCall(facts=facts, judgement=judge(facts)), routed])
    boss = await busy.inside("0001", Role.SUPERVISOR)
    page = await boss.get(f"/calls/{7:020x}")
    assert "无数据" in page.text
    assert "不归任何人" in (await boss.get(f"/calls/{8:020x}")).text or routed.judgement.cause == "person"
    assert "问候不判" in page.text


@pytest.mark.parametrize("role", list(Role))
async def test_the_page_speaks_english_alone_to_who_wants_that(busy, role):
    browser = await busy.inside("0007", role, **({"agent": "zhang"} if role is Role.STAFF else {}))
    await browser.get("/")
    await browser.send("/look", language="en", back=f"/calls/{OURS}")
    if role is Role.AUDITOR:
        assert browser.page.status_code == 404
        return
    text = re.sub(r"(?s)<blockquote.*?</blockquote>|您好|社保|不清楚|某市大厅|张三|中文", "", browser.page.text)
    assert not re.findall("[\u4e00-\u9fff]+", text)
