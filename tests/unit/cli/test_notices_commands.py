"""`voicedesk notices`, `outage` and `prompts`, as they are typed."""

import asyncio
import json

import numpy as np
import pytest
from tests.contracts.store.test_consultations import ASKED, NUMBER, consultation, notice
from voicedesk.cli import prompts
from voicedesk.hall.prompts import book_of
from voicedesk.ivr.model import Exit, State
from voicedesk.jobs.telling.outages import Outages
from voicedesk.prompts.book import Pace, recording_name, text_id
from voicedesk.settings import load_settings
from voicedesk.store.store import Store

WELCOME = "您好，这里是人力资源和社会保障服务热线。"


@pytest.fixture
def run(typed):
    def runs(*words):
        done = typed(*map(str, words))
        return done.code, done.out, done.err

    return runs


@pytest.fixture
def hall(tmp_path):
    config = tmp_path / "voicedesk.toml"
    told = tmp_path / "told.json"
    config.write_text(
        f"""
[notices]
samples = true
[prompts]
recordings = "recorded"
[outage]
notify_command = ["/bin/sh", "-c", "cat > {told}"]
[[lines]]
name = "hotline"
extensions = ["4001"]
""",
        encoding="utf-8",
    )
    return config


def fill(folder) -> None:
    async def work():
        async with Store.open(f"sqlite:///{folder / 'voicedesk.db'}") as store:
            await store.consultations.save(
                consultation(notices=(notice("work_injury"),), requests=(ASKED,), exit=Exit.PERSON, sms_to=NUMBER)
            )
            await store.consultations.save(consultation("76543216", 2_000_000, caller_number=None))

    asyncio.run(work())


def test_notices_are_listed_and_shown_with_masked_numbers(run, hall):
    fill(hall.parent)
    code, out, _ = run("notices", "list", "--config", hall)
    assert code == 0
    assert "12345671  138****8000  转人工" in out
    assert "社会保障卡 1/2" in out
    assert len(out.splitlines()) == 2
    _, out, _ = run("notices", "list", "--config", hall, "--json", "--item", "work_injury", "--unmask")
    (one,) = json.loads(out)
    assert (one["caller_number"], one["requests"][0]["kind"], one["sms_to"]) == (NUMBER, "complaint", NUMBER)
    _, out, _ = run("notices", "show", "12345671", "--config", hall)
    assert "✓ 申请材料  2/2" in out
    assert "✗ 办理依据  0/1" in out
    assert "投诉 complaint  138****8000  待处理 open" in out
    _, out, _ = run("notices", "show", "12345671", "--config", hall, "--json")
    assert json.loads(out)["caller_number"] == "138****8000"
    code, _, err = run("notices", "show", "00000000", "--config", hall)
    assert code == 1
    assert "nobody was given the code" in err


def test_where_a_caller_stood_is_said_in_words_and_kept_as_it_is_in_json(run, hall):
    async def work():
        async with Store.open(f"sqlite:///{hall.parent / 'voicedesk.db'}") as store:
            await store.consultations.save(consultation(state=State.NUMBER_CONFIRM))
            await store.consultations.save(consultation("76543216", state=State.LEFT, exit=Exit.PERSON))

    asyncio.run(work())
    out = run("notices", "show", "12345671", "--config", hall)[1]
    assert out.splitlines()[1].endswith("（确认号码 number read back）")
    assert "number_confirm" not in out
    out = run("notices", "show", "76543216", "--config", hall)[1]
    assert out.splitlines()[1].endswith("（已离开菜单 left the menu）")
    out = run("notices", "show", "12345671", "--config", hall, "--json")[1]
    assert json.loads(out)["state"] == "number_confirm"


def test_a_sheet_is_printed_or_written(run, hall, tmp_path):
    fill(hall.parent)
    code, out, _ = run("notices", "sheet", "12345671", "--config", hall)
    assert code == 0
    assert out.startswith("<!doctype html>")
    target = tmp_path / "sheet.html"
    run("notices", "sheet", "12345671", "--config", hall, "--output", target)
    assert target.read_text(encoding="utf-8").strip() == out.strip()
    code, _, err = run("notices", "sheet", "12345671", "--config", hall, "--output", tmp_path / "no" / "x.html")
    assert code == 1
    assert "cannot be written" in err


def test_an_outage_is_announced_told_and_ended(run, hall):
    told = hall.parent / "told.json"
    code, out, _ = run("outage", "start", "社会保险系统正在抢修。", "--line", "hotline", "--config", hall)
    assert code == 0
    assert "information centre: ok" in out
    assert json.loads(told.read_text(encoding="utf-8"))["what"] == "start"
    assert "hotline" in run("outage", "list", "--config", hall)[1]
    (one,) = json.loads(run("outage", "list", "--config", hall, "--json")[1])
    assert (one["line"], one["text"]) == ("hotline", "社会保险系统正在抢修。")
    code, _, err = run("outage", "start", "服务器→坏了", "--config", hall)
    assert code == 0
    assert "only the general sentence will be heard" in err
    code, out, _ = run("outage", "stop", "--config", hall)
    assert len(out.splitlines()) == 2
    assert run("outage", "list", "--config", hall)[1] == ""
    code, out, err = run("outage", "stop", "--config", hall)
    assert (code, out) == (1, "")
    assert "nothing was announced" in err
    code, _, err = run("outage", "start", "故障。", "--line", "nowhere", "--config", hall)
    assert code == 1
    assert "no line is called" in err
    code, _, err = run("outage", "start", " ", "--config", hall)
    assert code == 1
    assert "say what is broken" in err
    assert run("outage", "list", "--config", hall)[1] == ""


