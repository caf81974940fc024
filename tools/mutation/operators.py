"""Mutations that Cosmic Ray has no operator for: statements, elements, words and patterns."""

import re

import parso
from cosmic_ray.operators.operator import Operator


def _flipped(found: re.Match[str]) -> str:
    return found[0][:-1] + ("!" if found[0][-1] == "=" else "=")


_PATTERN_PARTS = (
    (re.compile(r"\(\?(?:<?[=!])"), _flipped),
    (re.compile(r"(?<!\\)\[(?!\^)"), lambda _found: "[^"),
    (re.compile(r"(?<!\\)\[\^"), lambda _found: "["),
    (re.compile(r"\[[2-9]-9\]"), lambda _found: "[0-9]"),
    (re.compile(r"\{(\d+)\}"), lambda found: f"{{{int(found[1]) + 1}}}"),
    (re.compile(r"\{(\d+),(\d+)\}"), lambda found: f"{{{found[1]},{int(found[2]) + 1}}}"),
    (re.compile(r"\{([1-9]\d*),(\d+)\}"), lambda found: f"{{{int(found[1]) - 1},{found[2]}}}"),
    (re.compile(r"(?<=[\])a-z0-9])\?(?![:=!<])"), lambda _found: ""),
    (re.compile(r"(?<=[\])])\+"), lambda _found: ""),
    (re.compile(r"(?<=[\])])\*"), lambda _found: ""),
    (re.compile(r"(?<!\\)\\d"), lambda _found: r"\\D"),
    (re.compile(r"(?<=[(|])([^()|\[\]]+)(?=[|])"), lambda _found: "(?!)"),
    (re.compile(r"(?<=[|])([^()|\[\]]+)(?=[)|])"), lambda _found: "(?!)"),
)


class _Own(Operator):
    """One place in a node may be changed in several ways; `changes` lists what would stand there instead."""

    def changes(self, node):
        raise NotImplementedError

    def mutation_positions(self, node):
        for _ in self.changes(node):
            yield (node.start_pos, node.end_pos)

    def mutate(self, node, index):
        return parso.parse(node.get_first_leaf().prefix + self.changes(node)[index])

    @classmethod
    def examples(cls):
        return ()


class RemoveStatement(_Own):
    """A call whose result nobody takes, a value added or set in place, or the value that is returned, is left out."""

    def changes(self, node):
        if node.type == "return_stmt" and node.children[1].get_code().strip() not in ("None", "False"):
            return ["return None"]
        if node.parent is None or node.parent.type != "simple_stmt":
            return []
        if node.type in ("atom_expr", "await_expr"):
            return ["pass"]
        if node.type == "expr_stmt":
            target = node.children[0]
            is_augmented = getattr(node.children[1], "type", "") == "augassign" or node.children[
                1
            ].get_code().strip() in (
                "+=",
                "-=",
                "|=",
                "&=",
                "*=",
                "//=",
            )
            return ["pass"] if is_augmented or (target.type == "atom_expr" and len(node.children) == 3) else []
        return ["pass"] if node.type in ("del_stmt", "raise_stmt") or node.get_code().strip() == "raise" else []


class RemoveElement(_Own):
    """One element of a tuple, list, set or dictionary written out is left out."""

    def changes(self, node):
        if node.type != "atom" or len(node.children) != 3 or node.children[0].value not in "([{":
            return []
        inner = node.children[1]
        if inner.type not in ("testlist_comp", "dictorsetmaker") or len(inner.children) < 3:
            return []
        if any(child.type in ("sync_comp_for", "comp_for") for child in inner.children):
            return []
        parts, now = [], []
        for child in inner.children:
            if child.type == "operator" and child.value == ",":
                parts.append("".join(now))
                now = []
            else:
                now.append(child.get_code())
        parts += ["".join(now)] if now else []
        opening, closing = node.children[0].value, node.children[2].get_code()
        return [
            opening + ",".join([*parts[:gone], *parts[gone + 1 :]]) + ("," if opening == "(" else "") + closing
            for gone in range(len(parts))
        ]


class ReplaceWord(_Own):
    """A word (a text without a space, not a pattern) is another word; prose for people is left alone."""

    def changes(self, node):
        if node.type != "string" or node.value.startswith(("'''", '"""', "r", "R", "rb")):
            return []
        found = re.fullmatch(r"(b?)([\"'])(.*)\2", node.value)
        if found is None or " " in found[3].strip(" ") or _is_prose(node):
            return []
        return [f"{found[1]}{found[2]}XX{found[3]}{found[2]}"]


def _is_prose(node) -> bool:
    """Whether a text stands between others, or is part of a longer one."""
    following = node.get_next_sibling()
    return node.parent.type == "strings" or (following is not None and following.get_code().startswith(".join"))


class ReplacePattern(_Own):
    """A regular expression (a raw text) that takes more, or less: classes, counts, alternatives, look-arounds."""

    def changes(self, node):
        if node.type == "string" and node.value[:1] in "rR" and node.value[:3] not in ('r""',):
            return _patterns(node.value)
        if node.type == "string" and node.value[:2] in ("rb", "br"):
            return _patterns(node.value)
        if node.type == "fstring" and node.parent.get_code().lstrip().startswith(('f"{_BEFORE', 'f"(')):
            return _patterns(node.get_code().strip())
        return []


def _patterns(text: str) -> list[str]:
    found = {
        text[: match.start()] + match.expand(replace(match)) + text[match.end() :]
        for part, replace in _PATTERN_PARTS
        for match in part.finditer(text)
    }
    return sorted(one for one in found if one != text and _compiles(one))


def _compiles(literal: str) -> bool:
    body = re.sub(r"^[rbfRBF]+[\"']|[\"']$", "", literal)
    try:
        re.compile(body)
    except re.error:
        return False
    return True


OWN = {one.__name__: one for one in (RemoveStatement, RemoveElement, ReplaceWord, ReplacePattern)}
