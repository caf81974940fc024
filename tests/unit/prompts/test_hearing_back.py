"""Prompts heard back: how much was understood, what is kept of it, and what is said where nobody can listen."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from voicedesk.audio.g711 import encode_alaw
from voicedesk.audio.wav import read_sound
from voicedesk.data_packages import joined
from voicedesk.errors import InputError, SpeechError
from voicedesk.hall import ears
from voicedesk.hall.ears import ear_for_people
from voicedesk.prompts import ear, hearing_back, helper
from voicedesk.prompts.book import Pace, PromptBook, Voice
from voicedesk.prompts.build import Wanted
from voicedesk.prompts.clarity import compared
from voicedesk.prompts.hearing_back import hear_back, heard_prompts
from voicedesk.prompts.helper import Helper
from voicedesk.prompts.rendering import write_prompt
from voicedesk.settings import Settings
from voicedesk.speech.engines import recognizer_of
from voicedesk.speech.fits import Answer, FreeHearing
from voicedesk.speech.models import read_model
from voicedesk.speech.packaged import DATA
from voicedesk.speech.transcript import Word

WELCOME = Wanted(text="您好，这里是服务热线。")
KEYS = Wanted(text="请按二百。")
SHORT = Wanted(text="三月")
ENGLISH = Wanted(text="Please press a key.", language="en")
BOTH = tuple(Pace)
NORMAL = (Pace.NORMAL,)
SPOKEN = Path(__file__).parents[3] / "audio_fixtures/natural/0001_compliant_jf_alpha_a_law.wav"
NOISE = (2000 * np.random.default_rng(5).standard_normal(16000)).astype(np.int16)


@pytest.fixture
def book(tmp_path):
    book = PromptBook(tmp_path / "prompts", {"zh_CN": voice(), "en": voice()})
    for one in (WELCOME, KEYS, SHORT, ENGLISH):
        put(book, one, Pace.NORMAL)
    put(book, WELCOME, Pace.SLOW)
    return book


def voice():
    return Voice(name="v", rate=160, slow_rate=120)


def put(book, one, pace, loudness=900):
    sound = np.full(8000, loudness, np.int16)
    write_prompt(sound, 8000, book.spoken_path(one.text, one.language, pace))


def hear(book, monkeypatch, heard, paces=NORMAL, wanted=(WELCOME, KEYS)):
    """Every prompt that was not heard yet, by an ear that writes down what `heard` gives for a file."""
    monkeypatch.setattr(Helper, "ask", lambda self, order: {"heard": heard(Path(order["file"])), "error": None})
    waiting = [one for one in heard_prompts(wanted, book, paces) if one.clarity is None]
    return hear_back(waiting, Path("model"), processes=2, progress=lambda *_: None)


@pytest.mark.parametrize(
    ("text", "heard", "wrong"),
    [
        ("请按二百。", "请按200", 0),
        ("请按两百。", "请按二百", 0),
        ("尾号是幺三。", "尾号是13", 0),
        ("人才市场。", "人材是场", 0),  # what sounds alike was understood
        ("人工服务。", "人工", 2),
        ("人工服务。", "人工的服务", 1),
        ("人工服务。", "", 4),
        ("投诉，请按九。", "投诉情安酒投诉情安酒", 0),  # an ear may write a short text twice
        ("请按一，请按一。", "请按一请按一", 0),
        ("您输入的号码是", "民宿如的浩马士。民宿如的浩马士。民宿如的浩马士。民宿如", 2),  # or over and over
        ("对，请按一。不对，请按二。", "对情案意,不对情案号。对情案意,不对情案号。不对情案号。不对", 1),
        ("人工服务。", "这个那个这个那个这个那个", 4),  # no more is wrong than there was
    ],
)
def test_syllables_that_were_lost_put_in_or_changed_are_counted(text, heard, wrong):
    assert compared(text, heard).wrong == wrong


def test_a_prompt_of_which_more_than_a_third_was_not_understood_is_unclear():
    assert not compared("一二三四五六", "一二三四").is_unclear
    assert compared("一二三四五六", "一二三").is_unclear


def test_only_what_an_ear_can_judge_is_heard_and_a_slow_sound_only_where_there_is_one(book):
    found = [(one.wanted, one.pace) for one in heard_prompts((WELCOME, KEYS, SHORT, ENGLISH), book, BOTH)]
    assert found == [(WELCOME, Pace.NORMAL), (WELCOME, Pace.SLOW), (KEYS, Pace.NORMAL)]


def test_what_was_heard_is_kept_until_the_sound_is_another(book, monkeypatch):
    clear, unclear = hear(book, monkeypatch, lambda file: "您好这里是服务热线")
    assert (clear.clarity.is_unclear, unclear.clarity.is_unclear) == (False, True)
    assert unclear.clarity.heard == "您好这里是服务热线"
    assert hear(book, monkeypatch, lambda file: pytest.fail("heard twice")) == []
    put(book, KEYS, Pace.NORMAL, loudness=1800)
    (again,) = hear(book, monkeypatch, lambda file: "请按200")
    assert (again.wanted, again.clarity.wrong) == (KEYS, 0)


def test_a_persons_recording_is_heard_in_place_of_the_voice(book, monkeypatch):
    write_prompt(np.full(4000, 700, np.int16), 8000, book.recorded_path(KEYS.text, "zh_CN", Pace.NORMAL))
    files = []
    hear(book, monkeypatch, lambda file: files.append(file) or "", wanted=(KEYS,))
    assert [file.parent.name for file in files] == ["recorded"]


@pytest.mark.parametrize("note", ["{", "[]", "null", '{"sound": 5}', '{"heard": "a"}', "[" * 100_000])
def test_a_damaged_note_of_what_was_heard_means_that_nobody_listened(book, note):
    path = book.spoken_path(KEYS.text, "zh_CN", Pace.NORMAL).with_suffix(".heard")
    path.write_text(note, encoding="utf-8")
    (found,) = heard_prompts((KEYS,), book, NORMAL)
    assert found.clarity is None


def test_an_ear_that_cannot_listen_is_told_of(book, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(InputError, match="cannot be heard back: "):
        hear_back(list(heard_prompts((KEYS,), book, NORMAL)), Path("model"), processes=1, progress=lambda *_: None)


@pytest.mark.parametrize(("works", "seconds"), [("while True: pass", 0.3), ("import time; time.sleep(60)", 0.3)])
def test_a_process_that_hangs_is_ended_whether_it_works_or_waits(monkeypatch, tmp_path, works, seconds):
    (tmp_path / "hanging.py").write_text(works, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(helper, "HANGS_SECONDS", seconds)
    hanging = Helper("hanging")
    assert "hung" in hanging.ask({})["error"]
    assert hanging._process is None


def test_a_process_that_leads_a_session_is_low_among_sessions_too():
    words = "import os; from voicedesk.prompts.helper import be_nice; be_nice(); print(os.nice(0), {})"
    group = "open('/proc/self/autogroup').read().split()[-1]" if Path("/proc/self/autogroup").exists() else helper.NICE
    command = (sys.executable, "-c", words.format(group))
    told = subprocess.run(command, capture_output=True, text=True, check=True, start_new_session=True).stdout
    assert [int(one) for one in told.split()][1] == helper.NICE
    assert int(told.split()[0]) >= helper.NICE


class Ear:
    """A recogniser that hears one thing, or fails."""

    def __init__(self, *heard: str) -> None:
        self._heard = heard

    def hear(self, _rate):
        return self

    def accept(self, _samples):
        if not self._heard:
            raise SpeechError("it crashed")

    def skip(self, _count):
        """Nothing is left out."""

    def so_far(self):
        return ""

    def settled(self):
        return ()

    def settle(self):
        """There are no pauses."""

    def finish(self):
        return tuple(Word(text=one, start_seconds=0, end_seconds=1, confidence=1) for one in self._heard)


class Doubting(Ear):
    """One that writes down texts and believes none of them."""

    def finish(self):
        return ()

    def accept(self, _samples):
        """It hears something."""

    def ask(self, question):
        assert question.kind == "hear"
        return Answer(hearings=tuple(FreeHearing(text=one, score=-2.0, no_speech=0.9) for one in self._heard))


def test_the_ear_answers_each_order_with_what_it_heard_or_why_not(tmp_path):
    file = tmp_path / "one.alaw"
    file.write_bytes(encode_alaw(np.zeros(800, np.int16)))
    order = {"file": str(file)}
    assert ear.answer(Ear("您", "好"), order) == {"heard": "您好", "error": None}
    assert ear.answer(Ear(), order) == {"heard": None, "error": "it crashed"}
    assert "No such file" in str(ear.answer(Ear("您"), {"file": str(tmp_path / "none")})["error"])


def test_what_a_whisper_model_writes_counts_where_its_recogniser_doubts_that_anybody_spoke(tmp_path):
    file = tmp_path / "one.alaw"
    file.write_bytes(encode_alaw(np.zeros(800, np.int16)))
    assert ear.answer(Doubting("对请按一"), {"file": str(file)}) == {"heard": "对请按一", "error": None}
    assert ear.answer(Doubting(), {"file": str(file)}) == {"heard": "", "error": None}


def test_the_packaged_ear_answers_for_speech_and_for_a_sound_that_it_doubts(tmp_path):
    """The real engine: what an ear asks of it is what it has."""
    recognizer = recognizer_of(read_model(joined(DATA)))
    for name, sound in (("speech", read_sound(SPOKEN).channel(0)), ("noise", NOISE)):
        file = tmp_path / f"{name}.alaw"
        file.write_bytes(encode_alaw(sound))
        told = ear.answer(recognizer, {"file": str(file)})
        assert told["error"] is None
        assert name == "noise" or told["heard"]


def settings(tmp_path, model="embedded"):
    return Settings.model_validate({"speech": {"model": model, "models_folder": str(tmp_path)}})


def a_whisper(tmp_path, name, size):
    folder = tmp_path / name
    folder.mkdir()
    head = (6).to_bytes(4, "little") + (12).to_bytes(2, "little") + b"WhisperSpec\0"
    (folder / "model.bin").write_bytes(head + b"0" * size)
    (folder / "config.json").write_text(json.dumps({"lang_ids": [1], "suppress_ids": []}), encoding="utf-8")
    for file in ("tokenizer.json", "vocabulary.txt"):
        (folder / file).write_text("{}", encoding="utf-8")


def test_the_best_ear_is_the_largest_whisper_and_never_the_model_of_synthetic_voices(tmp_path, monkeypatch):
    monkeypatch.setattr(ears, "missing_packages", lambda _: ("gone",))
    with pytest.raises(InputError, match=r"pip install 'voicedesk\[people\]'"):
        ear_for_people(settings(tmp_path))
    a_whisper(tmp_path, "small", 2000)
    a_whisper(tmp_path, "large", 9000)
    assert ear_for_people(settings(tmp_path)).name == "large"
    monkeypatch.setattr(ears, "find_spec", lambda _: None)
    with pytest.raises(InputError, match="understands people"):
        ear_for_people(settings(tmp_path))


def test_a_model_that_is_broken_or_gone_keeps_no_other_from_listening(tmp_path, monkeypatch):
    monkeypatch.setattr(ears, "missing_packages", lambda _: ("gone",))
    a_whisper(tmp_path, "small", 2000)
    (tmp_path / "broken").mkdir()
    assert ear_for_people(settings(tmp_path, model="/no/such")).name == "small"


def test_the_module_of_the_ear_is_the_one_that_is_started():
    assert ear.__name__ == hearing_back.EAR
