"""A greeting that is weighed while it grows: what was said later, what costs too much, and what may be believed."""

from dataclasses import replace

import pytest
from tests.unit.greeting.weighing.made_up import MadeUpEar, heard_as, later_words, task
from voicedesk.greeting.live import LiveJudge
from voicedesk.greeting.model import Doubt, GreetingVerdict, Thresholds
from voicedesk.greeting.rules import shipped_rules
from voicedesk.greeting.weighing.driving import asked_now
from voicedesk.greeting.weighing.model import Kind, WeighingLimits
from voicedesk.greeting.weighing.voice import DIGIT_CONFIDENCE, GIVEN_UP, MOST_WEIGHINGS, WeighedVoice

WHOLE = "您好社保中心请问您要办理什么业务"
OTHER = "您好医保局请问您要办理什么业务"
NO_MATTER = "您好这里是社保中心"
RULES = shipped_rules()


def voice_of(**changed) -> WeighedVoice:
    return WeighedVoice(task(**changed), RULES, WeighingLimits())


def judged(transcript, *, number=None, is_over=True):
    judge = LiveJudge(replace(task(), number=number), RULES, Thresholds())
    return judge.take(transcript, is_over=is_over)


def test_speech_after_the_greeting_leaves_its_verdict_as_it_is():
    ear, voice = MadeUpEar(OTHER), voice_of()
    heard = heard_as(OTHER, heard_seconds=20.0)
    asked_now(voice.weigh(heard), ear)
    more = replace(heard, words=(*heard.words, *later_words("好的您稍等", 7.0)))
    ear.said = ear.heard = OTHER + "好的这边帮您看一下身份证带了没有呢"  # as a whole it fits no greeting
    asked_now(voice.weigh(more), ear)
    found = judged(voice.joined(more))
    assert (found.verdict, voice.weighed.kind) == (GreetingVerdict.WRONG_DEPARTMENT, Kind.OTHER_DEPARTMENT)


@pytest.mark.parametrize("later", ["请问您要办理什么业务", "请问有什么"])
def test_a_part_that_may_have_been_said_later_makes_nobody_incomplete(later):
    ear, voice = MadeUpEar(NO_MATTER), voice_of()
    heard = heard_as(NO_MATTER, heard_seconds=20.0)
    asked_now(voice.weigh(heard), ear)
    assert judged(voice.joined(heard)).verdict is GreetingVerdict.INCOMPLETE
    more = replace(heard, words=(*heard.words, *later_words(later, 5.0)))
    ear.said = ear.heard = "嗯这个这个那个什么什么今天天气很好"
    asked_now(voice.weigh(more), ear)
    assert judged(voice.joined(more)).verdict is GreetingVerdict.CANNOT_TELL


def test_what_is_hardly_heard_later_may_be_the_missing_part():
    ear, voice = MadeUpEar(NO_MATTER), voice_of()
    heard = heard_as(NO_MATTER, heard_seconds=20.0)
    asked_now(voice.weigh(heard), ear)
    more = replace(heard, words=(*heard.words, *later_words("青蛙您要办里", 5.0, confidence=0.2)))
    assert judged(voice.joined(more)).verdict is GreetingVerdict.CANNOT_TELL


def test_a_greeting_with_a_pause_in_it_is_weighed_as_a_whole_when_it_is_over():
    ear, voice = MadeUpEar("您好"), voice_of()
    heard = heard_as("您好")
    assert voice.is_due(heard)
    asked_now(voice.weigh(heard), ear)
    assert judged(voice.joined(heard), is_over=False).verdict is GreetingVerdict.CANNOT_TELL
    assert not voice.is_due(heard)
    more = heard_as(WHOLE)
    assert voice.is_due(more)
    ear.said = ear.heard = WHOLE
    asked_now(voice.weigh(more), ear)
    assert judged(voice.joined(more)).verdict is GreetingVerdict.COMPLIANT


