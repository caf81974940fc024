"""What the tool counts as found, as left to a person, and as an accusation of what is not true."""

import pytest
from tools.ear_figures import Came, kind_of, outcome
from voicedesk.greeting.model import DepartmentNames, Thresholds
from voicedesk.greeting.rules import shipped_rules
from voicedesk.greeting.verdict import judge_greeting
from voicedesk.speech.transcript import Transcript, Word, understanding_of

NAMES = DepartmentNames(name="社保中心", others=("医保局",))
COMPLIANT = {"verdicts": ["compliant"], "forbidden": [], "missing": []}
DOUBTFUL = {"verdicts": ["compliant", "cannot_tell"], "forbidden": [], "missing": []}
SHORT = {"verdicts": ["incomplete"], "forbidden": [], "missing": ["matter"]}
RUDE = {"verdicts": ["compliant"], "forbidden": ["不知道"], "missing": []}


def judged(text: str, confidence: float = 1.0):
    words = tuple(
        Word(text=one, start_seconds=1 + at * 0.2, end_seconds=1.2 + at * 0.2, confidence=confidence)
        for at, one in enumerate(text)
    )
    understanding = understanding_of(words, None)
    heard = Transcript(words=words, heard_seconds=12.0, model="made-up", understanding=understanding)
    return judge_greeting(heard, NAMES, shipped_rules(), Thresholds())


@pytest.mark.parametrize(
    ("expected", "text", "came"),
    [
        (COMPLIANT, "您好社保中心请问您要办理什么业务", Came.FOUND),
        (COMPLIANT, "您好医保局请问您要办理什么业务", Came.WRONG),
        (DOUBTFUL, "您好社保中心", Came.WRONG),
        (COMPLIANT, "您好社保中心请问您要办理什么业务我不知道", Came.WRONG),
        (RUDE, "您好社保中心请问您要办理什么业务我不知道", Came.FOUND),
        (RUDE, "您好社保中心请问您要办理什么业务", Came.MISSED),
        (SHORT, "您好社保中心", Came.FOUND),
        (SHORT, "您好社保中心请问您要办理什么业务", Came.MISSED),
        (SHORT, "社保中心请问您要办理什么业务", Came.MISSED),
    ],
)
def test_a_greeting_is_counted_by_what_is_true_of_it(expected, text, came):
    assert outcome(expected, judged(text)) is came


def test_what_is_not_told_is_left_to_a_person():
    assert outcome(COMPLIANT, judged("您好社保中心请问您要办理什么业务", confidence=0.1)) is Came.LEFT


def test_each_kind_is_counted_by_itself():
    assert [kind_of(one) for one in (COMPLIANT, SHORT, RUDE)] == ["compliant", "incomplete", "forbidden phrase"]
