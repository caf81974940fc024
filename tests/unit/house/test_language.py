"""A Chinese hall works in Chinese: no text that Voicedesk says to people is missing in the catalogue."""

import ast
import re
import tomllib
from importlib import resources

import pytest
from tools.chinese import alone, data
from tools.messages import PACKAGE, log_events, not_stale, of_two_languages, put_together, texts
from tools.sentences import error_classes, not_said, sentences
from voicedesk.language.catalogue import read_catalogue, read_page_words
from voicedesk.language.translate import translated
from voicedesk.words import Language

CLI = sorted((PACKAGE / "cli").rglob("*.py"))
FILES = sorted(
    (one for one in resources.files("voicedesk.language").joinpath("zh").iterdir() if one.name.endswith(".toml")),
    key=lambda one: one.name,
)
TEXTS = texts()
KNOWN = read_catalogue()
_PLACE = re.compile(r"\{([^}]*)\}")
_CHINESE = re.compile(r"[\u4e00-\u9fff，：；（）]")
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


_TYPED = re.compile(r"(?<!\w)--[a-z]|voicedesk [a-z]")
_ON_PAGES = re.compile(
    r"voicedesk/(desk|run|store|jobs/(deciding|phones|ringing_back|telling|news)|hall/(acting|seats))\b"
)
"""Where what a page asks for is answered: what is refused there is read on a page too."""


def test_a_page_says_what_to_do_on_the_page_not_what_to_type() -> None:
    refusals = {"answers", "desk", "errors", "run", "store"}
    typed = {
        text: where
        for (part, text), where in TEXTS.items()
        if part in refusals and _ON_PAGES.match(where) and _TYPED.search(text)
    }
    assert sorted(f"{where} {text!r}" for text, where in typed.items() if text not in read_page_words()) == []


def test_the_words_of_pages_are_whole_and_stand_for_texts_that_are_said() -> None:
    said = read_page_words()
    assert sorted(said.keys() - KNOWN.keys()) == []
    for text, both in said.items():
        places = [str(number) for number in range(text.count("{}"))]
        for one in both:
            assert not _TYPED.search(one)
            assert set(_PLACE.findall(one)) <= set(places)
        assert [bool(_CHINESE.search(one)) for one in both] == [True, False]


_SPOKEN = re.compile("您好|请问您要办理什么业务|工号|您刚才来电|请稍等|第16条|参保|班 or 休|周一至周五|加签")
"""What is Chinese for an English reader too: what callers and staff say, what calendars hold, a button of DingTalk."""


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
    assert {
        (part, text)
        for part, text, _ in put_together(ast.parse(source), answers=True, errors=frozenset({"InputError"}))
    } == {
        ("answers", "it is done"),
        ("answers", "{} needs a restart"),
        ("errors", "it was refused: {}, {}"),
        ("errors", "say which one"),
        ("errors", "nobody knows why"),
    }


@pytest.mark.parametrize(
    "source",
    [
        'raise AmiLinkLost("the line is cut")',
        'raise InputError(f"not dialled: {WHY[reason]}")\nWHY = {1: "the line is cut"}',
        'async def f() -> None:\n    return Refusal(why=("the line is cut" if bad else None))',
        'log.error("cut", reason="the line is cut")',
        "text = f\"{number} rows{' the line is cut' if cut else None}\"",
    ],
)
def test_a_sentence_is_found_wherever_it_stands(source: str) -> None:
    assert "the line is cut" in {text.strip() for text, _ in sentences(ast.parse(source))}


@pytest.mark.parametrize(
    "source",
    [
        '"""the line is cut"""',
        'in_both("线路已断", "the line is cut")',
        'WORDS = {1: ("已断", "the line is cut")}',
        'found = re.compile("the line is cut")',
        'def f(one: "the line | None") -> "the line | cut": ...',
        'text = "线路已断"',
    ],
)
def test_what_is_said_to_nobody_or_stands_beside_its_chinese_needs_none(source: str) -> None:
    assert list(sentences(ast.parse(source))) == []


def test_an_error_is_known_by_the_class_above_it_not_by_its_name() -> None:
    trees = [ast.parse("class Lost(AmiFault): ..."), ast.parse("class AmiFault(errors.Fault): ...\nclass Row: ...")]
    trees.append(ast.parse("class Fault(Exception): ..."))
    assert {"Lost", "AmiFault", "Fault", "OSError"} <= error_classes(trees)
    assert "Row" not in error_classes(trees)


def test_every_event_that_a_log_is_told_is_found_whatever_it_is_called() -> None:
    source = """
_log = structlog.get_logger()
_log.info("news")
_log.error("begun" if one else "over_now")
troubles.say("store_away", error)
screens.say("news")
def tell():
    log = _log.warning if late else _log.info
    log("heard_late" if late else "heard_now")
"""
    assert log_events(ast.parse(source)) == {"news", "begun", "over_now", "store_away", "heard_late", "heard_now"}


