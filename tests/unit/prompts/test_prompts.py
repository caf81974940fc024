"""Prompts: texts found, spoken, heard, kept; nothing wrong replaces what was right."""

import os
import shutil
import sys
import threading
import time
import wave
from pathlib import Path

import numpy as np
import pytest
from voicedesk.errors import InputError
from voicedesk.prompts import speaker
from voicedesk.prompts.book import LINE_RATE, Pace, PromptBook, Voice, recording_name, text_id
from voicedesk.prompts.build import Wanted, build_recorded, build_spoken, missing, wanted_texts
from voicedesk.prompts.check import TESTS, PromptCheck
from voicedesk.prompts.pronunciation import load_pronunciation, shipped_pronunciation
from voicedesk.prompts.rendering import WIDE_RATE, levelled, trimmed, write_prompt
from voicedesk.prompts.synthesis import Synthesis
from voicedesk.prompts.texts import load_frames
from voicedesk.speech.models import embedded_model
from voicedesk.speech.vosk_engine import VoskRecognizer
from voicedesk.texts_folder import shipped_texts

VOICES = {
    "zh_CN": Voice(name="sit/cmn-latn-pinyin", rate=160, slow_rate=120),
    "en": Voice(name="gmw/en-us", rate=160, slow_rate=120),
}
WELCOME = "您好，这里是人力资源和社会保障服务热线。"
ENGLISH = "To speak with a person, press zero."


@pytest.fixture(scope="module")
def check():
    return PromptCheck(VoskRecognizer(embedded_model()))


@pytest.fixture
def book(tmp_path):
    return PromptBook(tmp_path / "prompts", VOICES)


@pytest.fixture(scope="module")
def spoken(check, tmp_path_factory):
    """A folder with WELCOME at both paces."""
    folder = tmp_path_factory.mktemp("spoken")
    assert build(orders(WELCOME), PromptBook(folder, VOICES), check).spoken == 2
    return folder


@pytest.fixture
def full(book, spoken):
    """A book with WELCOME at both paces."""
    shutil.copytree(spoken, book.folder)
    return book


def orders(*texts, language="zh_CN", paces=tuple(Pace)):
    return [(Wanted(text=text, language=language), pace) for text in texts for pace in paces]


def build(what, book, check, progress=None):
    with Synthesis.open(shipped_pronunciation()) as synthesis:
        return build_spoken(what, book, synthesis, check, progress)


def test_a_slow_sound_that_is_no_slower_than_the_normal_one_fails(book, check, monkeypatch):
    speak = Synthesis.speak
    monkeypatch.setattr(
        Synthesis, "speak", lambda self, text, voice, _pace, language: speak(self, text, voice, Pace.NORMAL, language)
    )
    built = build(orders(WELCOME), book, check)
    assert built.failed == [(WELCOME, "the slow one is no slower than the normal one")]
    assert book.find(WELCOME, pace=Pace.SLOW).seconds == book.find(WELCOME).seconds


def test_the_same_order_always_gives_the_same_bytes(tmp_path):
    """The engine's own thread once set the rate while the voice was being loaded: one of a hundred was hurried."""
    file = tmp_path / "one.wav"
    order = {"text": "ni3 hao3", "voice": "sit/cmn-latn-pinyin", "rate": 120, "file": str(file)}
    sounds = set()
    for _ in range(60):
        assert speaker.answer(order) is None
        sounds.add(file.read_bytes())
    assert len(sounds) == 1


def test_the_engine_speaks_within_the_call_that_asks_for_it(tmp_path, monkeypatch):
    file = tmp_path / "one.wav"
    heard = speaker.ctypes.string_at

    def in_this_thread(samples, size):
        assert threading.current_thread() is threading.main_thread()
        file.with_suffix(".heard").touch()
        return heard(samples, size)

    monkeypatch.setattr(speaker.ctypes, "string_at", in_this_thread)
    order = {"text": "ni3 hao3", "voice": "sit/cmn-latn-pinyin", "rate": 120, "file": str(file)}
    assert speaker.answer(order) is None
    assert file.with_suffix(".heard").exists()


