"""先说“您好”，后报部门，再问事情 (S2), table by table."""

import pytest
from tests.unit.greeting.spoken import FOREIGN, NAMES, transcript
from voicedesk.greeting.model import DepartmentNames, Doubt, GreetingVerdict, Thresholds
from voicedesk.greeting.rules import Limits, shipped_rules
from voicedesk.greeting.stream import Match
from voicedesk.greeting.verdict import judge_greeting
from voicedesk.speech.transcript import Understanding

RULES = shipped_rules()


def judge(line, *, names=NAMES, template="inbound", limits=None, thresholds=None, **more):
    heard = transcript(line, **more)
    return judge_greeting(heard, names, RULES, thresholds or Thresholds(), template=template, limits=limits)


def verdict(line, **more):
    judged = judge(line, **more)
    return judged.verdict.value, [one.value for one in judged.violations], list(judged.missing)


@pytest.mark.parametrize(
    "line",
    [
        "您好 人社局 请问 您 要 办理 什么 业务",
        "您 好 人力 资源 和 社会 保障 局 请问 有 什么 可以 帮 您",
        "喂 您好 这里 是 社保 中心 您 有 什么 事情",
        "您好 社保 中心 | 请问 有 什么 可以 帮 您 的 吗",
        "您好 市 人社局 很 高兴 为 您 服务 请问 您 想 咨询 什么 问题",
        "您好 社保 中心 请 讲",
        "您好 社保 中心 请问 您 需要 什么 帮助",
        "您好 社保 中心 有 什么 需要 帮助 的 吗",
        "您好 社保 中心 您 要 咨询 哪方面 的 问题",
        "您好 社保 中心 请问 什么 事",
        "您好 社保 中心 请问 您 需要 什么",
        "您好 社保 中心 了解 什么 业务",
        "您好 医保局 不 对不起 您好 社保 中心 请问 什么 事",
    ],
)
def test_hello_department_and_matter_in_this_order_are_compliant(line):
    assert verdict(line) == ("compliant", [], [])


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("社保 中心 请问 您 要 办理 什么 业务", ["hello"]),
        ("喂 社保 中心 请问 您 要 办理 什么 业务", ["hello"]),
        ("您好 请问 您 要 办理 什么 业务", ["department"]),
        ("您好 社保 中心", ["matter"]),
        ("您好 社保 中心 请 稍等", ["matter"]),
        ("您好", ["department", "matter"]),
        ("请问 有 什么 可以 帮 您", ["hello", "department"]),
        ("喂", ["hello", "department", "matter"]),
        ("喂 不 知道", ["hello", "department", "matter"]),
    ],
)
def test_what_is_not_said_is_missing(line, missing):
    assert verdict(line) == ("incomplete", ["incomplete"], missing)


def test_another_department_in_its_place_is_no_missing_part():
    judged = judge("您好 医保局 请问 您 要 办理 什么 业务")
    assert (judged.verdict, judged.missing) == (GreetingVerdict.WRONG_DEPARTMENT, ())
    assert [part.text for part in judged.parts] == ["您好", "医保局", "请问您要办理什么业务"]
    assert "报的是“医保局”，本线路是“人力资源和社会保障局”" in judged.remarks


def test_of_several_violations_the_first_is_the_verdict_and_all_are_listed():
    assert verdict("医保局 您好", start=4) == (
        "incomplete",
        ["incomplete", "wrong_department", "wrong_order", "late_start"],
        ["matter"],
    )


@pytest.mark.parametrize(
    "line",
    [
        "社保 中心 您好 请问 您 要 办理 什么 业务",
        "您好 请问 您 要 办理 什么 业务 社保 中心",
        "请问 您 要 办理 什么 业务 您好 社保 中心",
        "社保 中心 请问 您 要 办理 什么 业务 您好",
    ],
)
def test_the_order_is_by_time_also_inside_one_utterance(line):
    assert verdict(line) == ("wrong_order", ["wrong_order"], [])


def test_who_begins_late_or_ends_late_starts_late():
    greeting = "您好 社保 中心 请问 您 要 办理 什么 业务"
    assert verdict(greeting, start=2.9)[0] == "compliant"
    late = judge(greeting, start=3.1)
    assert late.verdict is GreetingVerdict.LATE_START
    assert late.remarks == ("接通后 3.1 秒才开口（限 3 秒）",)
    slow = judge("您好 社保 中心 | | | | 请问 您 要 办理 什么 业务", start=2.0)
    assert slow.verdict is GreetingVerdict.LATE_START
    assert slow.remarks == ("接通后 13.4 秒才说完（限 10 秒）",)
    assert verdict(greeting, limits=Limits(first_word_seconds=0.4, all_parts_seconds=10))[0] == "late_start"


def test_what_comes_after_the_greeting_s_time_is_no_part_of_it():
    assert verdict("您好 社保 中心 | | | | | 请问 您 要 办理 什么 业务") == ("incomplete", ["incomplete"], ["matter"])


