"""The notation of phrases, the rule set as data, and how texts are compared by their sound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.greeting.spoken import words
from voicedesk.errors import InputError
from voicedesk.greeting.phrases import DIGITS, plain, read_phrase
from voicedesk.greeting.rules import read_rules, rules_from_file, shipped_rules
from voicedesk.greeting.stream import Match, Stream
from voicedesk.speech.syllables import blurred, readings
from voicedesk.speech.transcript import Word


def said(phrase, line):
    stream = Stream(words(line))
    return [stream.said(found) for found in stream.find(read_phrase(phrase))]


@pytest.mark.parametrize(
    ("phrase", "line", "found"),
    [
        ("请问[您]要(办理|咨询)什么[业务]", "请问 要 咨询 什么", ["请问要咨询什么"]),
        ("请问[您]要(办理|咨询)什么[业务]", "请问 您 要 办理 什么 业务 吗", ["请问您要办理什么业务"]),
        ("请问[您]要(办理|咨询)什么[业务]", "请问 您 办理 什么", []),
        ("工号{digits}号", "工号 一 零 八 号 工号 三 号", ["工号一零八号", "工号三号"]),
        ("工号{digits}号", "工号 号", []),
        ("{digits}", "一 二 三 四 五 六 七 八 九", ["一二三四五六七八", "二三四五六七八九"]),
        ("您好，请讲", "您好 请 讲", ["您好请讲"]),
        ("好[好[好]]", "好 好 好", ["好好好"]),
        ("您好", "您 | 好", []),
    ],
)
def test_a_phrase_is_found_in_each_way_in_which_it_may_be_said(phrase, line, found):
    assert said(phrase, line) == found


@pytest.mark.parametrize(
    ("phrase", "complaint"),
    [
        ("", "may be empty"),
        ("[您好]", "may be empty"),
        ("(|您好)", "may be empty"),
        ("，。", "may be empty"),
        ("您好]", "too many"),
        ("您好)", "too many"),
        ("您|好)", "too many"),
        ("[您好", "closing ']'"),
        ("(您好", r"closing '\)'"),
        ("[您)好", "closing ']'"),
        ("{name}您好", "'{'"),
        ("[" * 11 + "您" + "]" * 11 + "好", "deep"),
        ("您" * 401, "longer than"),
    ],
)
def test_a_phrase_that_means_nothing_is_refused_with_its_cure(phrase, complaint):
    with pytest.raises(InputError, match=complaint):
        read_phrase(phrase)


@given(st.text(alphabet="您好[]()|{}digits，", max_size=40))
def test_every_text_is_read_or_refused(text):
    try:
        phrase = read_phrase(text)
    except InputError:
        return
    assert 0 not in phrase.ends(0, lambda _item, places: {place + 1: 0 for place in places})


def test_fault_79_no_phrase_takes_for_ever():
    nested = "[您[您[您[您[您[您[您[您[您]]]]]]]]]" * 8 + "好"
    stream = Stream(words(" ".join(["您"] * 300)))
    assert stream.find(read_phrase(nested)) == []


def test_a_character_is_compared_by_all_its_readings():
    assert readings("行") >= {"xing", "hang"}
    assert readings("女") >= {"nv"}
    assert readings("1") >= {"yi", "yao"}
    assert readings("A") == {"A"}
    assert blurred("中") & blurred("宗")
    assert blurred("你") & blurred("里")
    assert blurred("英") & blurred("因")
    assert blurred("嗯")


@pytest.mark.parametrize(
    ("name", "line", "match", "kinds"),
    [
        ("社保中心", "社保 中心", Match.EXACT, (0, 0, 0)),
        ("社保中心", "设 保 中心", Match.PINYIN, (1, 0, 0)),
        ("社保中心", "色 保 中心", Match.PINYIN, (0, 1, 0)),
        ("社保中心", "社保 [unk] 心", Match.PINYIN, (0, 0, 1)),
    ],
)
def test_a_name_is_found_by_its_characters_or_more_weakly_by_its_sound(name, line, match, kinds):
    (found,) = Stream(words(line)).find(read_phrase(name))
    assert (found.match, (found.alike, found.blurred, found.unknown)) == (match, kinds)


def test_words_are_cut_into_syllables_that_share_their_time():
    stream = Stream(words("社保 中心"))
    assert [(one.text, round(one.start_seconds, 2)) for one in stream.syllables] == [
        ("社", 0.5),
        ("保", 0.7),
        ("中", 0.92),
        ("心", 1.12),
    ]


def test_a_stretch_of_unknown_speech_counts_by_its_time():
    stretch = Word(text="[unk]", start_seconds=1.0, end_seconds=2.0, confidence=0.5)
    assert [one.text for one in Stream([stretch]).syllables] == ["〓"] * 4


def test_names_lose_what_is_not_spoken():
    assert plain("社保（市）中心 · “一”，") == "社保（市）中心·一"


# --- the rule set


def test_the_shipped_rules_hold_every_phrase_of_the_standard():
    rules = shipped_rules()
    assert {"不知道", "不清楚", "不归我管", "我还有事"} <= set(rules.forbidden.phrases)
    assert rules.templates["inbound"] == ("hello", "department", "matter")
    assert (rules.limits.first_word_seconds, rules.limits.all_parts_seconds) == (3, 10)
    for question in ("请问 您 要 办理 什么 业务", "请问 有 什么 可以 帮 您", "您 有 什么 事情"):
        assert Stream(words(question)).find_any(rules.parts["matter"].phrases)


MINIMAL = """
version = "hall/1"
[limits]
first_word_seconds = 3
all_parts_seconds = 10
[templates]
inbound = ["hello", "department"]
[parts.hello]
phrases = ["您好"]
[department]
[forbidden]
phrases = ["不知道"]
[polite]
[courtesy]
"""


def test_a_hall_may_write_its_own_rules(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(MINIMAL, encoding="utf-8")
    assert rules_from_file(path).version == "hall/1"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('version = "hall/1"', "version = ", "this is no TOML"),
        ('"您好"', '"您好]"', r"parts.hello.phrases.0: .*too many"),
        ("[polite]", "[polite]\nphrase = []", r"polite.phrase: "),
        ('"hello", "department"', '"hello", "matter"', r"names 'matter', but \[parts.matter\] is missing"),
        ('"hello", "department"', '"hello", "hello"', "names a part twice"),
        ('"hello", "department"', "", "is empty"),
        ("first_word_seconds = 3", "first_word_seconds = 0", "limits.first_word_seconds"),
    ],
)
def test_fault_73_wrong_rules_are_refused_with_their_place(tmp_path, old, new, complaint):
    path = tmp_path / "rules.toml"
    path.write_text(MINIMAL.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=complaint) as caught:
        rules_from_file(path)
    assert str(path) in str(caught.value)


def test_rules_that_cannot_be_read_say_so(tmp_path):
    with pytest.raises(InputError, match=r"none.toml: the greeting rules cannot be read"):
        rules_from_file(tmp_path / "none.toml")
    (tmp_path / "gbk.toml").write_bytes("版本".encode("gbk"))
    with pytest.raises(InputError, match="cannot be read"):
        rules_from_file(tmp_path / "gbk.toml")


def test_digits_in_rules_are_any_spoken_number():
    assert DIGITS in "".join(shipped_rules().parts["number"].phrases)
    assert read_rules(MINIMAL, "x").parts["hello"].phrases == ("您好",)