def test_texts_are_spoken_normally_and_slowly_for_the_line_and_wide(book, check):
    told = []
    what = [*orders(WELCOME, "零"), *orders(ENGLISH, language="en")]
    built = build(what, book, check, lambda done, of: told.append((done, of)))
    assert (built.spoken, built.failed) == (6, [])
    assert told[-1] == (6, 6)
    normal, slow = book.find(WELCOME), book.find(WELCOME, pace=Pace.SLOW)
    assert 3 < normal.seconds < slow.seconds < 12
    line = normal.path.with_suffix(".alaw").stat().st_size / LINE_RATE
    wide = normal.path.with_suffix(".sln16").stat().st_size / 2 / WIDE_RATE
    assert line == pytest.approx(wide, abs=0.01)
    assert book.find(ENGLISH, language="en").seconds > 1
    assert not normal.is_recorded
    assert missing([one for one, _ in what], book) == []


def test_only_what_is_new_or_changed_is_missing(full):
    texts = [Wanted(text=WELCOME), Wanted(text="请按键选择。")]
    assert missing(texts, full) == orders("请按键选择。")
    other = PromptBook(full.folder, {**VOICES, "zh_CN": Voice(name="sit/cmn-latn-pinyin", rate=200, slow_rate=120)})
    assert missing(texts[:1], other) == orders(WELCOME, paces=[Pace.NORMAL])
    assert other.find(WELCOME) == full.find(WELCOME)
    assert missing([Wanted(text=f" {WELCOME}\n")], full) == []


@pytest.mark.parametrize("ending", [".alaw", ".sln16"])
def test_fault_57_an_empty_file_is_no_prompt_and_is_built_again(full, ending):
    path = full.find(WELCOME).path
    path.with_suffix(ending).write_bytes(b"")
    assert missing([Wanted(text=WELCOME)], full) == orders(WELCOME, paces=[Pace.NORMAL])
    assert full.find(WELCOME) is None
    path.with_suffix(".alaw").unlink()
    assert full.find(WELCOME) is None
    assert full.find(WELCOME, pace=Pace.SLOW) is not None


def test_where_the_slow_rendering_is_missing_the_normal_one_is_played(book, check):
    build(orders(WELCOME, paces=[Pace.NORMAL]), book, check)
    assert book.find(WELCOME, pace=Pace.SLOW) == book.find(WELCOME)


@pytest.mark.parametrize(
    ("voice", "said"),
    [("no/such-voice", "no such voice"), ("gmw/en-us", "can be understood"), ("sit/cmn", "can be understood")],
)
def test_fault_59_a_wrong_voice_is_noticed_and_the_old_prompt_kept(book, check, voice, said, monkeypatch):
    build(orders(WELCOME, paces=[Pace.NORMAL]), book, check)
    before = book.find(WELCOME).path.with_suffix(".alaw").read_bytes()
    book.voices = {**VOICES, "zh_CN": Voice(name=voice, rate=160, slow_rate=120)}
    path = book.spoken_path(WELCOME, "zh_CN", Pace.NORMAL)
    built = build(orders(WELCOME, "请按键选择。", paces=[Pace.NORMAL]), book, check)
    assert not path.with_suffix(".alaw").exists()
    assert {text for text, _ in built.failed} >= {WELCOME}
    assert said in dict(built.failed)[WELCOME]
    assert book.find(WELCOME).path.with_suffix(".alaw").read_bytes() == before


class Silent(Synthesis):
    """A voice that gives this sound."""

    def __init__(self, samples):
        self._samples = samples

    def speak(self, text, voice, pace, language):
        return self._samples, 22050


def test_fault_59_silence_and_a_wrong_length_are_noticed(book, check):
    noise = (np.random.default_rng(1).normal(size=22050 * 20) * 3000).astype(np.int16)
    for sound, said in (
        (np.zeros(22050, np.int16), "silence"),
        (noise[:4000], "long"),
        (noise, "long"),
        (noise[: 22050 * 6], "understood"),
    ):
        built = build_spoken(orders(WELCOME), book, Silent(sound), check)
        assert len(built.failed) == 2
        assert said in built.failed[0][1]
    assert book.find(WELCOME) is None


