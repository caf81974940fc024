"""Which module of `voicedesk` imports which, read from the source: nothing is imported for it."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

HOUSE = Path(__file__).parents[2] / "voicedesk"


@cache
def modules() -> Mapping[str, Path]:
    """Every module of the house with its file."""
    found = {}
    for file in sorted(HOUSE.rglob("*.py")):
        parts = file.relative_to(HOUSE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


@cache
def imports(*, for_types: bool, at_use: bool) -> Mapping[str, frozenset[str]]:
    """What each module imports: modules of the house by their names, others by the name of their package.

    `for_types`: also what is imported only for the types (`if TYPE_CHECKING:`). `at_use`: also inside functions.
    """
    known = modules()
    return {
        name: frozenset(
            one for node in _nodes(_read(file), for_types=for_types, at_use=at_use) for one in _named(node, known)
        )
        - {name}
        for name, file in known.items()
    }


@cache
def _read(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def reached(start: str, graph: Mapping[str, frozenset[str]]) -> Mapping[str, str | None]:
    """Everything that is imported with a module, each with the module that imports it; with it come its packages."""
    found: dict[str, str | None] = {start: None}
    waiting = [start]
    while waiting:
        name = waiting.pop(0)
        parts = name.split(".")
        around = {".".join(parts[:n]) for n in range(1, len(parts))} if name in graph else set()
        for one in sorted(graph.get(name, frozenset()) | around):
            if one not in found:
                found[one] = name
                waiting.append(one)
    return found


def way(end: str, found: Mapping[str, str | None]) -> list[str]:
    """The modules that import each other on the way to one that was `reached`; empty where it was not."""
    steps = []
    at = end if end in found else None
    while at is not None:
        steps.append(at)
        at = found[at]
    return steps[::-1]


def circle(graph: Mapping[str, frozenset[str]]) -> list[str]:
    """Modules that import each other, one after the other; empty where there are none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _nodes(tree: ast.AST, *, for_types: bool, at_use: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not for_types:
            for other in node.orelse:
                yield from _nodes(other, for_types=for_types, at_use=at_use)
        elif at_use or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _nodes(node, for_types=for_types, at_use=at_use)


def _named(node: ast.Import | ast.ImportFrom, known: Mapping[str, Path]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        names = [one.name for one in node.names]
    else:
        whole = node.module or ""
        names = [f"{whole}.{one.name}" if f"{whole}.{one.name}" in known else whole for one in node.names]
    for name in names:
        yield name if name in known else name.split(".")[0]