def test_ni_hao_is_accepted_with_a_remark():
    judged = judge("你好 社保 中心 请 讲")
    assert judged.verdict is GreetingVerdict.COMPLIANT
    assert judged.remarks == ("说的是“你好”，规范用语是“您好”",)


def test_a_name_heard_by_its_sound_counts_and_is_marked_as_weaker():
    judged = judge("您好 设 保 中心 请 讲")
    assert judged.verdict is GreetingVerdict.COMPLIANT
    assert [part.match for part in judged.parts] == [Match.EXACT, Match.PINYIN, Match.EXACT]
    assert judged.remarks == ("“设保中心”按读音认作“人力资源和社会保障局”，请核对",)


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("两 点 储 备 局", GreetingVerdict.CANNOT_TELL),
        ("凉 石 出 被 局", GreetingVerdict.COMPLIANT),
        ("良 食 楚 北 橘", GreetingVerdict.COMPLIANT),
        ("粮食 出 备 局", GreetingVerdict.COMPLIANT),
    ],
)
def test_a_name_outside_the_vocabulary_is_found_by_pinyin_or_cannot_be_told(heard, expected):
    assert judge(f"您好 {heard} 请问 什么 事", names=DepartmentNames(name="粮食储备局")).verdict is expected


def test_unknown_speech_in_the_department_s_place_is_never_called_missing():
    names = DepartmentNames(name="粮食储备局")
    for heard in ("[unk] [unk] [unk] [unk] 局", "县 [unk] 所", "两 两 点 半"):
        judged = judge(f"您好 {heard} 请问 什么 事", names=names)
        assert (judged.verdict, judged.reason) == (GreetingVerdict.CANNOT_TELL, Doubt.PART_UNCLEAR)
        assert (judged.missing, judged.violations, judged.needs_review) == ((), (), True)


def test_one_syllable_in_five_may_be_taken_on_trust():
    names = DepartmentNames(name="粮食储备局")
    assert judge("您好 粮食 [unk] 备 局 请问 什么 事", names=names).verdict is GreetingVerdict.COMPLIANT


@pytest.mark.parametrize(
    ("line", "is_clear"),
    [
        ("[unk] 社保 中心 请 讲", False),
        ("~对 社保 中心 请 讲", False),
        ("嗯 社保 中心 请 讲", True),
        ("很 好 社保 中心 请 讲", False),
        ("您好 社保 中心 怎么 了", False),
        ("您好 社保 中心 [unk] [unk]", False),
        ("您好 社保 中心 上午 八点 到 五点", True),
    ],
)
def test_a_part_that_may_be_there_after_all_is_not_missing(line, is_clear):
    expected = GreetingVerdict.INCOMPLETE if is_clear else GreetingVerdict.CANNOT_TELL
    assert judge(line).verdict is expected


def test_a_name_said_too_early_and_not_understood_is_not_missing():
    judged = judge("这里 是 医保 中心 您好 请问 什么 事")
    assert (judged.verdict, judged.reason) == (GreetingVerdict.CANNOT_TELL, Doubt.PART_UNCLEAR)


def test_a_caller_who_is_heard_on_the_staff_s_side_is_no_part_of_the_greeting():
    assert verdict("您好 我 想 问 一下 工伤 认定 怎么 办理") == ("incomplete", ["incomplete"], ["department", "matter"])
    unsure = judge("您好 我 想 问 ~一下 工伤 认定 怎么 办理")
    assert (unsure.verdict, unsure.reason) == (GreetingVerdict.CANNOT_TELL, Doubt.PART_UNCLEAR)


def test_silence_cannot_be_told():
    judged = judge("")
    assert (judged.verdict, judged.reason, judged.parts) == (GreetingVerdict.CANNOT_TELL, Doubt.NO_SPEECH, ())


def test_a_greeting_cut_short_accuses_nobody_of_what_is_missing():
    judged = judge("您好 社保 中心", cut_short=True)
    assert (judged.verdict, judged.reason) == (GreetingVerdict.CANNOT_TELL, Doubt.CUT_SHORT)
    assert verdict("社保 中心 您好 请 讲", cut_short=True)[0] == "wrong_order"


@pytest.mark.parametrize("line", ["您好", "医保局 您好 请 讲", "社保 中心 您好 请 讲"])
def test_a_voice_that_is_not_understood_accuses_nobody(line):
    judged = judge(line, understanding=FOREIGN)
    assert (judged.verdict, judged.reason) == (GreetingVerdict.CANNOT_TELL, Doubt.NOT_UNDERSTOOD)


def test_a_good_greeting_stands_even_where_little_else_was_understood():
    greeting = "您好 社保 中心 请问 您 要 办理 什么 业务"
    assert judge(greeting, understanding=FOREIGN).verdict is GreetingVerdict.COMPLIANT
    unsure = judge("您好 ~社保 ~中心 请 讲", understanding=FOREIGN)
    assert (unsure.verdict, unsure.reason) == (GreetingVerdict.CANNOT_TELL, Doubt.NOT_UNDERSTOOD)


