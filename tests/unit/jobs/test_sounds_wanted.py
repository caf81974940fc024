"""The service builds what has no sound: in a process apart, and callers are served meanwhile."""

import asyncio
import threading
from datetime import date

import numpy as np
import pytest
from structlog.testing import capture_logs
from voicedesk.audio.wav import write_wav
from voicedesk.clock import now_us
from voicedesk.errors import InputError
from voicedesk.hall import prompt_building
from voicedesk.hall.prompt_building import build_prompts
from voicedesk.hall.prompts import book_of, frames_of, wanted_by_service
from voicedesk.jobs.telling import sounds_wanted
from voicedesk.jobs.telling.shelf import stocked
from voicedesk.jobs.telling.sounds_wanted import SoundsWanted, answer
from voicedesk.prompts.book import KOKORO, PYTTSX3, Pace, recording_name
from voicedesk.prompts.build import Wanted
from voicedesk.prompts.rendering import write_prompt
from voicedesk.prompts.synthesis import Synthesis
from voicedesk.settings import Settings
from voicedesk.settings.model import IvrTable

WELCOME = Wanted(text="您好，这里是人力资源和社会保障服务热线。")
KEYS, PERSON, GOODBYE = (Wanted(text=text) for text in ("请按键选择。", "人工服务，请按零。", "感谢您的来电，再见。"))
DAY = date(2026, 12, 1)
TONE = (3000 * np.sin(np.arange(16000) / 10)).astype(np.int16)


def settings(tmp_path, engine=PYTTSX3):
    return Settings.model_validate({"prompts": {"folder": str(tmp_path / "sounds"), "engine": engine}})


@pytest.fixture
def wanted(monkeypatch):
    """The few texts that are wanted."""
    texts = [WELCOME, GOODBYE]
    monkeypatch.setattr(sounds_wanted, "wanted_by_service", lambda _settings, _day: tuple(texts))
    return texts


@pytest.fixture
def built(monkeypatch):
    """What was asked to be built; nothing is."""
    asked: list[tuple[Wanted, ...]] = []

    async def build(_settings, wanted):
        asked.append(wanted)
        return {"spoken": len(wanted)}

    monkeypatch.setattr(sounds_wanted, "_built_apart", build)
    return asked


async def until(condition):
    async with asyncio.timeout(150):
        while not condition():
            await asyncio.sleep(0.01)


async def test_what_has_no_sound_at_the_first_start_is_built_in_a_process_apart(tmp_path, wanted):
    book = book_of(settings(tmp_path))
    with capture_logs() as logs:
        running = asyncio.create_task(SoundsWanted(settings(tmp_path), now_us).run())
        await until(lambda: any(one["event"] in ("prompts_built", "prompts_not_built") for one in logs))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [one["event"] for one in logs] == ["prompts_being_built", "prompts_built"], logs
    assert all(book.find(one.text, pace=pace) for one in wanted for pace in Pace)


async def test_a_build_that_is_ended_half_way_leaves_no_folder_behind(tmp_path, wanted, monkeypatch):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(sounds_wanted.tempfile, "tempdir", str(temporary))
    running = asyncio.create_task(SoundsWanted(settings(tmp_path), now_us).run())
    await until(lambda: list(temporary.glob("voicedesk-build-*/voicedesk-*")))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert list(temporary.iterdir()) == []


def test_without_an_ivr_the_notice_alone_is_wanted_and_only_where_calls_are_recorded(tmp_path):
    pbx = {"name": "main", "host": "h", "username": "u", "secret": "s"}
    told = {"prompts": {"folder": str(tmp_path), "engine": PYTTSX3}}
    assert wanted_by_service(Settings.model_validate({**told, "pbx": [pbx]}), DAY) == ()
    recorded = Settings.model_validate({**told, "pbx": [{**pbx, "recordings": str(tmp_path)}]})
    (notice,) = wanted_by_service(recorded, DAY)
    assert notice.text == frames_of(recorded)["zh_CN"]["recording_notice"]
    with_ivr = recorded.model_copy(update={"ivr": IvrTable(listen="127.0.0.1:4573")})
    assert len(wanted_by_service(with_ivr, DAY)) > 100
    assert notice in wanted_by_service(with_ivr, DAY)


