"""The house stays readable: files, classes and functions are short, and what others call says what it does."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[3] / "voicedesk"
FILES = sorted(HOUSE.rglob("*.py"))
MOST_LINES = 400
MOST_LINES_OF_A_CLASS = 250
MOST_LINES_OF_A_FUNCTION = 60

Function = ast.FunctionDef | ast.AsyncFunctionDef


def place(file: Path, line: int) -> str:
    """Where a reader finds it."""
    return f"{file.relative_to(HOUSE.parent)}:{line}"


def read(file: Path) -> ast.Module:
    """A file of the house, as its syntax tree."""
    return ast.parse(file.read_text(encoding="utf-8"))


def too_long(
    kind: type[ast.ClassDef] | tuple[type[ast.FunctionDef], type[ast.AsyncFunctionDef]], most: int
) -> list[str]:
    """Every class or function that has more lines than it may have."""
    return [
        f"{place(file, node.lineno)} {node.name}: {lines} lines"
        for file in FILES
        for node in ast.walk(read(file))
        if isinstance(node, kind) and (lines := (node.end_lineno or 0) - node.lineno + 1) > most
    ]


def public(body: list[ast.stmt], of: str = "") -> Iterator[tuple[str, ast.ClassDef | Function]]:
    """The classes, functions and methods that others may use."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield f"{of}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{node.name}.")


def test_no_file_has_more_than_400_lines():
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert [f"{place(file, 1)}: {lines} lines" for file, lines in lengths.items() if lines > MOST_LINES] == []


def test_no_class_has_more_than_250_lines():
    assert too_long(ast.ClassDef, MOST_LINES_OF_A_CLASS) == []


def test_no_function_has_more_than_60_lines():
    assert too_long((ast.FunctionDef, ast.AsyncFunctionDef), MOST_LINES_OF_A_FUNCTION) == []


def test_every_module_says_what_it_is_for():
    nameless = [place(file, 1) for file in FILES if not ast.get_docstring(read(file)) and file.read_text().strip()]
    assert nameless == []


@pytest.mark.parametrize("room", sorted({file.relative_to(HOUSE).parts[0] for file in FILES}))
def test_every_public_class_and_function_has_a_docstring(room):
    silent = [
        f"{place(file, node.lineno)} {name}"
        for file in FILES
        if file.relative_to(HOUSE).parts[0] == room and "migrations" not in file.parts
        for name, node in public(read(file).body)
        if not ast.get_docstring(node) and not is_setter(node) and not is_shape(node)
    ]
    assert silent == []


def is_setter(node: ast.ClassDef | Function) -> bool:
    """A setter is described by its getter."""
    return any(isinstance(one, ast.Attribute) and one.attr == "setter" for one in node.decorator_list)


def is_shape(node: ast.ClassDef | Function) -> bool:
    """A method of a protocol, with no body, is described by its class."""
    return not isinstance(node, ast.ClassDef) and [ast.unparse(one) for one in node.body] == ["..."]
