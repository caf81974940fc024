"""English speaks of one thing as of one, wherever a count is made into words."""

import re

import pytest
from voicedesk.english_counts import counted, filled
from voicedesk.language.catalogue import read_catalogue, read_page_words
from voicedesk.language.translate import said, translated
from voicedesk.web.texts import speaker
from voicedesk.words import SPOKEN, Language

NO_NOUN = frozenset(
    {
        "allows",
        "answers",
        "as",
        "belongs",
        "compares",
        "depends",
        "differs",
        "does",
        "ends",
        "exists",
        "expires",
        "has",
        "hears",
        "holds",
        "is",
        "lacks",
        "leads",
        "lies",
        "names",
        "nats",
        "needs",
        "news",
        "s",
        "signs",
        "sits",
        "stands",
        "takes",
        "this",
        "was",
    }
)
"""Words with an s at their end that no text counts."""


@pytest.mark.parametrize(
    ("template", "values", "due"),
    [
        ("{} lines of the logs could not be read", [1], "1 line of the logs could not be read"),
        ("{} lines of the logs could not be read", ["11"], "11 lines of the logs could not be read"),
        ("{0} rings, {1} s", [1, "1"], "1 ring, 1 s"),
        ("{} gaps in all, {} repaired, {} open", [1, 1, 0], "1 gap in all, 1 repaired, 0 open"),
        ("{} calls were answered", [1], "1 call was answered"),
        ("{} items are told, {} of them samples", [1, 1], "1 item is told, 1 of them samples"),
        ("{} pieces of news were lost", [1], "1 piece of news was lost"),
        ("{} journal entries, {} other rows", [1, 1], "1 journal entry, 1 other row"),
        ("{1} of the newest {0} calls", [1, 3], "3 of the newest 1 call"),
        ("{} is {}: {} people", ["1", "x", 2], "1 is x: 2 people"),
    ],
)
def test_one_is_told_as_one(template: str, values: list[object], due: str) -> None:
    assert filled(template, values) == due


def test_a_count_within_a_line_is_told_so_too() -> None:
    assert [counted(number, "tries") for number in (0, 1, 2)] == ["0 tries", "1 try", "2 tries"]


@pytest.mark.parametrize("spoken", [None, Language.ENGLISH])
def test_commands_tell_one_as_one_also_where_no_language_is_set(spoken: Language | None) -> None:
    before = SPOKEN.set(spoken)
    try:
        assert translated("1 calls judged again, 0 changed") == "1 call judged again, 0 changed"
    finally:
        SPOKEN.reset(before)
    assert translated("1 calls judged again, 0 changed", Language.CHINESE) == "已重新判定来电 1 通，其中 0 通有变化"


def test_pages_and_news_tell_one_as_one() -> None:
    assert speaker(Language.ENGLISH)("{} calls, the newest first", 1) == "1 call, the newest first"
    assert speaker(Language.CHINESE)("{} calls, the newest first", 1) == "共 1 通，新的在前"
    assert said("about {} minutes", 1).english == "about 1 minute"


def test_each_count_of_the_catalogue_has_its_word_for_one() -> None:
    told = [english for _, english in [*read_catalogue().values(), *read_page_words().values()]]
    counts = [found for text in told for found in re.findall(r"\{\d*\} (?:other |more |new )?([a-z]+s)\b", text)]
    unknown = {many for many in counts if filled(f"{{}} {many}", [1]) == f"1 {many}"} - NO_NOUN
    assert unknown == set()


def test_a_text_with_braces_of_its_own_stays_whole() -> None:
    for template in read_catalogue():
        if "{}" in template:
            assert filled(template, ["1"] * template.count("{}"))
