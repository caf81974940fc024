"""Sounds of the frame that come with Voicedesk, and what pyttsx3 says until the hall's own voice has spoken."""

import json
import os
import zipfile

import numpy as np
import pytest
from tools import shipped_sounds
from voicedesk.audio.g711 import encode_alaw
from voicedesk.errors import InputError
from voicedesk.hall import prompt_building
from voicedesk.hall.prompt_building import build_prompts
from voicedesk.hall.prompts import book_of
from voicedesk.prompts import kokoro
from voicedesk.prompts.book import FIRST_VOICE, KOKORO, PYTTSX3, Pace, PromptBook, Voice, is_whole
from voicedesk.prompts.build import Wanted, keep
from voicedesk.prompts.meanwhile import speak_meanwhile
from voicedesk.prompts.pronunciation import Pronunciation, shipped_pronunciation, words_of
from voicedesk.prompts.rendering import write_prompt
from voicedesk.prompts.shipped import SOUNDS, WORDS, member_of, take_shipped
from voicedesk.prompts.synthesis import Synthesis
from voicedesk.settings import Settings

WELCOME, AGAIN, ENGLISH = Wanted(text="您好。"), Wanted(text="重听。"), Wanted(text="Hello.", language="en")
NATURAL = Voice(name="jm_kumo", rate=160, slow_rate=120, engine=KOKORO)
QUICK = Voice(name=FIRST_VOICE, rate=160, slow_rate=120)
ORDERS = [(one, Pace.NORMAL) for one in (WELCOME, AGAIN, ENGLISH)]
TONE = (3000 * np.sin(np.arange(16000) / 10)).astype(np.int16)


@pytest.fixture
def book(tmp_path):
    return PromptBook(tmp_path / "prompts", {"zh_CN": NATURAL, "en": QUICK})


def shipped(folder, book, **words):
    """A file as it is shipped, with WELCOME and AGAIN; `words` says how they were read."""
    file = folder / "sounds.zip"
    names = {key: member_of(one, Pace.NORMAL, book) for key, one in (("welcome", WELCOME), ("again", AGAIN))}
    read = {"welcome": "nin2 hao3 .", "again": "chong2 ting1 .", **words}
    with zipfile.ZipFile(file, "w") as sounds:
        sounds.writestr(WORDS, json.dumps({names[key]: value for key, value in read.items()}))
        for name in names.values():
            sounds.writestr(name, encode_alaw(TONE[:8000]))
    return file


def test_what_was_shipped_is_taken_over_for_both_lines(book, tmp_path):
    left = take_shipped(ORDERS, book, shipped_pronunciation(), shipped(tmp_path, book))
    assert left == [(ENGLISH, Pace.NORMAL)]
    assert book.find(WELCOME.text).seconds == 0.5
    assert is_whole(book.spoken_path(WELCOME.text, "zh_CN", Pace.NORMAL))
    assert book.note(AGAIN.text, "zh_CN", Pace.NORMAL).words == "chong2 ting1 ."


def test_what_a_hall_reads_otherwise_or_in_another_voice_is_spoken_here(book, tmp_path):
    file = shipped(tmp_path, book)
    own = Pronunciation({"重听": "zhong4 ting1"})
    assert take_shipped(ORDERS, book, own, file)[0] == (AGAIN, Pace.NORMAL)
    other = PromptBook(tmp_path / "other", {"zh_CN": QUICK, "en": QUICK})
    assert take_shipped(ORDERS, other, shipped_pronunciation(), file) == ORDERS
    assert not other.folder.exists()


@pytest.mark.parametrize("content", [None, b"", b"PK\3\4 cut off"])
def test_a_shipped_file_that_is_gone_or_damaged_costs_nothing_but_time(book, tmp_path, content):
    file = tmp_path / "sounds.zip"
    if content is not None:
        file.write_bytes(content)
    assert take_shipped(ORDERS, book, shipped_pronunciation(), file) == ORDERS


def test_what_is_shipped_is_read_as_it_would_be_read_today():
    with zipfile.ZipFile(SOUNDS) as sounds:
        words = json.loads(sounds.read(WORDS))
        assert set(words) == set(sounds.namelist()) - {WORDS}
        assert all(len(sounds.read(name)) > 800 for name in words)
    assert SOUNDS.stat().st_size < 20_000_000
    assert (
        "nin2 hao3 , zhe4 li3 shi4 ren2 li4 zi1 yuan2 he2 she4 hui4 bao3 zhang4 fu2 wu4 re4 xian4 ." in words.values()
    )


def test_every_text_of_the_frame_is_shipped_as_it_is_worded_and_read_today(tmp_path):
    """After a change of the frame, a group's name or a reading: python -m tools.shipped_sounds."""
    book = shipped_sounds.book_in(tmp_path)
    with zipfile.ZipFile(SOUNDS) as sounds:
        words = json.loads(sounds.read(WORDS))
    wanted = {
        member_of(one, pace, book): words_of(one.text, "zh_CN", shipped_pronunciation())
        for one, pace in shipped_sounds.orders()
    }
    assert {one: read for one, read in wanted.items() if words.get(one) != read} == {}


def speaking(monkeypatch, spoken):
    """Voices that note what they are asked for."""

    def speak(self, text, voice, pace, language):
        spoken.append((voice.engine, text, pace))
        count = len(text) * 16000 // (3 if pace is Pace.SLOW else 4)
        return np.resize(TONE, count), 16000

    monkeypatch.setattr(Synthesis, "speak", speak)


