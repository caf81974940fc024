"""A second hearing is asked for where a judgement hangs on it, and nowhere else."""

from dataclasses import replace

import pytest
from tests.unit.greeting.spoken import NAMES, transcript, words
from voicedesk.greeting.again import depends_on_hearing_again
from voicedesk.greeting.live import GreetingTask, LiveJudge
from voicedesk.greeting.model import Doubt, GreetingVerdict, Thresholds
from voicedesk.greeting.rules import shipped_rules
from voicedesk.greeting.verdict import judge_greeting
from voicedesk.speech.transcript import Transcript, Understanding

RULES = shipped_rules()
ONCE = Understanding(confidence=0.9, known_share=1.0, held_back=True)
COMPLIANT = "您好 社保 中心 请问 您 要 办理 什么 业务"


def judged(heard):
    return judge_greeting(heard, NAMES, RULES, Thresholds())


def is_asked_for(line, understanding=ONCE, **how):
    return depends_on_hearing_again(transcript(line, understanding=understanding, **how), judged)


@pytest.mark.parametrize(
    ("line", "is_needed"),
    [
        (COMPLIANT, False),
        ("您好 社保 中心", True),
        ("社保 中心 您好 请问 您 要 办理 什么 业务", True),
        ("您好 医保 局 请问 您 要 办理 什么 业务", True),
        (f"{COMPLIANT} 这个 我 不知道", True),
        (f"{COMPLIANT} 您 说 不知道", False),
        (f"{COMPLIANT} 这个 我 ~不知道", False),
        ("~您好 社保 中心 请问 您 要 办理 什么 业务", True),
    ],
)
def test_an_accusation_and_doubt_need_it_and_a_compliant_greeting_does_not(line, is_needed):
    assert is_asked_for(line) is is_needed


@pytest.mark.parametrize(
    "understanding",
    [
        None,
        replace(ONCE, held_back=False),
        replace(ONCE, held_back=False, agreement=0.1),
        replace(ONCE, confidence=0.3),
        replace(ONCE, known_share=0.3),
    ],
)
def test_it_is_not_asked_for_where_it_was_made_cannot_be_or_could_change_nothing(understanding):
    assert not is_asked_for("您好 社保 中心", understanding)


@pytest.mark.parametrize(
    "line", [COMPLIANT, "您好 社保 中心", "医保 局 您好", f"{COMPLIANT} 不知道", "[unk] [unk]", ""]
)
@pytest.mark.parametrize("agreement", [0.0, 0.5, 0.7, 1.0])
def test_where_it_is_not_asked_for_no_agreement_would_have_changed_the_judgement(line, agreement):
    heard = transcript(line, understanding=ONCE)
    twice = transcript(line, understanding=replace(ONCE, agreement=agreement, held_back=False))
    assert depends_on_hearing_again(heard, judged) or judged(heard) == judged(twice)


def test_nobody_is_accused_while_it_is_held_back():
    heard = judged(transcript("您好 社保 中心 我 不知道", understanding=ONCE))
    assert (heard.verdict, heard.reason) == (GreetingVerdict.CANNOT_TELL, Doubt.NOT_UNDERSTOOD)
    assert heard.phrases.forbidden == ()


def live():
    return LiveJudge(GreetingTask(names=NAMES, template="inbound", limits=RULES.limits), RULES, Thresholds())


def test_asking_changes_nothing_of_a_live_judge():
    judge = live()
    heard = transcript("您好 社保 中心", understanding=ONCE)
    assert judge.asks_again(heard, is_over=True)
    assert (judge.is_decided, judge.understanding) == (False, None)


def test_a_live_greeting_that_is_decided_needs_no_second_hearing_of_what_comes_later():
    judge = live()
    assert not judge.asks_again(transcript(COMPLIANT, understanding=ONCE))
    assert judge.take(transcript(COMPLIANT, understanding=ONCE)).verdict is GreetingVerdict.COMPLIANT
    later = transcript(f"{COMPLIANT} | 请 您 带上 身份证", understanding=ONCE)
    assert not judge.asks_again(later)
    assert judge.asks_again(transcript(f"{COMPLIANT} | 不归 我 管", understanding=ONCE))


def test_a_greeting_that_may_still_be_completed_waits_for_the_sound_that_is_there():
    judge = live()
    hello = transcript("您好", understanding=ONCE)
    assert judge.asks_again(hello)
    assert not judge.asks_again(hello, is_behind=True)
    assert judge.take(hello).verdict is GreetingVerdict.CANNOT_TELL
    assert not judge.is_decided
    assert judge.asks_again(replace(hello, heard_seconds=15.0), is_behind=True)
    assert judge.asks_again(transcript("您好 我 不知道", understanding=ONCE), is_behind=True)
    assert not judge.asks_again(transcript(COMPLIANT), is_behind=True)


def test_a_phrase_from_early_in_a_long_call_is_kept_with_a_transcript_that_was_heard_twice():
    judge = live()
    early = words(f"{COMPLIANT} | 这个 我 不知道")
    twice = replace(ONCE, agreement=0.9, held_back=False)
    advice = "请您 带上 身份证 和 户口本 到 窗口 办理 参保 登记 谢谢 您 还有 什么 需要 请 讲 好的 再见 不客气"
    for minute in range(1, 12):
        early += words(advice, start=minute * 30)
        heard = Transcript(words=early, heard_seconds=minute * 30 + 20, model="m", understanding=twice)
        judge.take(heard)
    held = replace(heard, understanding=ONCE)
    assert not judge.asks_again(held)
    assert judge.asks_again(held, is_over=True)
    assert not judge.asks_again(heard, is_over=True)
    assert [one.phrase for one in judge.take(heard, is_over=True).phrases.forbidden] == ["不知道"]