@pytest.mark.parametrize(
    ("understanding", "is_understood"),
    [
        (None, True),
        (Understanding(confidence=0.9, known_share=0.9), True),
        (Understanding(confidence=0.9, known_share=0.9, agreement=0.9), True),
        (Understanding(confidence=0.5, known_share=0.9), False),
        (Understanding(confidence=0.9, known_share=0.5), False),
        (Understanding(confidence=0.9, known_share=0.9, agreement=0.5), False),
        (Understanding(confidence=0.96, known_share=0.9, agreement=0.5), True),
        (Understanding(confidence=0.96, known_share=0.9, agreement=0.38), False),
        (Understanding(confidence=0.99, known_share=0.9, agreement=0.32), True),
        (Understanding(confidence=0.98, known_share=0.9, agreement=0.32), False),
    ],
)
def test_each_sign_of_understanding_counts(understanding, is_understood):
    expected = GreetingVerdict.INCOMPLETE if is_understood else GreetingVerdict.CANNOT_TELL
    assert judge("您好 社保 中心", understanding=understanding).verdict is expected


def test_a_part_hardly_heard_cannot_prove_a_violation():
    assert judge("社保 中心 ~您好 请 讲").verdict is GreetingVerdict.CANNOT_TELL


def test_another_department_heard_only_by_a_blurred_sound_is_unclear():
    assert judge("您好 随 务 局 请 讲").verdict is GreetingVerdict.CANNOT_TELL


def test_of_two_names_that_sound_the_same_the_own_one_is_believed():
    names = DepartmentNames(name="税务局", others=("水务局",))
    judged = judge("您好 水务局 请 讲", names=names)
    assert (judged.verdict, judged.parts[1].match) == (GreetingVerdict.COMPLIANT, Match.PINYIN)


def test_the_longer_name_wins_where_one_lies_in_the_other():
    names = DepartmentNames(name="社保中心", others=("东区社保中心", "保中"))
    assert judge("您好 东区 社保 中心 请 讲", names=names).verdict is GreetingVerdict.WRONG_DEPARTMENT
    assert judge("您好 社保 中心 请 讲", names=names).verdict is GreetingVerdict.COMPLIANT


def test_signs_in_a_name_mean_nothing():
    names = DepartmentNames(name="社保（市）中心[一]", aliases=("",))
    assert judge("您好 社保 市 中心 一 请 讲", names=names).verdict is not GreetingVerdict.INCOMPLETE


def test_a_callback_has_its_own_template():
    line = "您好 社保 中心 您 刚才 来电"
    assert verdict(line, template="callback")[0] == "compliant"
    assert verdict("您好 社保 中心 请 讲", template="callback")[2] == ["returning"]


def test_a_line_may_open_with_a_number_instead_of_a_department():
    line = "您好 工号 一 零 二 三 为 您 服务 请问 您 要 办理 什么 业务"
    assert verdict(line, template="numbered")[0] == "compliant"
    assert verdict("您好 请问 您 要 办理 什么 业务", template="numbered")[2] == ["number"]


@pytest.mark.parametrize(
    ("line", "calibrated", "needs_review"),
    [
        ("您好", False, True),
        ("您好", True, False),
        ("", True, True),
        ("您好 社保 中心 请 讲", False, False),
        ("您好 社保 中心 请 讲 这个 不 清楚", False, True),
    ],
)
def test_adverse_verdicts_of_a_model_that_was_not_calibrated_go_to_a_person(line, calibrated, needs_review):
    assert judge(line, thresholds=Thresholds(calibrated=calibrated)).needs_review is needs_review


def test_a_phrase_that_was_not_surely_heard_is_only_remarked_upon():
    judged = judge("您好 社保 中心 请 讲 | 不 ~清楚")
    assert (judged.verdict, judged.phrases.forbidden) == (GreetingVerdict.COMPLIANT, ())
    assert judged.remarks == ("4.2 秒处疑似“不清楚”，未听清，不计",)


def test_parts_carry_their_words_times_and_confidences():
    hello, department, matter = judge("您好 社保 中心 请 讲", start=1.0).parts
    assert (hello.part, hello.text, hello.start_seconds) == ("hello", "您好", 1.0)
    assert (hello.end_seconds, hello.confidence) == (pytest.approx(1.4), pytest.approx(0.95))
    assert department.start_seconds == pytest.approx(1.42)
    assert matter.start_seconds == pytest.approx(2.26)


def test_fault_63_what_was_hardly_heard_goes_to_a_person_and_the_same_sound_passes():
    for line, more in (
        ("", {}),
        ("您好", {"understanding": FOREIGN}),
        ("您好 [unk] [unk] [unk] 请问 什么 事", {}),
    ):
        judged = judge(line, **more)
        assert (judged.verdict, judged.needs_review, judged.violations) == (GreetingVerdict.CANNOT_TELL, True, ())
    homophone = judge("您好 设 保 中心 请问 什么 事")
    assert homophone.verdict is GreetingVerdict.COMPLIANT
    assert [part.match for part in homophone.parts if part.part == "department"] == [Match.PINYIN]
