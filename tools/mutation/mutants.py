"""Writes the mutants of some files, as JSON on standard output; runs where Cosmic Ray is installed.

Of Cosmic Ray's operators those are taken that change what a line means by a hair: one replacement for each operator
that can stand there, not all eleven, so that a line with a plus does not count for eleven easy kills.
"""

import difflib
import json
import sys
from pathlib import Path

import parso
from cosmic_ray.ast import ast_nodes
from cosmic_ray.plugins import get_operator, operator_names

try:
    from operators import OWN
except ImportError:
    from tools.mutation.operators import OWN

_SWAPS = (
    *(("Eq", "NotEq"), ("NotEq", "Eq"), ("Is", "IsNot"), ("IsNot", "Is"), ("Lt", "LtE"), ("Lt", "GtE")),
    *(("LtE", "Lt"), ("LtE", "Gt"), ("Gt", "GtE"), ("Gt", "LtE"), ("GtE", "Gt"), ("GtE", "Lt")),
    *(("Add", "Sub"), ("Sub", "Add"), ("Mul", "FloorDiv"), ("FloorDiv", "Mul"), ("Div", "Mul"), ("Mod", "Mul")),
    *(("BitOr", "BitAnd"), ("BitAnd", "BitOr"), ("LShift", "RShift"), ("RShift", "LShift")),
    *(("Delete", "Not"), ("USub", "UAdd")),
)
_TAKEN = {
    "AddNot", "ExceptionReplacer", "NumberReplacer", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak", "ReplaceFalseWithTrue", "ReplaceTrueWithFalse", "ZeroIterationForLoop",
    "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_USub_UAdd",
}  # fmt: skip


def _operators():
    for name in operator_names():
        kind = name.removeprefix("core/")
        if kind in _TAKEN or (kind.startswith("Replace") and any(kind.endswith(f"_{a}_{b}") for a, b in _SWAPS)):
            yield kind, get_operator(name)
    yield from OWN.items()


def mutants(path: str):
    """Every mutant of one file: its text, and the line, the column and the words that changed."""
    source = Path(path).read_text(encoding="utf-8")
    tree = parso.parse(source)
    nodes = _nodes(tree)
    seen = {source}
    for kind, make in _operators():
        operator = make()
        for place in range(len(nodes)):
            node = nodes[place]
            for index, (start, _end) in enumerate(operator.mutation_positions(node)):
                if _is_left_alone(node):
                    continue
                try:
                    changed = _changed(tree, node, operator, index)
                except AttributeError:  # Cosmic Ray's own slip: an exception with a dot in its name, among several
                    changed = source
                if tree.get_code() != source:  # an operator may change what is deeper in the tree: read it again
                    tree = parso.parse(source)
                    nodes = _nodes(tree)
                    node = nodes[place]
                if changed in seen:
                    continue
                seen.add(changed)
                yield {"path": path, "kind": kind, "line": start[0], "column": start[1], **_edit(source, changed)}


def _nodes(tree):
    return [node for node in ast_nodes(tree) if node.parent is not None]


def _changed(tree, node, operator, index: int) -> str:
    """The text with one node mutated; the tree is as it was afterwards."""
    parent, value = node.parent, getattr(node, "value", None)
    children = list(getattr(node, "children", ()))
    mutated = operator.mutate(node, index)
    place = next(at for at, one in enumerate(parent.children) if one is node) if mutated is not node else 0
    if mutated is not node:
        parent.children[place] = mutated
    text = tree.get_code()
    if mutated is not node:
        parent.children[place] = node
    if children:
        node.children = children
    elif value is not None:
        node.value = value
    node.parent = parent
    return text


def _edit(source: str, changed: str) -> dict[str, object]:
    """The change as one replaced stretch of whole lines."""
    before, after = source.splitlines(keepends=True), changed.splitlines(keepends=True)
    edits = [
        one for one in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if one[0] != "equal"
    ]
    first, last = edits[0], edits[-1]
    return {
        "first": first[1],
        "last": last[2],
        "before": "".join(before[first[1] : last[2]]),
        "after": "".join(after[first[3] : last[4]]),
    }


def _is_left_alone(node) -> bool:
    """Annotations, imports and decorators say nothing that a test could notice."""
    while node.parent is not None:
        node, inner = node.parent, node
        if node.type in ("annassign", "param", "tfpdef", "import_from", "import_name", "decorator"):
            if node.type == "annassign" and inner is node.children[-1] and len(node.children) == 4:
                continue
            if node.type == "param" and inner is getattr(node, "default", None):
                continue
            return True
        if node.type == "funcdef" and inner is node.annotation:
            return True
    return False


if __name__ == "__main__":
    for path in sys.argv[1:]:
        for mutant in mutants(path):
            sys.stdout.write(json.dumps(mutant) + "\n")
