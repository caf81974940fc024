"""Every sentence that stands in a source file, but for what is said to nobody: docstrings, patterns, SQL, annotations.

The English beside its Chinese, as `in_both("中文", "English")` has it, needs no catalogue and is left out too. What is
left and still said to nobody is named, with the reason, in `tools/not_said.toml`.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "voicedesk"
LOGGERS = frozenset({"debug", "info", "warning", "error", "exception", "log", "say", "complain", "failed", "waiting"})
_NOT_SAID = Path(__file__).with_name("not_said.toml")
_WORD = re.compile(r"[A-Za-z]{3}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_PAIR = re.compile(r"[\u4e00-\u9fff] [A-Za-z]{2}")
_SOUGHT = re.compile(r"re\.\w+|.*\.(removeprefix|startswith|endswith)")
_SQL = re.compile(r"(PRAGMA|SELECT|BEGIN|VACUUM|SET) ")
_TRANSLATOR = "t"
"""What a page's texts go through: `_texts_of` sees them."""


def sentences(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Each sentence of a file with its line: two words or more, wherever it stands and whatever is done with it."""
    seen = _unsaid(tree)
    for node in ast.walk(tree):
        if id(node) in seen:
            continue
        text = template(node)
        if text is None:
            continue
        seen.update(_made_of(node))
        if is_sentence(text):
            yield text, getattr(node, "lineno", 0)


def glue(tree: ast.AST) -> Iterator[str]:
    """What only joins other texts, such as `{}: {}`, and words alone: they may have Chinese, and need none."""
    for node in ast.walk(tree):
        text = template(node)
        if text is not None and not is_sentence(text):
            yield text


def is_sentence(text: str) -> bool:
    """Whether a template says something: two words or more, in English or in Chinese and then in English."""
    is_said = len(_WORD.findall(text)) > 1 and " " in text.strip() and not _SQL.match(text)
    return is_said and bool(_PAIR.search(text) or not _CHINESE.search(text))


@cache
def not_said() -> tuple[frozenset[str], frozenset[str]]:
    """The files that say nothing to people, and the texts in other files that are said to nobody."""
    named = tomllib.loads(_NOT_SAID.read_text(encoding="utf-8"))
    files = frozenset(one for group in named["files"].values() for one in group)
    return files, frozenset(one for group in named["texts"].values() for one in group)


def template(node: ast.AST) -> str | None:
    """The text that an expression makes, with `{}` for what is filled in; None where it is no text of ours."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = template(node.left), template(node.right)
        return None if left is None and right is None else f"{left or '{}'}{right or '{}'}"
    return None


def error_classes(trees: list[ast.Module]) -> frozenset[str]:
    """The names of all errors: Python's own, and each class below one of them, whichever file it stands in."""
    known = {name for name, one in vars(__import__("builtins")).items() if _is_error_class(one)}
    below = [
        (node.name, {ast.unparse(base).rpartition(".")[2] for base in node.bases})
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    ]
    while new := {name for name, bases in below if not bases.isdisjoint(known)} - known:
        known |= new
    return frozenset(known)


def _is_error_class(one: object) -> bool:
    return isinstance(one, type) and issubclass(one, Exception)


def _unsaid(tree: ast.AST) -> set[int]:
    """The nodes whose texts are said to nobody, or stand beside their Chinese."""
    unsaid: set[int] = set()
    for node in ast.walk(tree):
        unsaid.update(id(one) for part in _unsaid_parts(node) for one in ast.walk(part))
    return unsaid


def _unsaid_parts(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node  # a docstring
    elif isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
        yield node.annotation
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
        yield node.returns
    elif isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if _SOUGHT.fullmatch(ast.unparse(node.func)):
            yield node
        elif name == _TRANSLATOR:
            yield from node.args[:1]
        yield from _beside_their_chinese([*node.args, *(one.value for one in node.keywords)])
    elif isinstance(node, ast.Tuple):
        yield from _beside_their_chinese(node.elts)


def _beside_their_chinese(values: list[ast.expr]) -> Iterator[ast.AST]:
    """The values without Chinese, where others have some."""
    plain = [one for one in values if not _holds_chinese(one)]
    if len(plain) < len(values):
        yield from plain


def _holds_chinese(node: ast.AST) -> bool:
    return any(
        isinstance(one, ast.Constant) and isinstance(one.value, str) and bool(_CHINESE.search(one.value))
        for one in ast.walk(node)
    )


def _made_of(node: ast.AST) -> Iterator[int]:
    """The nodes that a template was read from; what is filled in is none of them."""
    yield id(node)
    if isinstance(node, ast.JoinedStr):
        yield from (id(one) for one in node.values if isinstance(one, ast.Constant))
    elif isinstance(node, ast.BinOp):
        for side in (node.left, node.right):
            if template(side) is not None:
                yield from _made_of(side)