def test_fault_59_a_voice_that_hangs_or_crashes_is_told_of_and_the_next_text_spoken(monkeypatch, tmp_path):
    def hangs(order):
        time.sleep(60)

    def crashes(order):
        os._exit(3)

    monkeypatch.setattr(speaker, "speak", hangs)
    assert "hung" in speaker.answer({}, 0.2)
    monkeypatch.setattr(speaker, "speak", crashes)
    assert "crashed" in speaker.answer({})
    monkeypatch.undo()
    file = tmp_path / "one.wav"
    order = {"text": "ni3 hao3", "voice": "sit/cmn-latn-pinyin", "rate": 160, "file": str(file)}
    assert speaker.answer(order) is None
    assert file.stat().st_size > 1000
    assert "no such voice" in speaker.answer({**order, "voice": "no/such"})


def test_fault_59_a_voice_process_that_is_gone_is_told_of(book, check, monkeypatch):
    with Synthesis.open(shipped_pronunciation()) as synthesis:
        monkeypatch.setattr(sys, "executable", "/bin/false")
        built = build_spoken(orders(WELCOME), book, synthesis, check)
    assert len(built.failed) == 2
    assert "espeak-ng" in built.failed[0][1]


class FailingLater(Synthesis):
    """A good voice until `spoken` texts were spoken; it counts what it is asked for."""

    def __init__(self, good, spoken):
        self._good, self._left, self.asked, self.pronunciation = good, spoken, 0, good.pronunciation

    def speak(self, text, voice, pace, language):
        self.asked += 1
        self._left -= 1
        if self._left < 0:
            raise InputError("the voice hung over it")
        return self._good.speak(text, voice, pace, language)


def test_fault_59_a_voice_that_breaks_down_is_tested_again_and_then_asked_for_nothing_more(book, check):
    tests = len(TESTS["zh_CN"])
    texts = ("请按一。", "请按二。", "请按三。", "请按四。", "请按五。")
    with Synthesis.open(shipped_pronunciation()) as good:
        synthesis = FailingLater(good, spoken=tests + 1)
        built = build_spoken(orders(*texts, paces=[Pace.NORMAL]), book, synthesis, check)
    assert built.spoken == 1
    assert [why for _, why in built.failed] == [
        "the voice hung over it",
        *["the voice 'sit/cmn-latn-pinyin' at rate 160 failed its test: the voice hung over it"] * 3,
    ]
    assert synthesis.asked == tests + 3


def test_a_reading_that_was_corrected_has_its_texts_spoken_again(full, tmp_path):
    wanted = [Wanted(text=WELCOME)]
    own = tmp_path / "readings.toml"
    own.write_text('"热线" = "re4 xian1"', encoding="utf-8")
    corrected = load_pronunciation(own)
    assert missing(wanted, full, shipped_pronunciation()) == []
    assert missing(wanted, full, corrected) == orders(WELCOME)
    assert full.note(WELCOME, "zh_CN", Pace.SLOW).words.endswith("re4 xian4 .")
    full.note_path(WELCOME, "zh_CN", Pace.NORMAL).write_text("{", encoding="utf-8")
    assert missing(wanted, full, shipped_pronunciation()) == orders(WELCOME, paces=[Pace.NORMAL])


def test_what_cannot_be_read_aloud_is_ordered_so_that_its_mistake_is_told(full):
    for form in (".alaw", ".sln16"):
        source = full.find(WELCOME).path.with_suffix(form)
        shutil.copy(source, full.spoken_path("请按1。", "zh_CN", Pace.NORMAL).with_suffix(form))
    what = missing([Wanted(text="请按1。")], full, shipped_pronunciation())
    assert (Wanted(text="请按1。"), Pace.NORMAL) in what