def test_a_build_puts_the_notice_where_the_dialplan_plays_it_and_a_recording_in_its_place(tmp_path, monkeypatch):
    recordings = tmp_path / "recordings"
    table = {"folder": str(tmp_path / "sounds"), "engine": PYTTSX3, "recordings": str(recordings)}
    hall = Settings.model_validate({"prompts": table})
    notice = Wanted(text=frames_of(hall)["zh_CN"]["recording_notice"])
    monkeypatch.setattr(sounds_wanted, "wanted_by_service", lambda _settings, _day: (notice,))
    played = tmp_path / "sounds/zh_CN/named/recording-notice.alaw"
    build_prompts(hall, [notice], lambda _: lambda *_: None, trust_voice=True)
    assert len(played.read_bytes()) > 8000
    assert sounds_wanted._wanted_sounds(hall, DAY) == ()
    played.unlink()
    assert sounds_wanted._wanted_sounds(hall, DAY) == (notice,)
    file = recordings / "zh_CN" / f"{recording_name(notice.text, Pace.NORMAL)}.wav"
    file.parent.mkdir(parents=True)
    write_wav(file, np.tile(TONE, 5), 16000)
    built = build_prompts(hall, [notice], lambda _: lambda *_: None, trust_voice=True)
    assert built.failed == []
    assert book_of(hall).find(notice.text).path.with_suffix(".alaw").read_bytes() == played.read_bytes()
    assert 39_000 < len(played.read_bytes()) < 42_000


async def test_where_every_text_has_a_sound_nothing_is_built_until_there_are_more(tmp_path, wanted, built):
    book = book_of(settings(tmp_path))
    for one in wanted:
        write_prompt(TONE, 16000, book.spoken_path(one.text, one.language, Pace.NORMAL))
    job = SoundsWanted(settings(tmp_path), now_us)
    running = asyncio.create_task(job.run())
    await until(lambda: job.looked)
    assert built == []
    wanted.append(KEYS)
    job.change_settings(settings(tmp_path))
    await until(lambda: built)
    assert built[0] == (WELCOME, GOODBYE, KEYS)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_build_that_fails_is_told_with_the_cure_and_the_service_goes_on(tmp_path, wanted, monkeypatch):
    monkeypatch.setattr(sounds_wanted.sys, "executable", "/no/such/python")
    with capture_logs() as logs:
        await SoundsWanted(settings(tmp_path), now_us)._look(settings(tmp_path))
        monkeypatch.setattr(sounds_wanted.sys, "executable", "/bin/false")
        await SoundsWanted(settings(tmp_path), now_us)._look(settings(tmp_path))
    told = [one for one in logs if one["event"] == "prompts_not_built"]
    assert ["no process can be started" in told[0]["reason"], "ended with 1" in told[1]["reason"]] == [True, True]
    assert {one["cure"] for one in told} == {"voicedesk prompts build"}


async def test_an_error_that_nobody_foresaw_keeps_no_caller_from_being_told(tmp_path, built, monkeypatch):
    def broken(_settings, _day):
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(sounds_wanted, "wanted_by_service", broken)
    with capture_logs() as logs:
        running = asyncio.create_task(SoundsWanted(settings(tmp_path), now_us).run())
        await until(lambda: logs)
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [(one["event"], one["reason"]) for one in logs] == [("prompts_not_built", "RuntimeError('unforeseen')")]


async def test_texts_that_cannot_be_read_build_nothing(tmp_path, built, monkeypatch):
    def broken(_settings, _day):
        raise InputError("frame.toml")

    monkeypatch.setattr(sounds_wanted, "wanted_by_service", broken)
    await SoundsWanted(settings(tmp_path), now_us)._look(settings(tmp_path))
    assert built == []


def test_what_cannot_be_spoken_is_told_by_name(tmp_path, monkeypatch):
    order = {"settings": {"prompts": {"folder": str(tmp_path / "sounds"), "engine": PYTTSX3}}}
    told = answer({**order, "wanted": [["便民★大厅", "zh_CN"]]})
    assert "2 sounds were not built; the first: " in str(told["error"])
    assert "★" in str(told["error"])
    monkeypatch.setattr(sounds_wanted, "build_prompts", refuse)
    assert answer({**order, "wanted": []}) == {"error": "no room"}


def refuse(*_, **__):
    raise InputError("no room")


async def test_callers_are_served_while_the_natural_voice_still_speaks(tmp_path, monkeypatch):
    """The natural voice does not come to its first sentence: what pyttsx3 said meanwhile is what callers hear."""
    released, waits = threading.Event(), threading.Event()

    def speak(_self, text, voice, pace, _language):
        if voice.engine == KOKORO:
            waits.set()
            released.wait(150)
        return np.resize(TONE, len(text) * 16000 // (3 if pace is Pace.SLOW else 4)), 16000

    monkeypatch.setattr(Synthesis, "speak", speak)
    monkeypatch.setattr(prompt_building, "take_shipped", lambda orders, *_: list(orders))
    monkeypatch.setattr(prompt_building, "ear_for_people", refuse)
    hall = settings(tmp_path, KOKORO)
    order = {"settings": hall.model_dump(mode="json", include=sounds_wanted.TABLES)}
    order["wanted"] = [[one.text, one.language] for one in (WELCOME, KEYS, PERSON, GOODBYE)]
    assert not stocked(hall, DAY).can_speak
    building = asyncio.create_task(asyncio.to_thread(answer, order))
    try:
        await until(waits.is_set)
        assert stocked(hall, DAY).can_speak
    finally:
        released.set()
    assert await building == {"shipped": 0, "spoken": 8, "recorded": 0, "unclear": None}
