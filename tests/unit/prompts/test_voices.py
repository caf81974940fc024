"""Voices behind one port: which is chosen, what each is given, and how a program that fails is told of."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
from voicedesk.audio.wav import read_sound
from voicedesk.errors import InputError
from voicedesk.hall.prompts import chinese_voice
from voicedesk.prompts import kokoro, program
from voicedesk.prompts.book import COMMAND, KOKORO, PYTTSX3, Pace, Voice, prompt_id
from voicedesk.prompts.phonemes import phonemes
from voicedesk.prompts.pronunciation import load_pronunciation, shipped_pronunciation, words_of
from voicedesk.prompts.synthesis import Synthesis
from voicedesk.settings import Settings

SAY = "import sys, wave; w = wave.open(sys.argv[1], 'wb'); w.setparams((1, 2, 8000, 0, 'NONE', '')); "
WRITES = SAY + "w.writeframes(b'\\x01\\x02' * len(sys.argv[2]) * 800)"


def voice_of(**table: object) -> Voice:
    return chinese_voice(Settings.model_validate({"prompts": table}).prompts)


def by_program(*arguments: str) -> Voice:
    return Voice(name="own", rate=160, slow_rate=120, engine=COMMAND, program=(sys.executable, "-c", *arguments))


def test_the_natural_voice_is_chosen_where_it_is_installed(monkeypatch):
    assert (voice_of().engine, voice_of().name) == (KOKORO, "jm_kumo")
    monkeypatch.setattr(kokoro, "is_installed", lambda: False)
    assert (voice_of().engine, voice_of().name) == (PYTTSX3, "sit/cmn-latn-pinyin")


def test_a_hall_that_named_a_voice_of_pyttsx3_keeps_it():
    assert voice_of(voice="sit/cmn").engine == PYTTSX3


@pytest.mark.parametrize("table", [{"engine": "command"}, {"engine": "piper"}, {"engine": "festival"}])
def test_an_engine_without_what_it_needs_is_refused(table):
    with pytest.raises(ValueError, match=r"needs command|model = |Input should be"):
        voice_of(**table)


def test_engine_voice_and_pace_make_another_sound_and_pyttsx3_keeps_its_ids():
    ids = {
        prompt_id("一", Voice(name="v", rate=rate, slow_rate=99, engine=engine), Pace.NORMAL)
        for rate in (160, 170)
        for engine in (PYTTSX3, KOKORO)
    }
    assert len(ids) == 4
    before = hashlib.sha256("一\nv\n160".encode()).hexdigest()[:16]
    assert before in ids


def test_what_is_spoken_by_the_natural_voice_goes_by_the_halls_own_readings(tmp_path: Path):
    own = tmp_path / "readings.toml"
    own.write_text('"重听" = "zhong4 ting1"\n', encoding="utf-8")
    shipped, changed = (phonemes(one.of("重听。")) for one in (shipped_pronunciation(), load_pronunciation(own)))
    assert shipped == "ꭧʰʊ↗ŋ tʰi→ŋ."
    assert changed == "ꭧʊ↘ŋ tʰi→ŋ."
    assert phonemes("an4 er4 .") == "a↘n ɤ↘ɻ."  # misaki's own sign for er is understood as 啊


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("长期", "chang2 qi1"),
        ("重复", "chong2 fu4"),
        ("银行", "yin2 hang2"),
        ("行政", "xing2 zheng4"),
        ("工作调动", "gong1 zuo4 diao4 dong4"),
        ("协调", "xie2 tiao2"),
        ("2025年1月1日", "er4 ling2 er4 wu2 nian2 yi1 yue4 yi1 ri4"),
        ("缴费200元", "jiao3 fei4 er4 bai2 yuan2"),
        ("第21条", "di4 er4 shi2 yi1 tiao2"),
    ],
)
def test_polyphones_and_numbers_reach_the_voice_as_they_are_read(text, read):
    said = words_of(text, "zh_CN", shipped_pronunciation())
    assert said.split()[0] == read.split()[0]
    assert [one[:-1] for one in said.split()] == [one[:-1] for one in read.split()]


def test_a_program_of_the_halls_own_is_given_characters_and_speaks():
    with Synthesis.open(shipped_pronunciation()) as synthesis:
        samples, rate = synthesis.speak("您好1个", by_program(WRITES, "{file}", "{text}"), Pace.NORMAL, "zh_CN")
    assert rate == 8000
    assert len(samples) == 800 * len("您好一个")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit('no licence')", "ended with 1: no licence"),
        ("pass", "wrote no sound"),
        ("import time; time.sleep(30)", "not done within 0.5 s"),
    ],
)
def test_a_program_that_fails_is_told_of_and_never_waited_for(monkeypatch, code, said):
    monkeypatch.setattr(program, "PROGRAM_SECONDS", 0.5 if "sleep" in code else 30)
    with Synthesis.open(shipped_pronunciation()) as synthesis, pytest.raises(InputError, match=said):
        synthesis.speak("您好", by_program(code, "{file}"), Pace.NORMAL, "zh_CN")


def test_a_program_that_is_not_there_is_told_of():
    absent = Voice(name="own", rate=160, slow_rate=120, engine=COMMAND, program=("/no/such", "{file}"))
    with Synthesis.open(shipped_pronunciation()) as synthesis, pytest.raises(InputError, match="cannot be started"):
        synthesis.speak("您好", absent, Pace.NORMAL, "zh_CN")


def test_the_natural_voice_speaks_and_tells_of_a_voice_that_it_lacks(tmp_path: Path):
    file = tmp_path / "spoken.wav"
    order = {"text": "nin2 hao3.", "voice": "jm_kumo", "rate": 160, "file": str(file)}
    assert "there is no such voice: nobody" in str(kokoro.answer({**order, "voice": "nobody"}))
    assert "nothing to be said" in str(kokoro.answer({**order, "text": "  "}))
    assert kokoro.answer(order) is None
    sound = read_sound(file)
    assert sound.rate == 24000
    assert 0.5 < sound.seconds < 3
    assert float(np.abs(sound.channel(0).astype(float)).max()) > 3000


def test_a_folder_of_another_kind_is_no_model_of_kokoro(tmp_path: Path):
    order = {"text": "nin2", "voice": "v", "rate": 160, "file": "x", "model": str(tmp_path)}
    assert "holds one *.onnx" in str(kokoro.answer(order))
    (tmp_path / "a.onnx").write_bytes(b"none")
    assert "no Kokoro model, or a damaged one" in str(kokoro.answer(order))
