"""What stands behind a text of ours is not taken for a part of it, with the catalogue as it is."""

import pytest
from voicedesk.language.catalogue import read_catalogue
from voicedesk.language.translate import translated
from voicedesk.words import Language

KNOWN = read_catalogue()
FOLLOWING = ("{}: known are {}", "{}: did you mean {}? known are {}")
ENDING_IN_A_VALUE = sorted(
    text for text, (_, english) in KNOWN.items() if text == english and text.endswith(" {}") and ": " not in text
)
BEHIND_A_TEXT = sorted(text for text in KNOWN if text.startswith("{}: ") and text.isascii())


def filled(template: str, *first: str) -> str:
    values = iter(first)
    pieces = template.split("{}")
    return pieces[0] + "".join(next(values, f"v{number}") + piece for number, piece in enumerate(pieces[1:], 1))


@pytest.mark.parametrize("following", FOLLOWING)
def test_no_text_takes_the_names_that_are_known_for_its_last_value(following) -> None:
    wrong = []
    for text in ENDING_IN_A_VALUE:
        alone = filled(text)
        told = translated(filled(following, alone), Language.CHINESE, of_parts=True)
        direct = following.replace("{}", text, 1) in KNOWN
        behind = [f"v{number}" for number in range(2, following.count("{}") + 1)]
        expected = KNOWN[following][0].format(translated(alone, Language.CHINESE, of_parts=True), *behind)
        if told != expected and not direct:
            wrong.append((told, expected))
    assert wrong == []


def test_whatever_stands_behind_a_text_leaves_it_whole() -> None:
    alone = "no line is called 'X'"
    wrong = []
    for following in BEHIND_A_TEXT:
        told = translated(filled(following, alone), Language.CHINESE, of_parts=True)
        if "没有名为 'X' 的线路" not in told:
            wrong.append((following, told))
    assert wrong == []


def test_a_reason_behind_a_colon_stays_a_value() -> None:
    told = translated("no line is called 'X': a", Language.CHINESE, of_parts=True)
    assert told.startswith("没有名为 'X': a 的线路")
