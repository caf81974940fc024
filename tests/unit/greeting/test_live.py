"""A greeting judged while it is being said: decided once, and changed by nothing that comes later."""

from dataclasses import replace

from tests.unit.greeting.spoken import words
from voicedesk.greeting.live import GreetingTask, LiveJudge, task_as_json, task_from_json
from voicedesk.greeting.model import DepartmentNames, GreetingVerdict, Thresholds
from voicedesk.greeting.rules import shipped_rules
from voicedesk.speech.transcript import Transcript, Understanding

RULES = shipped_rules()
TASK = GreetingTask(
    names=DepartmentNames(name="社保中心", aliases=("社保局",), others=("医保局",)),
    template="inbound",
    limits=RULES.limits,
)


def judge(task: GreetingTask = TASK) -> LiveJudge:
    return LiveJudge(task, RULES, Thresholds())


def heard(*said: tuple[float, str], seconds: float) -> Transcript:
    """What was said, each from a second on, after so many seconds of sound."""
    spoken = tuple(word for start, line in said for word in words(line, start=start))
    return Transcript(words=spoken, heard_seconds=seconds, model="test")


def test_a_compliant_greeting_is_decided_when_its_last_part_was_said():
    live = judge()
    assert live.take(heard((0.5, "您好"), seconds=1.5)).verdict is GreetingVerdict.INCOMPLETE
    assert not live.is_decided
    whole = heard((0.5, "您好"), (1.2, "社保中心"), (2.4, "请问您要办理什么业务"), seconds=5)
    assert live.take(whole).verdict is GreetingVerdict.COMPLIANT
    assert live.is_decided


def test_what_is_missing_is_decided_when_the_time_for_all_parts_is_over():
    live = judge()
    for seconds, is_decided in ((5, False), (10.4, False), (10.6, True)):
        judged = live.take(heard((0.5, "您好"), seconds=seconds))
        assert (judged.verdict, live.is_decided) == (GreetingVerdict.INCOMPLETE, is_decided)


def test_a_caller_who_hangs_up_early_leaves_it_untold_what_would_have_been_said():
    judged = judge().take(heard((0.5, "您好"), seconds=3), is_over=True)
    assert (judged.verdict, judged.reason) == (GreetingVerdict.CANNOT_TELL, "cut_short")


def test_silence_is_decided_too():
    live = judge()
    judged = live.take(heard(seconds=14))
    assert (judged.verdict, judged.reason, live.is_decided) == (GreetingVerdict.CANNOT_TELL, "no_speech", True)


def test_what_comes_later_changes_nothing_of_the_greeting_but_its_phrases_count():
    live = judge()
    first = heard((0.5, "您好"), (1.2, "医保局"), (2.4, "请问您要办理什么业务"), seconds=12)
    assert live.take(first).verdict is GreetingVerdict.WRONG_DEPARTMENT
    muddled = Understanding(confidence=0.1, known_share=0.1, agreement=0.1)
    later = heard(
        (0.5, "您好"),
        (1.2, "医保局"),
        (2.4, "请问您要办理什么业务"),
        (30, "社保中心"),
        (40, "这个我不知道"),
        seconds=60,
    )
    assert live.take(replace(later, understanding=muddled)).verdict is GreetingVerdict.WRONG_DEPARTMENT
    judged = live.take(later, is_over=True)
    assert judged.verdict is GreetingVerdict.WRONG_DEPARTMENT
    assert [one.phrase for one in judged.phrases.forbidden] == ["不知道"]
    assert judged.needs_review


def test_where_no_greeting_is_asked_for_phrases_alone_are_judged():
    live = judge(GreetingTask(names=None, template="", limits=RULES.limits))
    judged = live.take(heard((0.5, "不归我管"), seconds=3))
    assert (judged.verdict, live.is_decided) == (GreetingVerdict.NOT_JUDGED, True)
    assert [one.phrase for one in judged.phrases.forbidden] == ["不归我管"]


def test_a_long_call_keeps_every_phrase_once_though_it_is_not_looked_through_again():
    live = judge()
    said = [(0.5, "您好"), (1.2, "社保中心"), (2.4, "请问您要办理什么业务")]
    found = []
    for minute in range(1, 30):
        said.append(
            (minute * 60, "请您 带上 身份证 和 户口本 到 窗口 办理 参保 登记" if minute % 7 else "这个我不知道")
        )
        judged = live.take(heard(*said, seconds=minute * 60 + 20))
        found = [int(one.start_seconds) // 60 for one in judged.phrases.forbidden]
    assert found == [7, 14, 21, 28]
    assert judged.verdict is GreetingVerdict.COMPLIANT


def test_a_task_is_the_same_after_it_was_written_down():
    assert task_from_json(task_as_json(TASK)) == TASK
    phrases_only = GreetingTask(names=None, template="", limits=RULES.limits)
    assert task_from_json(task_as_json(phrases_only)) == phrases_only
