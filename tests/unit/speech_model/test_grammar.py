"""The automata: what they take, and what they would rather take."""

import math

import pytest
from tools.speech_model.automaton import Automaton
from tools.speech_model.language import Odds, sentences
from tools.speech_model.lexicon import BACKOFF, UNKNOWN, lexicon_of, phones_of_word
from tools.speech_model.phrases import phrases_in, shipped
from tools.speech_model.pronouncing import labels_of, pronouncing

LEXICON = lexicon_of(shipped())
IDS = LEXICON.ids()


@pytest.fixture(scope="module")
def grammar() -> Automaton:
    return sentences(shipped(), LEXICON, Odds(sentences=6000))


def _cost(grammar: Automaton, text: str) -> float:
    cost = grammar.cost([IDS[word] for word in text.split()], free=frozenset((0, IDS[BACKOFF])))
    assert cost is not None
    return cost


def test_an_automaton_takes_only_what_its_arcs_spell_and_finds_the_cheapest_way() -> None:
    small = Automaton()
    middle, end = small.state(), small.state()
    small.add(0, 1, 1, 1.0, middle)
    small.add(0, 1, 1, 3.0, end)
    small.add(middle, 0, 0, 0.5, end)
    small.finals[end] = 0.25
    assert small.cost([1]) == pytest.approx(1.75)
    assert small.cost([1, 1]) is None
    assert small.cost([2]) is None
    assert small.cost([1], free=frozenset()) == pytest.approx(3.25)


def test_any_run_of_words_can_be_said_and_also_nothing(grammar: Automaton) -> None:
    assert _cost(grammar, "") < _cost(grammar, "喂")
    for word in LEXICON.words:
        assert _cost(grammar, word) > 0
    assert _cost(grammar, "再见 不动产 您好 零")


def test_a_greeting_is_likelier_in_order_than_not(grammar: Automaton) -> None:
    assert _cost(grammar, "您好 社保 中心 请问 您 要 办理 什么 业务") < _cost(
        grammar, "中心 您好 什么 业务 请问 要 社保 办理 您"
    )


def test_a_hello_alone_is_likelier_than_words_that_sound_like_it(grammar: Automaton) -> None:
    assert _cost(grammar, "喂") < _cost(grammar, "对")
    assert _cost(grammar, "喂") < _cost(grammar, "为")


def test_a_name_nobody_foresaw_is_likelier_spelled_than_unknown(grammar: Automaton) -> None:
    spelled = " ".join(LEXICON.spellers[syllable] for syllable in ("yan", "cao", "zhuan", "mai"))
    unknown = " ".join([UNKNOWN] * 4)
    any_syllable = math.log(len(LEXICON.spellers))
    assert _cost(grammar, f"您好 {spelled} 局") < _cost(grammar, f"您好 {unknown} 局") + 4 * any_syllable


def test_a_name_of_known_words_is_likelier_than_the_same_syllables_spelled(grammar: Automaton) -> None:
    spelled = " ".join(LEXICON.spellers[syllable] for syllable in ("she", "bao", "zhong", "xin"))
    assert _cost(grammar, "您好 社保 中心 请问 有 什么 事") < _cost(grammar, f"您好 {spelled} 请问 有 什么 事")


def test_every_word_is_said_with_its_phones_in_their_places() -> None:
    built = pronouncing(LEXICON)
    free = frozenset((0, *built.marks))
    for word in LEXICON.words[:-1]:
        assert built.automaton.cost(labels_of(phones_of_word(word)), free) is not None


def test_words_that_sound_alike_end_in_marks_of_their_own() -> None:
    built = pronouncing(LEXICON)
    marked = {(a.input, a.source) for a in built.automaton.arcs if a.input in built.marks}
    assert len(built.marks) >= 4
    assert len(marked) > len(built.marks)


def test_the_other_segmentation_makes_a_grammar_too() -> None:
    phrases = phrases_in("lookalike.toml")
    lexicon = lexicon_of(phrases)
    grammar = sentences(phrases, lexicon, Odds(sentences=1000))
    ids = lexicon.ids()
    assert grammar.cost([ids["您"], ids["好"], ids["社保中心"]], frozenset((0, ids[BACKOFF]))) is not None