def test_the_digits_of_an_outage_are_read_aloud_and_the_general_sentence_gets_its_sound_too(run, hall):
    text = hall.read_text(encoding="utf-8") + '[ivr]\nlisten = "127.0.0.1:4573"\n'
    hall.write_text(text, encoding="utf-8")
    code, _, err = run("outage", "start", "系统抢修，预计15点30分恢复。", "--config", hall)
    assert (code, err) == (0, "")
    (one,) = json.loads(run("outage", "list", "--config", hall, "--json")[1])
    assert one["text"] == "系统抢修，预计15点30分恢复。"
    settings = load_settings(hall)

    async def heard():
        async with Store.open(settings.store.url) as store:
            outages = Outages(store, settings)
            await outages.refresh()
            return [text.text for text in outages.texts_for("hotline")]

    texts = asyncio.run(heard())
    assert texts[1:] == ["系统抢修，预计十五点三十分恢复。"]
    assert all(book_of(settings).find(text) for text in texts)


def test_an_outage_is_announced_even_where_no_voice_can_speak_it(run, hall, monkeypatch):
    def broken(*_, **__):
        raise OSError("no more processes")

    monkeypatch.setattr("voicedesk.prompts.helper.subprocess.Popen", broken)
    code, out, err = run("outage", "start", "故障。", "--config", hall)
    assert code == 0
    assert "announced" in out
    for said in ("there is no IVR", "the general sentence will not be heard", "no more processes"):
        assert said in err
    assert "故障" in run("outage", "list", "--config", hall)[1]


def test_without_a_program_nobody_is_told_of_an_outage_and_it_says_so(run, hall):
    text = hall.read_text(encoding="utf-8")
    hall.write_text(text[: text.index("[outage]")] + text[text.index("[[lines]]") :], encoding="utf-8")
    assert "nobody is told" in run("outage", "start", "故障。", "--config", hall)[1]


@pytest.fixture
def few(monkeypatch):
    """Only few texts are wanted: building them all would take a minute."""
    wanted = prompts.wanted_of

    def some(settings, day):
        return [one for one in wanted(settings, day) if one.text in (WELCOME, "零")]

    monkeypatch.setattr(prompts, "wanted_of", some)


def test_prompts_are_built_listed_recorded_and_played(run, hall, few, monkeypatch):
    code, out, _ = run("prompts", "list", "--missing", "--config", hall, "--json")
    assert [one["by"] for one in json.loads(out)] == [None, None]
    code, out, err = run("prompts", "build", "--config", hall)
    assert (code, out.strip()) == (0, "4 spoken, 0 taken from recordings, 0 were there, 0 failed"), err
    _, out, _ = run("prompts", "build", "--config", hall, "--json", "--language", "zh_CN")
    assert json.loads(out) == {
        **{"kept": 4, "shipped": 0, "spoken": 0, "recorded": 0},
        **{"failed": [], "unclear": None},
    }
    played = []
    monkeypatch.setattr(prompts, "play", lambda samples, rate: played.append(len(samples) / rate))
    assert run("prompts", "play", WELCOME, "--config", hall)[0] == 0
    assert run("prompts", "play", text_id(WELCOME), "--slow", "--config", hall)[0] == 0
    assert 3 < played[0] < played[1]
    tone = (np.sin(np.arange(8000) / 3) * 9000).astype(np.int16)
    monkeypatch.setattr(prompts, "listen", lambda device: iter([(tone, 8000)] * 100))
    monkeypatch.setattr(prompts.time, "monotonic", iter(range(100)).__next__)
    code, out, _ = run("prompts", "record", WELCOME, "--seconds", "4", "--config", hall)
    assert code == 0
    assert (hall.parent / "recorded" / "zh_CN" / f"{recording_name(WELCOME, Pace.NORMAL)}.wav").exists()
    assert "1 taken from recordings" in run("prompts", "build", "--config", hall)[1]
    out = run("prompts", "list", "--config", hall)[1]
    assert "真人 person" in out
    assert WELCOME not in run("prompts", "list", "--missing-recording", "--config", hall)[1]


def test_prompts_that_cannot_be_are_told_of(run, hall, few, monkeypatch):
    code, _, err = run("prompts", "play", "没有这句话", "--config", hall)
    assert (code, "nothing that is said" in err) == (1, True)
    code, _, err = run("prompts", "play", WELCOME, "--config", hall)
    assert (code, "has no sound yet" in err) == (1, True)
    text = hall.read_text(encoding="utf-8")
    hall.write_text(text.replace('recordings = "recorded"', 'voice = "no/such"'), encoding="utf-8")
    code, _, err = run("prompts", "record", WELCOME, "--config", hall)
    assert (code, "name no folder for recordings" in err) == (1, True)
    code, out, err = run("prompts", "build", "--config", hall)
    assert code == 1
    assert "4 failed" in out
    assert "no such voice" in err


def test_a_recording_that_cannot_be_kept_says_so(run, hall, few, monkeypatch):
    (hall.parent / "recorded").write_text("no folder")
    tone = np.full(8000, 900, np.int16)
    monkeypatch.setattr(prompts, "listen", lambda device: iter([(tone, 8000)] * 100))
    code, _, err = run("prompts", "record", WELCOME, "--seconds", "1", "--config", hall)
    assert (code, "cannot be written" in err) == (1, True)