def test_a_greeting_in_ever_more_pieces_is_weighed_so_often_and_no_more():
    voice = voice_of()
    for pieces in range(1, MOST_WEIGHINGS + 1):
        heard = heard_as("您好" * pieces)
        assert voice.is_due(heard)
        asked_now(voice.weigh(heard), MadeUpEar("您好"))
    assert not voice.is_due(heard_as("您好" * 9))


def test_a_greeting_that_may_be_completed_waits_for_sound_that_lies_ready():
    voice = voice_of()
    assert not voice.is_due(heard_as(NO_MATTER, heard_seconds=4.0), is_behind=True)
    assert judged(voice.joined(heard_as(NO_MATTER))).verdict is GreetingVerdict.CANNOT_TELL
    assert voice.is_due(heard_as(NO_MATTER, heard_seconds=14.0), is_behind=True)
    assert voice.is_due(heard_as(NO_MATTER, heard_seconds=4.0), is_behind=True, is_over=True)


def test_where_no_word_was_believed_the_sentences_are_compared_once_at_the_end():
    voice, ear = voice_of(), MadeUpEar(WHOLE)
    nothing = heard_as("", heard_seconds=2.0)
    assert not voice.is_due(nothing)
    assert voice.is_due(nothing, is_over=True)
    assert judged(voice.weighed_now(nothing, ear)).verdict is GreetingVerdict.COMPLIANT
    assert not voice.is_due(nothing, is_over=True)


def test_a_comparison_that_takes_too_long_tells_nothing_and_says_so():
    voice = voice_of()
    heard = heard_as(WHOLE)
    voice.give_up()
    found = judged(voice.joined(heard))
    assert (found.verdict, found.reason, voice.remarks) == (
        GreetingVerdict.CANNOT_TELL, Doubt.NOT_UNDERSTOOD, (GIVEN_UP,),
    )  # fmt: skip
    assert not voice.is_due(heard)


def test_where_no_greeting_is_asked_for_nothing_is_compared():
    voice = voice_of(names=None)
    heard = heard_as(WHOLE)
    assert not voice.is_due(heard, is_over=True)
    assert voice.joined(heard) == heard
    assert (voice.as_json(), voice.remarks) == (None, ())


def test_a_staff_number_is_never_called_another_on_digits_that_were_not_compared():
    parts = ("hello", "department", "number", "matter")
    said = "您好社保中心工号九号请问您要办理什么业务"
    voice = voice_of(template=parts)
    transcript = voice.weighed_now(heard_as(said), MadeUpEar(said))
    assert {one.confidence for one in transcript.words if one.text == "九"} <= {DIGIT_CONFIDENCE, 0.0}
    judge = LiveJudge(task(template=parts, number="8"), RULES, Thresholds())
    assert judge.take(transcript, is_over=True).verdict is not GreetingVerdict.WRONG_NUMBER


def test_a_late_greeting_stays_late_whatever_is_said_after_it():
    ear, voice = MadeUpEar(WHOLE), voice_of()
    heard = heard_as(WHOLE, start=5.0, heard_seconds=20.0)
    ear.begins = 5.0
    asked_now(voice.weigh(heard), ear)
    more = replace(heard, words=(*heard.words, *later_words("好的您稍等", 10.0)))
    ear.said = ear.heard = "嗯这个这个那个什么什么今天天气很好"
    asked_now(voice.weigh(more), ear)
    assert judged(voice.joined(more)).verdict is GreetingVerdict.LATE_START


def test_a_sentence_whose_characters_are_found_nowhere_accuses_nobody():
    ear, voice = MadeUpEar(OTHER), voice_of()
    ear.places = False
    assert judged(voice.weighed_now(heard_as(OTHER, heard_seconds=14.0), ear)).verdict is GreetingVerdict.CANNOT_TELL


def test_who_spoke_and_was_not_understood_at_all_is_not_called_silent():
    voice = voice_of()
    nothing = heard_as("", heard_seconds=14.0)
    found = judged(voice.weighed_now(nothing, MadeUpEar("今天天气很好我们一起出去吃饭吧好不好")))
    assert (found.verdict, found.reason) == (GreetingVerdict.CANNOT_TELL, Doubt.NOT_UNDERSTOOD)
