"""Every text that Voicedesk says to people, found in its source: `python -m tools.messages` lists what lacks Chinese.

A text is a template: what is filled in stands as `{}`. The catalogue (`voicedesk/language/zh/*.toml`) gives each its
Chinese, in which `{0}`, `{1}` … stand for what was filled in, in the order of the English text.
"""

import ast
import inspect
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping

from voicedesk.language.catalogue import read_catalogue

from tools.chinese import alone, data
from tools.sentences import LOGGERS, PACKAGE, error_classes, glue, not_said, sentences, template

SAYERS = frozenset({"say", "say_lines", "complain", "_say_in_both"})
TOLD_IN_ONE = frozenset({"said", "worded", "time_title"})
"""What is said in one language, even in a hall that chose none: news, hints, the titles of sheets."""
EXAMPLE = re.compile(r"Examples?: ")
_SCREENS = re.compile("screens|words")
"""What the IVR says is no event: its keys look alike."""
_WORD = re.compile(r"[A-Za-z]{3}")
_ROW = re.compile(r"[a-z]+ \{\}")
"""What a row is called: its kind and its id."""
_BOTH = re.compile(r"[\u4e00-\u9fff].*[A-Za-z]{2}", re.DOTALL)
_PAIR = re.compile(r"[\u4e00-\u9fff].* [A-Za-z]{2}")
_CODE = re.compile(r"[a-z]+(_[a-z0-9]+)+")
_IN_TEMPLATE = re.compile(r"""\bt\("((?:[^"\\\\]|\\\\.)*)\"""")
"""A text in a template of a page."""
ANSWERING = frozenset({"jobs", "run"})
"""The rooms whose functions return what a step answers."""
_KEEPING = frozenset({"join", "get", "format", "tuple", "printable", "printable_lines", "translated"})
"""Functions that give back the texts that they are given; other functions may ask for a key, or a statement of SQL."""
_TEXTS = re.compile(r"^(str|tuple\[|list\[).*")
"""Functions that return one text, several, or a text beside something else."""
Found = tuple[str, str]
"""Which part of the catalogue a text belongs to (answers, errors, said, told, help, log, web, chinese, or its room)."""


def texts() -> dict[Found, str]:
    """Each text with the file and line where it stands first."""
    found: dict[Found, str] = {}
    files = [one for one in sorted(PACKAGE.rglob("*.py")) if "migrations" not in one.parts]
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}
    errors = error_classes(list(trees.values()))
    for file, tree in trees.items():
        where = file.relative_to(PACKAGE.parent)
        told = [*_texts_of(tree, is_cli="cli" in where.parts)]
        answers = not ANSWERING.isdisjoint(where.parts)
        told += put_together(tree, answers=answers, is_cli="cli" in where.parts, errors=errors)
        for part, text, line in told:
            found.setdefault((part, text), f"{where}:{line}")
    files_of_data, chinese_data = data()
    for file, tree in trees.items():
        where = file.relative_to(PACKAGE.parent)
        for text, line in alone(tree) if where.as_posix() not in files_of_data else ():
            if text not in chinese_data:
                found.setdefault(("chinese", text), f"{where}:{line}")
    told_in_parts = {text for _, text in found}
    silent_files, silent = not_said()
    for file, tree in trees.items():
        where = file.relative_to(PACKAGE.parent)
        if where.as_posix() in silent_files:
            continue
        room = where.parts[1].removesuffix(".py")
        for text, line in sentences(tree):
            if text not in told_in_parts and text not in silent:
                found.setdefault((room, text), f"{where}:{line}")
    for file in sorted(PACKAGE.rglob("*.html")):
        for number, row in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            for text in _IN_TEMPLATE.findall(row):
                found.setdefault(("web", text), f"{file.relative_to(PACKAGE.parent)}:{number}")
    return found


def _texts_of(tree: ast.Module, *, is_cli: bool) -> Iterator[tuple[str, str, int]]:
    logs = _logs(tree)
    levels = _levels(tree, logs)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for event in sorted(_events(node, logs, levels)):
                yield "log", event, node.lineno
            if _name_of(node) == "t" and node.args and (text := template(node.args[0])):  # what a page says
                yield "web", text, node.lineno
            if _name_of(node) in TOLD_IN_ONE and node.args and isinstance(node.args[0], ast.Constant):
                yield "told", str(node.args[0].value), node.lineno
        if is_cli and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            told = ast.get_docstring(node) or ""
            if EXAMPLE.search(told):  # each command has one
                for paragraph in paragraphs(told):
                    yield "help", paragraph, node.lineno
        if is_cli and isinstance(node, ast.keyword) and node.arg == "help":
            text = template(node.value)
            if text:
                yield "help", text, node.value.lineno