def test_until_the_halls_own_voice_has_spoken_callers_hear_the_quick_one(book, monkeypatch):
    spoken = []
    speaking(monkeypatch, spoken)
    keep(WELCOME, Pace.NORMAL, TONE, 16000, book=book, pronunciation=shipped_pronunciation())
    built = speak_meanwhile((WELCOME, AGAIN), book, shipped_pronunciation())
    assert (built.spoken, built.failed) == (1, [])
    assert {(engine, text, pace) for engine, text, pace in spoken if text == AGAIN.text} == {
        (PYTTSX3, AGAIN.text, Pace.NORMAL)
    }
    first = book.find(AGAIN.text)
    keep(AGAIN, Pace.NORMAL, TONE[:8000], 16000, book=book, pronunciation=shipped_pronunciation())
    assert book.find(AGAIN.text).seconds == 0.5 != first.seconds  # the hall's own voice has taken its place
    assert speak_meanwhile((WELCOME, AGAIN), book, shipped_pronunciation()).spoken == 0


def settings(tmp_path, **prompts):
    return Settings.model_validate({"prompts": {"folder": str(tmp_path / "sounds"), "engine": KOKORO, **prompts}})


def test_a_build_takes_over_says_the_rest_meanwhile_and_then_speaks_it(tmp_path, monkeypatch):
    spoken = []
    speaking(monkeypatch, spoken)
    book = book_of(settings(tmp_path))
    monkeypatch.setattr(prompt_building, "take_shipped", lambda *_: take_shipped(*_, shipped(tmp_path, book)))
    monkeypatch.setattr(prompt_building, "ear_for_people", no_ear)
    more = Wanted(text="再见，请您挂机。")
    built = build_prompts(settings(tmp_path), (WELCOME, AGAIN, more), lambda _: lambda *_: None, meanwhile=True)
    assert (built.shipped, built.kept, built.failed) == (2, 0, [])
    assert [engine for engine, text, pace in spoken if text == more.text and pace is Pace.NORMAL] == [PYTTSX3, KOKORO]
    assert built.unheard == "nobody here"
    spoken.clear()
    again = build_prompts(settings(tmp_path), (WELCOME, AGAIN, more), lambda _: lambda *_: None, meanwhile=True)
    assert (spoken, again.kept, again.unheard) == ([], 6, None)


def no_ear(_settings):
    raise InputError("nobody here")


def test_two_builds_in_one_folder_do_not_speak_everything_twice(tmp_path):
    with (
        prompt_building._alone(tmp_path / "sounds"),
        pytest.raises(InputError, match="being built already"),
    ):
        build_prompts(settings(tmp_path), (), lambda _: lambda *_: None)
    assert build_prompts(settings(tmp_path), (), lambda _: lambda *_: None).spoken == 0


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "sounds").write_text("a file", encoding="utf-8")
    with pytest.raises(InputError, match="sounds: cannot be written"):
        build_prompts(settings(tmp_path), (), lambda _: lambda *_: None)


def test_sounds_that_the_service_writes_can_be_read_by_the_switch(tmp_path):
    """Its unit has UMask=0077, and Asterisk is another user."""
    before = os.umask(0o077)
    try:
        write_prompt(TONE, 16000, tmp_path / "sounds" / "zh_CN" / "normal" / "one")
    finally:
        os.umask(before)
    (line, wide) = sorted((tmp_path / "sounds" / "zh_CN" / "normal").iterdir())
    assert {oct(file.stat().st_mode & 0o777) for file in (line, wide)} == {"0o644"}
    folders = (line.parent, line.parent.parent, tmp_path / "sounds")
    assert {oct(folder.stat().st_mode & 0o777) for folder in folders} == {"0o755"}


def test_a_hall_without_a_natural_voice_is_lent_what_came_with_voicedesk(tmp_path, monkeypatch):
    monkeypatch.setattr(kokoro, "is_installed", lambda: False)
    goodbye, own = Wanted(text="感谢您的来电，再见。"), Wanted(text="请带上身份证。")

    def build(**table):
        hall = Settings.model_validate({"prompts": {"folder": str(tmp_path / "prompts"), **table}})
        built = build_prompts(hall, [goodbye, own], lambda _: lambda *_: None, trust_voice=True)
        assert built.failed == []
        return built, book_of(hall)

    built, book = build()
    assert built.shipped == 1
    lent = book.find(goodbye.text)
    assert lent.path == book.shipped_path(goodbye.text, "zh_CN")
    assert lent.seconds > 1
    assert book.find(goodbye.text, pace=Pace.SLOW).path == book.spoken_path(goodbye.text, "zh_CN", Pace.SLOW)
    assert book.find(own.text).path == book.spoken_path(own.text, "zh_CN", Pace.NORMAL)
    built, book = build(rate=200)  # at another pace than it was shipped in
    assert (built.shipped, book.find(goodbye.text).path) == (0, book.spoken_path(goodbye.text, "zh_CN", Pace.NORMAL))
    assert build()[0].shipped == 1
    built, book = build(engine="pyttsx3")  # the hall chose its voice
    assert (built.shipped, book.find(goodbye.text).path) == (0, book.spoken_path(goodbye.text, "zh_CN", Pace.NORMAL))
