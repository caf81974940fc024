"""Chinese that stands in a source without English beside it: data, or a text that has English in the catalogue.

Callers and staff speak Chinese, so rules, numbers and calendars hold Chinese; such files and texts are named, with the
reason, in `tools/chinese_data.toml`. Any other Chinese text is said to people who may read English: it
stands in a pair (`Said("中文", "English")`, `in_both`, a table of words), or its whole is a key of the catalogue.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

from tools.sentences import template

_DATA = Path(__file__).with_name("chinese_data.toml")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_ENGLISH = re.compile(r"[A-Za-z]")
_PAIRS = frozenset({"Said", "in_both", "both", "Label", "Explained"})
"""What takes a Chinese text and its English one."""


def alone(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Each Chinese text of a file that has no English beside it, as a template, with its line; docstrings are none."""
    seen = {id(one) for node in ast.walk(tree) for part in _paired(node) for one in ast.walk(part)}
    for node in ast.walk(tree):
        text = None if id(node) in seen else template(node)
        if text is None:
            continue
        seen.update(id(one) for one in _own_pieces(node))
        if _CHINESE.search(text):
            yield text, getattr(node, "lineno", 0)


@cache
def data() -> tuple[frozenset[str], frozenset[str]]:
    """The files whose Chinese is data, and the texts in other files that are."""
    named = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    files = frozenset(one for group in named["files"].values() for one in group)
    return files, frozenset(one for group in named["texts"].values() for one in group)


def _paired(node: ast.AST) -> Iterator[ast.AST]:
    """What needs no English: docstrings, and the Chinese beside whose English it stands."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node
    elif isinstance(node, ast.Call) and _name_of(node) in _PAIRS:
        yield from _beside([*node.args, *(one.value for one in node.keywords)])
    elif isinstance(node, ast.Tuple):
        yield from _beside(node.elts)
    elif isinstance(node, ast.IfExp):
        yield from _beside([node.body, node.orelse])


def _beside(values: list[ast.expr]) -> Iterator[ast.AST]:
    """Each value with Chinese that is followed, or led, by one with English and without Chinese."""
    for first, second in pairwise(values):
        if _is_chinese(first) and _is_english(second):
            yield first
        elif _is_english(first) and _is_chinese(second):
            yield second


def _texts(node: ast.AST) -> str:
    return "".join(one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str))


def _is_chinese(node: ast.AST) -> bool:
    return bool(_CHINESE.search(_texts(node)))


def _is_english(node: ast.AST) -> bool:
    return bool(_ENGLISH.search(_texts(node))) and not _is_chinese(node)


def _own_pieces(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that a template was read from; what is filled in is none of them."""
    yield node
    if isinstance(node, ast.JoinedStr):
        yield from (one for one in node.values if isinstance(one, ast.Constant))
    elif isinstance(node, ast.BinOp):
        for side in (node.left, node.right):
            if template(side) is not None:
                yield from _own_pieces(side)


def _name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