def test_what_is_called_unsaid_stands_in_a_source() -> None:
    files, silent = not_said()
    there = {text for file in PACKAGE.rglob("*.py") for text, _ in sentences(ast.parse(file.read_text("utf-8")))}
    assert sorted(silent - there) == []
    assert [file for file in sorted(files) if not (PACKAGE.parent / file).is_file()] == []


def test_no_error_of_the_system_is_told_with_its_number_in_brackets() -> None:
    """`why(error)` gives the reason alone, which has its Chinese; `str(error)` begins with "[Errno 2]"."""
    raw = []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler) and node.type is not None and "OSError" in ast.unparse(node.type):
                told = {f"{{{node.name}}}", f"str({node.name})"}
                raw += [f"{file.name}:{one.lineno}" for one in ast.walk(node) if _unparsed(one) in told]
    assert raw == []


def _unparsed(node: ast.AST) -> str:
    if isinstance(node, ast.FormattedValue):
        return f"{{{ast.unparse(node.value)}}}"
    return ast.unparse(node) if isinstance(node, ast.Call) else ""


def test_no_chinese_stands_alone_that_an_english_reader_could_be_told() -> None:
    """It stands beside its English, in the catalogue, or is data and named in `tools/chinese_data.toml`."""
    assert [
        f"{where} {text!r}" for (part, text), where in TEXTS.items() if part == "chinese" and text not in KNOWN
    ] == []


@pytest.mark.parametrize(
    "source",
    [
        'title = "线路已断"',
        'title = f"{line}已断"',
        'tell(News(kind="line_cut", title="线路已断"))',
        'fields = {"线路": line}',
        'Column("线路", width=16)',
        'pair = ("线路已断", 3)',
        'text = "线路已断" if cut else ""',
        'in_both("线路已断", f"{line}")',
    ],
)
def test_chinese_without_its_english_is_found_wherever_it_stands(source: str) -> None:
    assert [text for text, _ in alone(ast.parse(source))] in (["线路已断"], ["{}已断"], ["线路"])


@pytest.mark.parametrize(
    "source",
    [
        '"""线路已断"""',
        'in_both("线路已断", "the line is cut")',
        'WORDS = {1: ("已断", "cut")}',
        'title = Said(f"线路{line}已断", f"line {line} is cut")',
        'text = "已断" if is_chinese else "cut"',
    ],
)
def test_chinese_beside_its_english_needs_no_other(source: str) -> None:
    assert list(alone(ast.parse(source))) == []


def test_chinese_that_is_called_data_stands_in_a_source() -> None:
    files, named = data()
    there = {file.relative_to(PACKAGE.parent).as_posix(): file.read_text("utf-8") for file in PACKAGE.rglob("*.py")}
    found = {file: {text for text, _ in alone(ast.parse(text))} for file, text in there.items()}
    assert sorted(file for file in files if not found.get(file)) == []
    assert sorted(named - {text for file, texts in found.items() if file not in files for text in texts}) == []


def test_values_stand_apart_or_nobody_could_tell_one_from_the_next() -> None:
    assert [text for text in KNOWN if "{}{}" in text] == []


def test_no_command_has_a_text_of_two_languages_that_stays_so_whichever_is_spoken() -> None:
    """Such a text is in the catalogue, or is made by `in_both`."""
    found = [f"{file.name}:{line} {text!r}" for file in CLI for text, line in of_two_languages(file.read_text("utf-8"))]
    assert [one for one in found if one.partition(" ")[2] not in map(repr, KNOWN)] == []


def test_the_catalogue_holds_no_text_that_nobody_says_any_more() -> None:
    assert sorted(KNOWN.keys() - {text for _, text in TEXTS} - not_stale()) == []


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


@pytest.mark.parametrize("language", list(Language))
def test_each_text_is_known_by_its_own_template_whatever_is_filled_in(language: Language) -> None:
    wrong = []
    for text, both in KNOWN.items():
        values = [f"X{number}" for number in range(text.count("{}"))]
        said = both[language is Language.ENGLISH]
        filled = text.replace("%", "%%").replace("{}", "%s") % tuple(values)
        wanted = filled if said == text else said.format(*values)
        for of_parts in (False, "\n" not in text):
            if (found := translated(filled, language, of_parts=of_parts)) != wanted:
                wrong.append((filled, found))
    assert wrong == []


def test_chinese_is_chinese_and_english_has_none() -> None:
    said = {text: both for text, both in KNOWN.items() if not _COMMAND.match(text) and text not in AS_IT_IS}
    assert [text for text, (chinese, _) in said.items() if not _CHINESE.search(chinese)] == []
    assert [english for _, english in said.values() if _CHINESE.search(english) and not _SPOKEN.search(english)] == []


def test_what_the_system_says_is_asked_in_one_place() -> None:
    """An `OSError` without a `strerror` would be told as "None": `errors.reason_of` knows what to say then."""
    asks = re.compile(r"error\.strerror|\"strerror\"|'strerror'")
    files = [file for file in PACKAGE.rglob("*.py") if asks.search(file.read_text(encoding="utf-8"))]
    assert [file.relative_to(PACKAGE).as_posix() for file in files] == ["errors.py"]


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
