"""A Chinese hall works in Chinese: no text that Voicedesk says to people is missing in the catalogue."""

import ast
import re
import tomllib
from importlib import resources

import pytest
from tools.messages import PACKAGE, library_texts, of_two_languages, put_together, texts
from voicedesk.language.catalogue import read_catalogue

CLI = sorted((PACKAGE / "cli").rglob("*.py"))
FILES = sorted(
    (one for one in resources.files("voicedesk.language").joinpath("zh").iterdir() if one.name.endswith(".toml")),
    key=lambda one: one.name,
)
TEXTS = texts()
KNOWN = read_catalogue()
_PLACE = re.compile(r"\{([^}]*)\}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_COMMAND = re.compile(r"\s*(voicedesk|asterisk -rx|sudo|chmod|in |UserEvent|\[)")
AS_IT_IS = {
    "did not find context",
    "unknown command",
    " queues = {}",
    ' extension = "{}"',
    "Newstate Ringing, DialState",
    "QueueCallerJoin, AgentCalled",
    "Asterisk {}",
}
"""What the switch says or is told, and lines of the settings: they are the same in every language."""


@pytest.mark.parametrize("part", sorted({part for part, _ in TEXTS}))
def test_every_text_has_its_chinese(part: str) -> None:
    assert [f"{where} {text!r}" for (of, text), where in TEXTS.items() if of == part and text not in KNOWN] == []


def test_what_is_put_together_before_it_is_said_is_found_piece_by_piece() -> None:
    source = """
WHY = {"a": "nobody knows why"}
def carry_out(step) -> str:
    told = ["it is done"]
    if step:
        told.append(f"{step} needs a restart")
    hint = "say which one" if step else ""
    if not told:
        raise InputError(f"it was refused: {hint}, {WHY.get(step)}")
    log("no word of this", told)
    return "; ".join(told)
"""
    assert {(part, text) for part, text, _ in put_together(ast.parse(source), answers=True)} == {
        ("answers", "it is done"),
        ("answers", "{} needs a restart"),
        ("errors", "it was refused: {}, {}"),
        ("errors", "say which one"),
        ("errors", "nobody knows why"),
    }


def test_no_command_has_a_text_of_two_languages_that_stays_so_whichever_is_spoken() -> None:
    """Such a text is in the catalogue, or is made by `in_both`."""
    found = [f"{file.name}:{line} {text!r}" for file in CLI for text, line in of_two_languages(file.read_text("utf-8"))]
    assert [one for one in found if one.partition(" ")[2] not in map(repr, KNOWN)] == []


def test_the_catalogue_holds_no_text_that_nobody_says_any_more() -> None:
    assert sorted(KNOWN.keys() - {text for _, text in TEXTS} - library_texts()) == []


def test_each_text_stands_in_one_file_once() -> None:
    keys = [key for file in FILES for key in tomllib.loads(file.read_text(encoding="utf-8"))]
    assert sorted({key for key in keys if keys.count(key) > 1}) == []


def test_what_is_filled_in_is_filled_in_once_in_each_language() -> None:
    wrong = []
    for text, (chinese, english) in KNOWN.items():
        places = [str(number) for number in range(text.count("{}"))]
        for said in (chinese, english):
            if said != text and sorted(_PLACE.findall(said), key=int) != places:
                wrong.append((text, said))
            said.format(*places)  # no brace stands alone
    assert wrong == []


def test_chinese_is_chinese_and_english_has_none() -> None:
    said = {text: both for text, both in KNOWN.items() if not _COMMAND.match(text) and text not in AS_IT_IS}
    assert [text for text, (chinese, _) in said.items() if not _CHINESE.search(chinese)] == []
    doubled = [text for text, (_, english) in said.items() if english != text and _CHINESE.search(english)]
    assert doubled == []


OF_THE_SYSTEM = {"OSError", "FileNotFoundError", "PermissionError", "IsADirectoryError", "SSLError"}


def test_no_error_of_the_system_is_told_with_its_number():
    """Such as "[Errno 2] No such file or directory: 'x'" is no sentence, and not translated: `errors.reason_of`."""
    told = [
        f"{file.relative_to(PACKAGE)}:{part.lineno}"
        for file in sorted(PACKAGE.rglob("*.py"))
        for handler in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(handler, ast.ExceptHandler) and handler.type is not None
        if OF_THE_SYSTEM & set(re.findall(r"\w+", ast.unparse(handler.type)))
        for part in ast.walk(handler)
        if isinstance(part, ast.FormattedValue) and ast.unparse(part.value) == handler.name
    ]
    assert told == []