def put_together(
    tree: ast.Module, *, answers: bool, errors: frozenset[str], is_cli: bool = False
) -> Iterator[tuple[str, str, int]]:
    """What a function makes of pieces before it says it: errors, what commands say, what steps answer."""
    constants = _given(tree.body)
    for made in ast.walk(tree):
        if not isinstance(made, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        given = constants | _given(ast.walk(made))
        calls = [one for one in ast.walk(made) if isinstance(one, ast.Call) and one.args]
        raised = [one.args[0] for one in calls if _name_of(one) in errors]
        sayings = [one.args[0] for one in calls if is_cli and _name_of(one) in SAYERS]
        for part, said in (("errors", raised), ("said", sayings)):
            for text, line in _pieces(said, given):
                if _BOTH.search(text) or len(_WORD.findall(text)) > 1:
                    yield part, text, line
        if answers and made.returns is not None and _TEXTS.search(ast.unparse(made.returns)):
            returned = [one.value for one in ast.walk(made) if isinstance(one, ast.Return) and one.value is not None]
            for text, line in _pieces(returned, given):
                if _WORD.search(text) and not text.startswith("<") and not _ROW.fullmatch(text):  # no HTML
                    yield "answers", text, line


def _pieces(said: Iterable[ast.AST], given: Mapping[str, list[ast.AST]]) -> Iterator[tuple[str, int]]:
    """Every text in these expressions, and in what the names in them were given; a word alone is none."""
    waiting, seen = list(said), set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen or isinstance(node, ast.Subscript | ast.Compare):
            continue
        seen.add(id(node))
        text = template(node)
        if text is not None and " " in text.strip():
            yield text, getattr(node, "lineno", 0)
        if isinstance(node, ast.Name):
            waiting += given.get(node.id, [])
        elif isinstance(node, ast.Call):
            name = _name_of(node)
            waiting += [node.func, *(node.args if name in _KEEPING else ())]
        else:
            is_text = isinstance(node, ast.JoinedStr)
            waiting += [one for one in ast.iter_child_nodes(node) if not (is_text and isinstance(one, ast.Constant))]


def _given(nodes: Iterable[ast.AST]) -> dict[str, list[ast.AST]]:
    """What each name was given: by `name = …`, `name, other = …, …` and `name.append(…)`."""
    found: dict[str, list[ast.AST]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            for name in [one.id for one in ast.walk(node.targets[0]) if isinstance(one, ast.Name)]:
                found.setdefault(name, []).append(node.value)
        elif isinstance(node, ast.Call) and isinstance(to := node.func, ast.Attribute) and to.attr == "append":
            found.setdefault(ast.unparse(to.value), []).extend(node.args)
    return found


def _name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_log(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOGGERS


def log_events(tree: ast.Module) -> set[str]:
    """The events that a file logs."""
    logs = _logs(tree)
    levels = _levels(tree, logs)
    return {event for node in ast.walk(tree) if isinstance(node, ast.Call) for event in _events(node, logs, levels)}


def _logs(tree: ast.Module) -> set[str]:
    """The names of a file's logs: whatever they are told first is an event."""
    return set(_named(tree.body, "get_logger"))


def _named(nodes: Iterable[ast.AST], what: str) -> Iterator[str]:
    """The names that are given something of this text."""
    for node in nodes:
        if isinstance(node, ast.Assign) and what in ast.unparse(node.value):
            yield from (one.id for one in node.targets if isinstance(one, ast.Name))


def _levels(tree: ast.Module, logs: set[str]) -> set[str]:
    """The names that stand for one level of a log or another, as in `log = _log.warning if late else _log.info`."""
    return {name for log in logs for name in _named(ast.walk(tree), f"{log}.") if name not in logs}


def _events(call: ast.Call, logs: set[str], levels: set[str]) -> Iterator[str]:
    """The log events that a call names."""
    for keyword in call.keywords:
        if keyword.arg == "event" and isinstance(keyword.value, ast.Constant):
            yield str(keyword.value.value)
    is_level = isinstance(call.func, ast.Name) and call.func.id in levels
    if not (is_level or _is_log(call)) or not call.args or _SCREENS.search(ast.unparse(call.func)):
        return
    is_certain = is_level or (isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) in logs)
    for one in _chosen(call.args[0]) if is_certain else call.args[:1]:
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and (is_certain or _CODE.fullmatch(one.value)):
            yield one.value


def _chosen(node: ast.expr) -> Iterator[ast.expr]:
    """What an expression may be: the two sides of `… if … else …`."""
    if isinstance(node, ast.IfExp):
        yield from _chosen(node.body)
        yield from _chosen(node.orelse)
    else:
        yield node


def paragraphs(docstring: str) -> list[str]:
    """The paragraphs of a command's help, each in one line; examples are commands, and need no other language."""
    found = [" ".join(one.split()) for one in inspect.cleandoc(docstring).split("\n\n")]
    return [one for one in found if one and not EXAMPLE.match(one)]


def of_two_languages(source: str) -> Iterator[tuple[str, int]]:
    """Each text of a source that is Chinese and then English, with its line; without docstrings and whole files."""
    tree, inside = ast.parse(source), set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            inside.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            inside.update(map(id, node.values))
    for node in ast.walk(tree):
        text = template(node) if id(node) not in inside else None
        if text is not None and "\n" not in text and _PAIR.search(text):
            yield text, getattr(node, "lineno", 0)


def not_stale() -> set[str]:
    """What stands in no source of ours as a sentence and may yet have Chinese: what libraries say, what joins texts."""
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in PACKAGE.rglob("*.py"))
    return library_texts() | {text for tree in trees for text in glue(tree)}


def library_texts() -> set[str]:
    """What libraries say for us: it has Chinese, and stands in no source of ours."""
    return set(tomllib.loads((PACKAGE / "language" / "zh" / "libraries.toml").read_text(encoding="utf-8")))


def main() -> int:
    """Lists what the catalogue lacks, and what it has for a text that nobody says any more."""
    known = read_catalogue()
    there = texts()
    wanted = sys.argv[1:] or sorted({part for part, _ in there})
    lacking = [(part, text, where) for (part, text), where in there.items() if text not in known and part in wanted]
    for part, text, where in lacking:
        print(f"{part}  {where}  {text!r}")
    stale = sorted(known.keys() - {text for _, text in there} - not_stale())
    for text in stale:
        print(f"stale  {text!r}")
    return 1 if lacking or stale else 0


if __name__ == "__main__":
    sys.exit(main())
