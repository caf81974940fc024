"""A text is said in the language that is spoken, whatever was filled in."""

import pytest
from voicedesk.desk.labels import Label
from voicedesk.doctor.finding import both as finding_text
from voicedesk.language import translate
from voicedesk.language.translate import LONGEST, translated
from voicedesk.words import SPOKEN, Language, both

CATALOGUE = {
    "nothing is there": ("什么也没有", "nothing is there"),
    "{}: cannot be read: {}": ("{0}：读不出来：{1}", "{}: cannot be read: {}"),
    "{} of {} are left": ("共 {1}，剩 {0}", "{} of {} are left"),
    "没有 none: {}": ("没有：{0}", "none: {0}"),
    "row {}": ("第 {0} 行", "row {}"),
    "row {}: {}": ("第 {0} 行：{1}", "row {}: {}"),
    "the {} the": ("那{0}那", "the {} the"),
    "{}, of {}, of it": ("{1}之{0}，它的", "{}, of {}, of it"),
    "已停 stopped": ("已停", "stopped"),
}


def forget() -> None:
    """What was made of the catalogue before."""
    translate._templates.cache_clear()
    translate._candidates.cache_clear()


@pytest.fixture(autouse=True)
def catalogue(monkeypatch):
    monkeypatch.setattr(translate, "read_catalogue", lambda: CATALOGUE)
    forget()
    yield
    forget()


@pytest.fixture
def chinese():
    token = SPOKEN.set(Language.CHINESE)
    yield
    SPOKEN.reset(token)


@pytest.fixture
def english():
    token = SPOKEN.set(Language.ENGLISH)
    yield
    SPOKEN.reset(token)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing is there", "什么也没有"),
        ("a.toml: cannot be read: no such file", "a.toml：读不出来：no such file"),
        ("3 of 5 are left", "共 5，剩 3"),
        ("没有 none: 5", "没有：5"),
        ("a.toml: cannot be read: nothing is there", "a.toml：读不出来：什么也没有"),
        ("b: cannot be read: a: cannot be read: x", "b：读不出来：a：读不出来：x"),
        ("row 3: nothing is there", "第 3 行：什么也没有"),
        ("nobody knows this text", "nobody knows this text"),
        ("the cat the", "那cat那"),
        ("the the", "the the"),
        ("a, of b, of it", "b之a，它的"),
        ("a, of it", "a, of it"),
        ("{0}{1}{} of {7} are left", "共 {7}，剩 {0}{1}{}"),
        ("", ""),
    ],
)
def test_a_text_is_said_in_chinese_with_what_was_filled_in(chinese, text, said):
    assert translated(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("没有 none: 5", "none: 5"),
        ("3 of 5 are left", "3 of 5 are left"),
        ("{}: cannot be read: {}", "{}: cannot be read: {}"),
    ],
)
def test_a_text_of_two_languages_is_said_in_english_alone(english, text, said):
    assert translated(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing is there; 3 of 5 are left; more", "什么也没有；共 5，剩 3；more"),
        ("x: cannot be read: y; row 3", "x：读不出来：y；第 3 行"),
        ("3 of 5 are left\nrow 3: y, nothing is there\n", "共 5，剩 3\n第 3 行：y，什么也没有\n"),
        ("a: cannot be read: x\nb: cannot be read: y", "a：读不出来：x\nb：读不出来：y"),
        ("wang, li; zhang\n", "wang, li; zhang\n"),
    ],
)
def test_each_text_of_a_list_is_said_by_itself_only_where_it_is_a_list_of_ours(chinese, text, said):
    assert translated(text, of_parts=True) == said
    assert translated("names = wang, nothing is there") == "names = wang, nothing is there"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("capture.raw: nothing is there", "capture.raw：什么也没有"),
        ("a: b: row 3; c: nothing is there", "a：b：第 3 行；c：什么也没有"),
        ("a: b: c", "a: b: c"),
        ("x" + ": a" * 3000, "x" + ": a" * 3000),
    ],
)
def test_what_is_said_of_something_named_before_it_is_said_by_itself(chinese, text, said):
    assert translated(text, of_parts=True) == said


def test_a_page_has_words_of_its_own_for_what_is_typed_in_a_command(chinese, monkeypatch):
    words = {"row {}: {}": ("请看第 {0} 行：{1}", "look at row {0}: {1}"), "nothing is there": ("空", "empty")}
    monkeypatch.setattr(translate, "read_page_words", lambda: words)
    assert translated("row 3: nothing is there", on_page=True) == "请看第 3 行：空"
    assert translated("row 3: nothing is there", Language.ENGLISH, on_page=True) == "look at row 3: empty"
    assert translated("row 3: nothing is there") == "第 3 行：什么也没有"


def test_a_list_of_texts_of_two_languages_is_said_in_english_alone(english):
    assert translated("已停 stopped; 没有 none: 5", of_parts=True) == "stopped; none: 5"


def test_where_no_language_is_chosen_every_text_stays_as_it_is():
    assert translated("没有 none: 5") == "没有 none: 5"
    assert translated("没有 none: 5", Language.CHINESE) == "没有：5"


def test_a_text_of_any_length_costs_little(chinese):
    deep = ": cannot be read: ".join("x" * 500)
    assert translated(deep).startswith("x：读不出来：x")
    long = "row " + "3: " * LONGEST
    assert translated(long) == long
    many = "; ".join(["nothing is there"] * 500)
    assert translated(many, of_parts=True) == many


def test_words_of_codes_are_those_of_the_language(chinese):
    words = {"late": ("超时", "late")}
    assert (both(words, "late"), str(Label("超时", "late")), finding_text("坏", "bad")) == ("超时", "超时", "坏")


def test_words_of_codes_stand_in_both_languages_where_none_is_chosen():
    words = {"late": ("超时", "late")}
    assert (both(words, "late"), finding_text("坏", "bad")) == ("超时 late", "坏 / bad")


def test_a_name_before_a_text_is_no_part_of_its_first_value() -> None:
    assert translated("a.wav: 3 of 5 are left", Language.CHINESE, of_parts=True) == "a.wav：共 5，剩 3"


def test_a_text_with_a_colon_of_its_own_is_not_parted_there(monkeypatch) -> None:
    book = {
        "row {}": ("第 {0} 行", "row {}"),
        "row {}: {} is {}": ("第 {0} 行：{1} 是 {2}", "row {}: {} is {}"),
        "{}: {}": ("{0}：{1}", "{}: {}"),
    }
    monkeypatch.setattr(translate, "read_catalogue", lambda: book)
    assert translated("row 3: the mode is bad: x", Language.CHINESE) == "第 3 行：the mode 是 bad：x"
