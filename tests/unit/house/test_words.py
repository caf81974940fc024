"""Each code that people see has its words, in Chinese and in English, in one table beside its enum."""

import ast
import importlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from voicedesk.calls.words import VERDICTS
from voicedesk.greeting.rules import shipped_rules
from voicedesk.greeting.words import GREETING_PARTS
from voicedesk.ivr.words import IVR_EXITS
from voicedesk.words import Words, both, word

PACKAGE = Path(__file__).parents[3] / "voicedesk"
ROOMS = sorted(file.parent.name for file in PACKAGE.glob("*/words.py"))
NAMED = {"GREETING_PARTS", "TRY_CAUSES", "SUBJECTS"}
"""Tables of names that no enum holds: those of a rule set, why a try reached nobody, and what the doctor looks at."""
ELSEWHERE = {
    "Part": "headings and sentences of a notice, which callers hear",
    "Doubt": "a doubt in a whole sentence, with what to do about it",
    "RequestKind": "the matter that a new ticket begins with",
    "Kind": "what an appeal is about, in a message",
    "agreeing": "a rule that is no code of an enum",
    "State": "how a recording stands: no other room knows these codes",
    "Foreign": "why a file is no recording of ours: no other room knows these codes",
}
"""Enums whose codes have Chinese text outside a `words.py`, and why that text is no word for the code."""


def tables() -> dict[str, Words]:
    """Every table of words, by its room and name."""
    found = {}
    for room in ROOMS:
        module = importlib.import_module(f"voicedesk.{room}.words")
        for name, value in vars(module).items():
            if isinstance(value, dict) and not name.startswith("_"):
                found[f"{room}.{name}"] = value
    return found


TABLES = tables()


@pytest.mark.parametrize("name", TABLES)
def test_every_code_has_a_word_in_both_languages(name: str) -> None:
    for chinese, english in TABLES[name].values():
        assert chinese
        assert english.isascii()
        assert not chinese.isascii()


@pytest.mark.parametrize("name", [name for name in TABLES if name.split(".")[1] not in NAMED])
def test_a_table_has_each_code_of_its_enum_and_no_other(name: str) -> None:
    codes = [code for code in TABLES[name] if code]
    (enum,) = {type(code) for code in codes}
    assert issubclass(enum, StrEnum)
    assert codes == [*enum] or set(codes) == set(enum)


def test_no_two_tables_are_of_one_enum() -> None:
    enums = [type(next(iter(table))) for name, table in TABLES.items() if name.split(".")[1] not in NAMED]
    assert len(enums) == len(set(enums))


def test_the_parts_of_a_greeting_are_those_of_the_shipped_rules() -> None:
    rules = shipped_rules()
    assert set(GREETING_PARTS) == {part for template in rules.templates for part in rules.parts_of(template)}


def test_a_caller_who_hung_up_left_in_a_way_that_has_words() -> None:
    assert both(IVR_EXITS, "") == "挂机 hung up"


def test_a_code_that_nobody_knows_stays_as_it_is() -> None:
    assert word(VERDICTS, "new_code") == "new_code"
    assert both(VERDICTS, "new_code") == "new_code"
    assert both(VERDICTS, "late") == "超时 late"
    assert word(VERDICTS, None) == ""


def labelled_enums(file: Path) -> Iterator[str]:
    """The enums whose members have Chinese text in a dict of a file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                texts = [one.value for one in ast.walk(value) if isinstance(one, ast.Constant)]
                if isinstance(key, ast.Attribute) and any("\u4e00" <= c <= "\u9fff" for t in texts for c in str(t)):
                    yield ast.unparse(key.value)


def test_no_table_of_words_stands_outside_its_room() -> None:
    files = [file for file in PACKAGE.rglob("*.py") if file.name != "words.py"]
    found = {f"{enum} in {file.relative_to(PACKAGE)}" for file in files for enum in labelled_enums(file)}
    assert [one for one in sorted(found) if one.split(" in ")[0] not in ELSEWHERE] == []