@pytest.mark.parametrize("spoil", ["header", "length"])
def test_fault_57_a_sound_of_another_format_is_built_again(full, spoil):
    path = full.find(WELCOME).path.with_suffix(".alaw")
    sound = path.read_bytes()
    path.write_bytes(b"RIFF" + sound[4:] if spoil == "header" else sound[: len(sound) // 2])
    assert missing([Wanted(text=WELCOME)], full) == orders(WELCOME, paces=[Pace.NORMAL])


def test_what_a_killed_build_left_half_written_goes_an_hour_later(full, check):
    now = time.time()
    old, young = (full.folder / "zh_CN" / "normal" / f"{name}.alaw.1.part" for name in ("old", "young"))
    for path, age in ((old, 7200), (young, 60)):
        path.write_bytes(b"x")
        os.utime(path, (now - age, now - age))
    build_spoken([], full, Silent(np.zeros(1, np.int16)), check)
    assert not old.exists()
    assert young.exists()


def test_a_recording_that_cannot_be_read_is_told_of(full, tmp_path):
    source = tmp_path / "zh_CN" / f"{recording_name(WELCOME, Pace.NORMAL)}.wav"
    source.mkdir(parents=True)
    ((_, why),) = build_recorded([Wanted(text=WELCOME)], full, tmp_path).failed
    assert "Is a directory" in why


def test_fault_59_a_disk_that_refuses_keeps_the_old_prompt(full, monkeypatch):
    before = full.find(WELCOME).path.with_suffix(".alaw").read_bytes()
    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(InputError, match="No space left"):
        write_prompt(np.full(9000, 900, np.int16), LINE_RATE, full.find(WELCOME).path)
    assert full.find(WELCOME).path.with_suffix(".alaw").read_bytes() == before
    assert not list(full.folder.rglob("*.part"))


def test_fault_59_a_full_disk_is_no_fault_of_the_voice(book, check, monkeypatch):
    texts = [f"请按{digit}。" for digit in "一二三"]
    monkeypatch.setattr("os.fsync", refuse)
    with Synthesis.open(shipped_pronunciation()) as good:
        synthesis = FailingLater(good, spoken=100)
        built = build_spoken(orders(*texts, paces=[Pace.NORMAL]), book, synthesis, check)
    assert {why for _, why in built.failed} == {
        f"{book.folder / 'zh_CN' / 'normal'}: cannot be written: No space left on device"
    }
    assert synthesis.asked == len(TESTS["zh_CN"]) + len(texts)


def refuse(*_):
    raise OSError(28, "No space left on device")


def tone(seconds: float, rate: int, loudness: float = 0.5) -> np.ndarray:
    times = np.arange(int(seconds * rate)) / rate
    return (np.sin(2 * np.pi * 440 * times) * loudness * 32767).astype(np.int16)


def test_a_persons_recording_replaces_the_voice_at_its_pace_and_goes_when_it_is_withdrawn(full, tmp_path):
    recordings = tmp_path / "recordings"
    source = recordings / "zh_CN" / f"{recording_name(WELCOME, Pace.NORMAL)}.wav"
    source.parent.mkdir(parents=True)
    stereo = np.repeat(tone(4, 44100, 0.05), 2)
    write_stereo(source, stereo, 44100)
    wanted = [Wanted(text=WELCOME)]
    assert build_recorded(wanted, full, recordings).recorded == 1
    found = full.find(WELCOME)
    assert found.is_recorded
    assert found.seconds == pytest.approx(4, abs=0.2)
    assert not full.find(WELCOME, pace=Pace.SLOW).is_recorded
    again = build_recorded(wanted, full, recordings)
    assert (again.recorded, again.kept) == (0, 1)
    write_stereo(source, np.repeat(tone(3, 44100), 2), 44100)
    assert build_recorded(wanted, full, recordings).recorded == 1
    assert full.find(WELCOME).seconds == pytest.approx(3, abs=0.2)
    write_stereo(source, np.repeat(tone(0.5, 44100), 2), 44100)
    ((_, why),) = build_recorded(wanted, full, recordings).failed
    assert "s long" in why
    source.write_bytes(b"no sound")
    ((text, why),) = build_recorded(wanted, full, recordings).failed
    assert text == WELCOME
    assert str(source) in why
    assert full.find(WELCOME).is_recorded
    source.unlink()
    build_recorded(wanted, full, recordings)
    assert not full.find(WELCOME).is_recorded


def write_stereo(path: Path, samples: np.ndarray, rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.tobytes())


def test_every_prompt_is_as_loud_as_the_others_and_none_clips():
    loud = [levelled(tone(1, 8000, size)).astype(float) for size in (0.01, 0.2, 0.99)]
    sizes = [np.sqrt(np.mean(sound**2)) for sound in loud]
    assert max(sizes) / min(sizes) < 1.1
    spike = np.concatenate([tone(1, 8000, 0.01), [32767]]).astype(np.int16)
    assert np.abs(levelled(spike).astype(int)).max() < 32767


def test_silence_at_the_ends_is_cut_but_for_a_moment():
    sound = np.concatenate([np.zeros(8000), tone(1, 8000), np.zeros(8000)]).astype(np.int16)
    assert len(trimmed(sound, 8000)) / 8000 == pytest.approx(1.2, abs=0.02)
    with pytest.raises(InputError, match="silence"):
        trimmed(np.zeros(100, np.int16), 8000)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("参保、重听。", "can1 bao3 , chong2 ting1 ."),
        ("请按“一”", "qing3 an4 yi1"),
        ("不对。不予办理，不要", "bu2 dui4 . bu4 yu3 ban4 li3 , bu2 yao4"),
        ("再说一遍，下一段", "zai4 shuo1 yi2 bian4 , xia4 yi2 duan4"),
        ("一年，一元，一万元", "yi4 nian2 , yi4 yuan2 , yi2 wan4 yuan2"),
        ("第一步，一月一日", "di4 yi1 bu4 , yi1 yue4 yi1 ri4"),
        ("二十一条，一百二十一元", "er4 shi2 yi1 tiao2 , yi4 bai3 er4 shi2 yi1 yuan2"),
        ("养老《社会保险法》！", "yang2 lao3 she4 hui4 bao2 xian2 fa3 ."),
        ("我也可以，有正当理由", "wo2 ye3 ke2 yi3 , you3 zheng4 dang4 li3 you2"),
        ("以本大厅为准", "yi2 ben3 da4 ting1 wei2 zhun3"),
    ],
)
def test_texts_are_read_by_pinyin_with_the_halls_own_readings(text, read):
    assert shipped_pronunciation().of(text) == read


