"""What the model can hear: every syllable, and the hall's words."""

import random

import pytest
from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PINYIN_DICT
from tools.speech_model.lexicon import UNKNOWN, lexicon_of, phones_of_word
from tools.speech_model.phrases import NAME, name_spelled, phrases_in, shipped
from tools.speech_model.readings import toned, toneless
from tools.speech_model.syllables import INITIALS, phone_names, phones_of, spelling, split
from tools.speech_model.voices import TRAINING, held_out

# sounds rather than syllables, and one that the dictionary has for nobody's name
_NOT_SPELLED = {"hm", "hng", "m", "n", "ng", "ê", "o", "lo", "fiao"}


def _usual_reading(character: str) -> str:
    return lazy_pinyin(character, style=Style.NORMAL, v_to_u=False)[0]


def test_every_character_of_the_dictionary_is_read_with_syllables_that_a_word_spells() -> None:
    readings = {_usual_reading(chr(code)) for code in PINYIN_DICT if 0x4E00 <= code <= 0x9FA5}
    assert readings - set(spelling()) <= _NOT_SPELLED


def test_a_character_word_is_usually_read_as_the_syllable_it_spells() -> None:
    assert [(s, c) for s, c in spelling().items() if _usual_reading(c) != s] == []


def test_no_two_syllables_sound_alike_except_where_pinyin_writes_one_sound_twice() -> None:
    sounds = [phones_of(syllable) for syllable in spelling()]
    assert len(set(sounds)) == len(sounds)


@pytest.mark.parametrize(
    ("syllable", "initial", "final"),
    [
        ("zhi", "zh", "iy"),
        ("si", "s", "ix"),
        ("qi", "q", "i"),
        ("jun", "j", "vn"),
        ("lun", "l", "uen"),
        ("lv", "l", "v"),
        ("liu", "l", "iou"),
        ("gui", "g", "uei"),
        ("you", "", "iou"),
        ("yong", "", "iong"),
        ("yuan", "", "van"),
        ("yan", "", "ian"),
        ("yi", "", "i"),
        ("wei", "", "uei"),
        ("wu", "", "u"),
        ("wo", "", "uo"),
        ("er", "", "er"),
    ],
)
def test_a_syllable_parts_into_initial_and_full_final(syllable: str, initial: str, final: str) -> None:
    assert split(syllable) == (initial, final)


def test_all_phones_are_used_and_none_is_named_twice() -> None:
    used = {phone for syllable in spelling() for phone in phones_of(syllable)}
    assert used == set(phone_names()[1:])
    assert len(set(phone_names())) == len(phone_names()) < 256
    assert set(INITIALS) < used


def test_a_word_said_otherwise_than_the_dictionary_says_is_corrected() -> None:
    assert toned("一下") == ("yi2", "xia4")
    assert toned("您好") == ("nin2", "hao3")
    assert toneless("绿色") == ("lv", "se")


@pytest.mark.parametrize("name", ["phrases.toml", "lookalike.toml"])
def test_all_words_and_every_syllable_can_be_heard(name: str) -> None:
    lexicon = lexicon_of(phrases_in(name))
    assert len(set(lexicon.words)) == len(lexicon.words)
    said = {p.phones for p in lexicon.pronunciations() if p.word != UNKNOWN}
    assert {phones_of(syllable) for syllable in spelling()} <= said
    assert {phones_of_word(word) for word in lexicon.domain} <= said
    for syllable, word in lexicon.spellers.items():
        assert len(word) == 1
        assert phones_of_word(word) == phones_of(syllable)


def test_unknown_speech_is_any_syllable_with_even_chances() -> None:
    lexicon = lexicon_of(shipped())
    unknown = [p for p in lexicon.pronunciations() if p.word == UNKNOWN]
    assert len(unknown) == len(spelling())
    assert len({p.cost for p in unknown}) == 1


def test_the_halls_words_are_in_the_vocabulary() -> None:
    words = set(lexicon_of(shipped()).words)
    assert {
        "您好",
        "喂",
        "社保",
        "仲裁",
        "工伤",
        "灵活",
        "来电",
        "工号",
        "不",
        "知道",
        "清楚",
        "归",
        "零",
        "幺",
    } <= words


def test_the_names_held_out_are_not_in_the_vocabulary() -> None:
    words = "".join(word for word in lexicon_of(shipped()).domain if len(word) > 1)
    for part in ("tuning", "scoring"):
        for name in held_out()[part]["names"]:
            assert not any(name[n : n + 2] in words for n in range(2))


def test_the_voices_held_out_are_not_learned_from_and_the_two_parts_share_none() -> None:
    tuning, scoring = (set(held_out()[part]["voices"]) for part in ("tuning", "scoring"))
    assert not (tuning | scoring) & set(TRAINING)
    assert not tuning & scoring


def test_the_wordings_held_out_are_in_no_training_sentence() -> None:
    learned = {text.replace(" ", "") for texts in shipped().lists.values() for text in texts}
    for part in ("tuning", "scoring"):
        for text in held_out()[part]["matter"]:
            assert not any(text.replace(" ", "") in other for other in learned)
            assert set(text.split()) <= set(lexicon_of(shipped()).words)


def test_generated_sentences_are_whole_and_every_kind_comes() -> None:
    rng = random.Random(4)
    sentences = [shipped().sentence(rng) for _ in range(2000)]
    words = {*lexicon_of(shipped()).words, *spelling().values()}
    for sentence in sentences:
        for part in sentence:
            text = name_spelled(rng, part.text)
            assert NAME not in text
            assert set(text.split()) <= words
    kinds = {part.kind for sentence in sentences for part in sentence}
    assert kinds >= {"hello", "department", "matter", "forbidden", "exempt", "polite", "callback", "number", "alone"}
