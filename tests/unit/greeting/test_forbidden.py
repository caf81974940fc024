"""不推脱、不敷衍 (S3): what is forbidden, what only looks like it, and what is credited."""

import pytest
from tests.unit.greeting.spoken import words
from voicedesk.greeting.forbidden import find_phrases
from voicedesk.greeting.model import Thresholds
from voicedesk.greeting.rules import shipped_rules
from voicedesk.greeting.stream import Stream


def heard(line, *, understood=True, **more):
    found = find_phrases(Stream(words(line, **more)), shipped_rules(), Thresholds(), understood=understood)
    return {
        kind: [one.phrase for one in getattr(found, kind)]
        for kind in ("forbidden", "exempted", "polite", "doubtful")
        if getattr(found, kind)
    }


@pytest.mark.parametrize(
    ("line", "phrase"),
    [
        ("这个 我 不 知道", "不知道"),
        ("不 清楚", "不清楚"),
        ("这 不归 我 管", "不归我管"),
        ("我 还 有 事", "我还有事"),
        ("这个 不 归 我们 管 的", "不归我们管"),
        ("你 自己 去 问 吧", "自己去问"),
        ("我们 已经 下班 了", "下班了"),
        ("布 归 我 馆", "布归我馆"),
    ],
)
def test_a_brush_off_is_found_wherever_it_is_said(line, phrase):
    assert heard(line) == {"forbidden": [phrase]}
    assert heard(f"您好 社保 中心 | {line}") == {"forbidden": [phrase]}


@pytest.mark.parametrize(
    "line",
    [
        "我 不 知道 您 的 意思",
        "我 还 不 知道 您 的 姓名",
        "您 知 不 知道 要 带 身份证",
        "您 要是 不 清楚 可以 再 打 电话",
        "还 有 什么 不 清楚 的 吗",
        "不 清楚 的 地方 请 再 问",
        "您 说 单位 不 知道 是 吧",
        "您 刚才 说 不 清楚",
        "我们 不 能 说 不 知道",
        "电话 里 听 不 清楚",
    ],
)
def test_what_is_no_brush_off_is_exempted(line):
    assert list(heard(line)) == ["exempted"]


def test_a_quotation_ends_after_a_few_syllables_or_a_pause():
    assert list(heard("您 说 养老 保险 这个 我 不 知道")) == ["forbidden"]
    assert list(heard("您 说 | 不 知道")) == ["forbidden"]


def test_the_polite_alternative_is_credited_even_beside_a_brush_off():
    polite = "请 稍等 待 我 确认 后 尽快 回答 你 的 问题"
    assert heard(polite) == {"polite": ["请稍等待我确认后尽快回答你的问题"]}
    assert list(heard(f"这个 我 不 清楚 | {polite}")) == ["forbidden", "polite"]
    assert heard("请 您 稍等 我 查询 一下 后 尽快 回复 您") == {"polite": ["请您稍等我查询一下后尽快回复您"]}


@pytest.mark.parametrize("line", ["~不 ~知道", "步 知道 了", "不 ~清楚"])
def test_nobody_is_accused_of_what_was_not_surely_heard(line):
    assert "forbidden" not in heard(line, confidence=0.6)


def test_a_voice_that_is_not_understood_says_nothing_forbidden():
    assert heard("不 知道", understood=False) == {"doubtful": ["不知道"]}
    assert heard("不 [unk] 道") == {}


def test_what_only_sounds_alike_over_a_telephone_accuses_nobody():
    assert heard("我 还 有 四") == {"doubtful": ["我还有四"]}


def test_what_is_doubtful_carries_its_time():
    (one,) = find_phrases(
        Stream(words("不 知道", confidence=0.5)), shipped_rules(), Thresholds(), understood=True
    ).doubtful
    assert (one.phrase, one.start_seconds, one.confidence) == ("不知道", 0.5, pytest.approx(0.5))
