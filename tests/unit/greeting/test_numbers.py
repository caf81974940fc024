"""Staff numbers (工号) in a greeting: parts in any combination and order, another number only where surely heard."""

import itertools

import pytest
from tests.unit.greeting.spoken import FOREIGN, transcript
from voicedesk.errors import InputError
from voicedesk.greeting.live import GreetingTask, LiveJudge, task_as_json, task_from_json
from voicedesk.greeting.model import DepartmentNames, Thresholds
from voicedesk.greeting.numbers import values_of
from voicedesk.greeting.rules import Limits, shipped_rules
from voicedesk.greeting.verdict import judge_greeting

RULES = shipped_rules()
NAMES = DepartmentNames(name="社保大厅", others=("医保局",))
BOTH = ("hello", "department", "number", "matter")
ASKS = "请问 您 要 办理 什么 业务"


def judge(line, number=None, *, template=BOTH, thresholds=None, limits=None, **heard):
    said, doubt = transcript(line, **heard), thresholds or Thresholds()
    return judge_greeting(said, NAMES, RULES, doubt, template=template, limits=limits, number=number)


def verdict(line, number=None, **more):
    return judge(f"您好 社保 大厅 {line} {ASKS}", number, **more).verdict.value


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ("八", {"8"}), ("零零八", {"8"}), ("〇八", {"8"}), ("1008", {"1008"}), ("幺零零八", {"1008"}),
        ("幺洞洞八", {"1008"}), ("一零零八", {"1008"}), ("两", {"2"}), ("二", {"2"}), ("拐勾", {"79"}), ("零", {"0"}),
        ("十", {"10"}), ("十八", {"18"}), ("二十", {"20"}), ("一百零八", {"108"}), ("一百八", {"180", "108"}),
        ("一千零八", {"1008"}), ("两千", {"2000"}), ("一百一十八", {"118"}), ("十百", set()), ("一二十", set()),
        ("", set()), ("号", set()),
    ],
)  # fmt: skip
def test_digits_are_read_as_people_say_them(said, numbers):
    assert values_of(said) == numbers


@pytest.mark.parametrize(
    "line",
    [
        "8 号 为 您 服务", "八 号 为 您 服务", "零 零 八 为 您 服务", "零零八 号", "工号 八", "工号 零 零 八",
        "我 是 八 号", "工号 是 八 号", "我 的 工号 是 零八 号", "八 号 话务员 为 您 服务",
        "八 号 很 高兴 为 您 服务", "八 号 竭诚 为 您 服务",
    ],
)  # fmt: skip
def test_a_number_in_whatever_form_is_the_same_number(line):
    for number in ("8", "08", "008"):
        assert verdict(line, number) == "compliant"
    assert verdict(line) == "compliant"


@pytest.mark.parametrize(
    "line", ["工号 1008", "工号 幺 零 零 八", "幺 洞 洞 八 号 为 您 服务", "工号 一 千 零 八", "一零零八 号"]
)
def test_a_long_number_is_read_digit_by_digit_or_as_a_numeral(line):
    assert verdict(line, "1008") == "compliant"
    assert verdict(line, "1009") == "wrong_number"


def test_a_wrong_number_is_a_violation_of_its_own_kind_and_says_which():
    judged = judge(f"您好 社保 大厅 九 号 为 您 服务 {ASKS}", "008")
    assert (judged.verdict.value, [one.value for one in judged.violations]) == ("wrong_number", ["wrong_number"])
    assert judged.remarks == ("报的工号是“九”，应为“008”",)
    assert judged.needs_review
    assert not judge(f"您好 社保 大厅 九 号 {ASKS}", "8", thresholds=Thresholds(calibrated=True)).needs_review


def test_another_department_comes_before_another_number():
    judged = judge(f"您好 医保局 九 号 为 您 服务 {ASKS}", "8")
    assert [one.value for one in judged.violations] == ["wrong_department", "wrong_number"]


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("~九 号 为 您 服务", "8"),  # hardly heard
        ("[unk] 九 号", "8"),  # something before it was not understood
        ("幺 动 动 八 号 为 您 服务", "1008"),  # 洞 written as another character of its sound
        ("八 把 号", "88"),  # a sound that is a digit follows
        ("工号 是 八 号", "48"),  # 是 may have been 四
        ("三 号 窗口", "8"),  # a window's number
        ("一二三三三 为 您 服务", "8"),  # the hotline's own number
        ("八八零一二三四五 为 您 服务", "8"),  # a telephone number
        ("七 号 不 八 号 为 您 服务", "8"),  # put right
        ("十百 号", "8"),  # no number at all
    ],
)
def test_nobody_is_accused_on_a_number_that_was_not_surely_heard(line, number):
    assert verdict(line, number) != "wrong_number"


@pytest.mark.parametrize(("said", "number"), [("一", "7"), ("七", "1"), ("六", "9"), ("九", "6")])
def test_digits_that_sound_alike_must_be_heard_more_surely(said, number):
    assert verdict(f"{said} 号 为 您 服务", number, confidence=0.8) == "compliant"
    assert verdict(f"{said} 号 为 您 服务", number, confidence=0.95) == "wrong_number"


def test_a_voice_that_was_not_understood_accuses_nobody_of_a_number():
    assert verdict("九 号 为 您 服务", "8", understanding=FOREIGN) != "wrong_number"


def test_a_number_that_was_cut_off_is_not_compared():
    template = ("hello", "department", "matter", "number")
    judged = judge(f"您好 社保 大厅 {ASKS} 工号 一 零", "1008", template=template, cut_short=True)
    assert judged.verdict.value == "compliant"
    assert "未听清" in judged.remarks[0]


def test_a_number_that_the_template_does_not_ask_for_is_not_compared():
    assert judge(f"您好 社保 大厅 九 号 为 您 服务 {ASKS}", "8", template="inbound").verdict.value == "compliant"


SAID = {"hello": "您好", "department": "社保 大厅", "number": "八 号 为 您 服务", "matter": "请问 您 要 办理 什么 业务"}


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_parts_are_asked_for_in_any_combination_and_order(size):
    slow = Limits(first_word_seconds=3, all_parts_seconds=30)
    for template in itertools.permutations(SAID, size):
        line = " | ".join(SAID[part] for part in template)
        assert judge(line, "8", template=template, limits=slow).verdict.value == "compliant", template
        backwards = " | ".join(SAID[part] for part in reversed(template))
        expected = "compliant" if size == 1 else "wrong_order"
        assert judge(backwards, "8", template=template, limits=slow).verdict.value == expected, template


@pytest.mark.parametrize("template", ["nowhere", (), ("hello", "hello"), ("hello", "window")])
def test_a_template_that_does_not_go_with_the_rules_is_refused_with_the_cure(template):
    with pytest.raises(InputError, match=r"no template|empty or names a part twice|\[parts\.window\]"):
        RULES.parts_of(template)


@pytest.mark.parametrize("template", ["numbered", BOTH])
def test_a_task_comes_back_as_it_was_written_down(template):
    task = GreetingTask(names=NAMES, template=template, limits=RULES.limits, number="008")
    assert task_from_json(task_as_json(task)) == task
    before = {**task_as_json(task), "template": "inbound"}
    del before["number"]
    assert task_from_json(before).number is None


def test_a_live_greeting_is_compared_too():
    task = GreetingTask(names=NAMES, template=BOTH, limits=RULES.limits, number="8")
    judged = LiveJudge(task, RULES, Thresholds()).take(transcript(f"您好 社保 大厅 九 号 {ASKS}"), is_over=True)
    assert judged.verdict.value == "wrong_number"
