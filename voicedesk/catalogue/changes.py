"""What changed between two versions of an item, part by part."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from voicedesk.catalogue.model import Item, Part

REACHED = "reached"
"""Stands for how callers reach the item: its kind, its name, its aliases, its keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChange:
    """Of one part, what was taken away and what was put in, line by line as it is written."""

    part: str
    removed: tuple[str, ...]
    added: tuple[str, ...]


def changes(before: Item | None, after: Item) -> tuple[PartChange, ...]:
    """Every part that is not the same; `before` None: everything is new."""
    found = [_change(REACHED, _reached(before), _reached(after))]
    found += [_change(part, _lines(before, part), _lines(after, part)) for part in Part if part is not Part.NAME]
    return tuple(one for one in found if one.removed or one.added)


def _reached(item: Item | None) -> tuple[str, ...]:
    if item is None:
        return ()
    return (item.kind, f"{item.group}-{item.key}", item.name, *item.aliases)


def _lines(item: Item | None, part: Part) -> tuple[str, ...]:
    if item is None:
        return ()
    if part is Part.BASIS:
        return tuple(
            " ".join(filter(None, (one.law, one.number, *one.articles, "unverified" if one.unverified else "")))
            for one in item.basis
        )
    value = item.parts.get(part)
    return (*value.points, *value.text) if value else ()


def _change(part: str, before: tuple[str, ...], after: tuple[str, ...]) -> PartChange:
    steps = [step for step in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if step[0] != "equal"]
    removed = tuple(line for _, start, end, _, _ in steps for line in before[start:end])
    added = tuple(line for _, _, _, start, end in steps for line in after[start:end])
    return PartChange(part=str(part), removed=removed, added=added)