def test_what_nobody_can_read_aloud_is_refused():
    for text in ("请按1", "OK了", "100%的"):
        with pytest.raises(InputError, match="write it in the characters that are spoken"):
            shipped_pronunciation().of(text)


@pytest.mark.parametrize("text", ['"参保" = "can1"', '"参保" = "canbao"', '"A" = "a1"', "x", '"参" = 1'])
def test_readings_that_cannot_be_right_are_refused_by_name(tmp_path, text):
    file = tmp_path / "readings.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"readings\.toml"):
        load_pronunciation(file)
    file.unlink()
    with pytest.raises(InputError, match=r"readings\.toml"):
        load_pronunciation(file)


def test_a_hall_changes_single_texts_and_mistakes_are_named(tmp_path):
    own = tmp_path / "zh_CN" / "frame.toml"
    own.parent.mkdir()
    own.write_text('welcome = "您好，这里是示范大厅。"', encoding="utf-8")
    frames = load_frames(tmp_path)
    shipped = load_frames(shipped_texts())
    assert frames["zh_CN"] == {**shipped["zh_CN"], "welcome": "您好，这里是示范大厅。"}
    assert frames["en"] == shipped["en"]
    for text, said in (
        ('welcom = "x"', "welcom is none"),
        ('menu_group = "{group}"', r"must hold \{group\}, \{key\}"),
        ("welcome = 1", "must be a text"),
        ('welcome = "{group}"', "must hold nothing in braces"),
        ("welcome", "cannot be read"),
    ):
        own.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=said):
            load_frames(tmp_path)


def test_everything_that_may_be_said_is_wanted_once():
    frames = load_frames(shipped_texts())
    wanted = wanted_texts(frames, ["养老和退休"], [])
    assert len(wanted) == len(set(wanted))
    assert Wanted(text="养老和退休") in wanted
    assert Wanted(text=ENGLISH, language="en") in wanted
    assert text_id("a  b") == text_id(" a b\n") != text_id("ab")


def test_without_a_recogniser_only_lengths_are_looked_at(book):
    check = PromptCheck(None)
    assert check.heard("您", np.zeros(10, np.int16)) == 0
    check.check(WELCOME, np.zeros(LINE_RATE * 5, np.int16), "zh_CN")


def test_sounds_that_the_service_writes_can_be_read_by_the_switch(tmp_path):
    """Its unit has UMask=0077, and Asterisk is another user."""
    before = os.umask(0o077)
    try:
        write_prompt(np.full(9000, 900, np.int16), WIDE_RATE, tmp_path / "sounds" / "zh_CN" / "normal" / "one")
    finally:
        os.umask(before)
    (line, wide) = sorted((tmp_path / "sounds" / "zh_CN" / "normal").iterdir())
    assert {oct(file.stat().st_mode & 0o777) for file in (line, wide)} == {"0o644"}
    folders = (line.parent, line.parent.parent, tmp_path / "sounds")
    assert {oct(folder.stat().st_mode & 0o777) for folder in folders} == {"0o755"}
