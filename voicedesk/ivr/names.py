"""Which item a caller named: heard words against names and aliases, syllable by syllable as a telephone blurs them."""

from collections.abc import Iterable
from dataclasses import dataclass

from voicedesk.ivr.model import Menu, MenuItem
from voicedesk.speech.syllables import blurred

ENOUGH = 0.75
"""A name counts as said if at least this share of its syllables was heard, in order."""
SHORTEST = 2
Syllables = list[frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """How well an item fits: syllables heard, and their share of the name."""

    syllables: float
    share: float
    item: MenuItem


def item_named(menu: Menu, heard: str) -> MenuItem | None:
    """The item whose name, or an alias, was heard; None where none was, or two fit as well."""
    said = _syllables(heard)
    found = [best for item in menu.items if (best := _best(item, said)) is not None]
    found.sort(key=lambda one: (one.syllables, one.share), reverse=True)
    if not found:
        return None
    first, second = found[0], found[1] if len(found) > 1 else None
    if second is not None and (second.syllables, second.share) == (first.syllables, first.share):
        return None
    return first.item


def names_of(menu: Menu) -> tuple[str, ...]:
    """Every name and alias of the menu."""
    return tuple(dict.fromkeys(name for item in menu.items for name in (item.name, *item.aliases)))


def _best(item: MenuItem, said: Syllables) -> _Found | None:
    fits = (_fit(item, _syllables(name), said) for name in (item.name, *item.aliases))
    return max((fit for fit in fits if fit is not None), key=lambda one: (one.syllables, one.share), default=None)


def _fit(item: MenuItem, name: Syllables, said: Syllables) -> _Found | None:
    if len(name) < SHORTEST:
        return None
    right = len(name) - _least_slips(name, said)
    share = right / len(name)
    return _Found(syllables=right, share=share, item=item) if share >= ENOUGH else None


def _least_slips(name: Syllables, said: Syllables) -> int:
    """Syllables wrong, missing or too many where the name fits best into what was said."""
    row = [0] * (len(said) + 1)
    for count, syllable in enumerate(name, 1):
        before, row = row, [count]
        for place, other in enumerate(said, 1):
            same = before[place - 1] + (not syllable & other)
            row.append(min(same, before[place] + 1, row[place - 1] + 1))
    return min(row)


def _syllables(text: str) -> Syllables:
    return [blurred(character) for character in _spoken(text)]


def _spoken(text: str) -> Iterable[str]:
    return (character for character in text if character.isalnum())
