"""Practising a greeting: over when its speaker stops, judged as on the telephone, with how to do better."""

import json
from pathlib import Path

import numpy as np
import pytest
from voicedesk.audio.wav import read_sound
from voicedesk.greeting.live import GreetingTask, LiveJudge
from voicedesk.greeting.model import DepartmentNames, GreetingVerdict, Thresholds
from voicedesk.greeting.rules import shipped_rules
from voicedesk.jobs.hearing.practice import attempt
from voicedesk.speech.listening import Listener
from voicedesk.speech.models import embedded_model
from voicedesk.speech.vosk_engine import VoskRecognizer

FIXTURES = Path(__file__).parents[3] / "audio_fixtures"
RULES = shipped_rules()


@pytest.fixture(scope="module")
def listener():
    return Listener(VoskRecognizer(embedded_model()))


def spoken(name: str, *, silence: float = 30.0):
    """A fixture and then silence, block by block, and how many blocks were taken."""
    sound = read_sound(FIXTURES / f"{name}.wav")
    samples = np.concatenate([sound.samples[0], np.zeros(int(8000 * silence), np.int16)])
    for start in range(0, len(samples), 800):
        yield samples[start : start + 800], sound.rate


def practised(listener, name, department="劳动仲裁院", others=(), **how):
    task = GreetingTask(names=DepartmentNames(name=department, others=others), template="inbound", limits=RULES.limits)
    shown = []
    judge = LiveJudge(task, RULES, Thresholds())
    return attempt(listener, spoken(name, **how), judge, shown=shown.append), shown


def test_the_words_appear_while_they_are_spoken_and_the_verdict_comes_when_the_speaker_stops(listener):
    done, shown = practised(listener, "0003_compliant_edward2_a_law")
    assert done.judged.verdict is GreetingVerdict.COMPLIANT
    assert done.hints == ()
    assert len(shown) > 3
    assert shown[-1] == done.transcript.text
    assert done.transcript.heard_seconds < 12


def test_what_is_missing_is_told_with_what_to_say(listener):
    done, _ = practised(listener, "0041_only_hello_Diogo_a_law")
    assert done.judged.missing == ("department", "matter")
    assert done.hints == ("再报部门：“劳动仲裁院”", "再问事情，如“请问您要办理什么业务？”")


def test_order_department_and_phrases_have_their_hints(listener):
    done, _ = practised(listener, "0049_department_first_linda_a_law", department=_department("0049"))
    assert any("问好 → 报部门 → 问事情" in hint for hint in done.hints)
    done, _ = practised(listener, "0077_forbidden_Michael_a_law", department=_department("0077"))
    assert any(hint.startswith("不说“不知道”") for hint in done.hints)
    done, _ = practised(listener, "0061_wrong_department_edward2_a_law", _department("0061"), tuple(_others("0061")))
    assert any(hint.startswith("部门应报") for hint in done.hints)
    done, _ = practised(listener, "0069_late_start_victor_a_law", department=_department("0069"))
    assert any("秒内开口" in hint for hint in done.hints)


def _sidecar(number):
    (file,) = FIXTURES.glob(f"{number}_*.json")
    return json.loads(file.read_text(encoding="utf-8"))


def _department(number):
    return _sidecar(number)["department"]


def _others(number):
    return _sidecar(number)["others"]


def test_silence_is_not_waited_for_for_ever_and_says_that_nothing_was_heard(listener):
    blocks = ((np.zeros(800, np.int16), 8000) for _ in range(1000))
    task = GreetingTask(names=DepartmentNames(name="社保局"), template="inbound", limits=RULES.limits)
    done = attempt(listener, blocks, LiveJudge(task, RULES, Thresholds()))
    assert (done.judged.reason, done.transcript.heard_seconds) == ("no_speech", pytest.approx(20.0))
    assert done.hints == ("没有听清：靠近话筒，口齿清楚，再试一次",)


def test_a_microphone_that_gives_nothing_at_all_is_told_as_unheard(listener):
    task = GreetingTask(names=DepartmentNames(name="社保局"), template="inbound", limits=RULES.limits)
    done = attempt(listener, [], LiveJudge(task, RULES, Thresholds()))
    assert done.judged.verdict is GreetingVerdict.CANNOT_TELL
