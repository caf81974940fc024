"""Finds the parts of a greeting in what was said: one place for each part, in the template's order if such places
exist."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voicedesk.greeting.model import DepartmentNames
from voicedesk.greeting.phrases import plain
from voicedesk.greeting.rules import DEPARTMENT, GreetingRules, Limits
from voicedesk.greeting.stream import Found, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidParts:
    """The parts of a template that were found: one place for each, and whether they stand in the template's order.

    `other_department` is true where the department named is another one; `window` counts the syllables looked at.
    """

    template: tuple[str, ...]
    parts: dict[str, Found]
    in_order: bool
    other_department: bool
    window: int

    @property
    def missing(self) -> list[str]:
        """The parts that were not said."""
        return [part for part in self.template if part not in self.parts]

    def in_time(self) -> list[tuple[str, Found]]:
        """The parts as they were said."""
        return sorted(self.parts.items(), key=lambda pair: pair[1].first)


def find_parts(
    stream: Stream, names: DepartmentNames, rules: GreetingRules, template: tuple[str, ...], limits: Limits
) -> SaidParts:
    """The parts of a template among the syllables that begin in time."""
    window = _window(stream, limits)
    own, others = _departments(stream, names)
    places = {part: _places_of(stream, rules, part) for part in template if part != DEPARTMENT} | {DEPARTMENT: own}
    is_other = DEPARTMENT in template and not _within(own, window) and bool(_within(others, window))
    if is_other:
        places[DEPARTMENT] = others
    present = {part: found for part in template if (found := _within(places[part], window))}
    ordered = _in_order(list(present.values()))
    chosen = ordered or [found[0] for found in present.values()]
    return SaidParts(
        template=template,
        parts=dict(zip(present, chosen, strict=True)),
        in_order=ordered is not None,
        other_department=is_other,
        window=window,
    )


def _window(stream: Stream, limits: Limits) -> int:
    """The syllables that may belong to the greeting: all that begin in time, counted from the first word."""
    spoken = [one.start_seconds for one in stream.syllables if one.text]
    end = (spoken[0] if spoken else 0.0) + limits.all_parts_seconds
    return sum(one.start_seconds < end for one in stream.syllables)


def _within(found: Iterable[Found], window: int) -> list[Found]:
    return [one for one in found if one.first < window]


def numbers_said(stream: Stream, rules: GreetingRules, part: str, window: int) -> list[Found]:
    """Where a staff number was said in time, but for numbers that may be something else's."""
    others = stream.find_any(rules.parts[part].not_compared)
    said = _within(_places_of(stream, rules, part), window)
    return [one for one in said if not any(one.overlaps(other) for other in others)]


def _places_of(stream: Stream, rules: GreetingRules, part: str) -> list[Found]:
    phrases = rules.parts[part].phrases + rules.parts[part].with_remark
    return [one for one in stream.find_any(phrases) if _is_likely(one)]


def _departments(stream: Stream, names: DepartmentNames) -> tuple[list[Found], list[Found]]:
    """Where the line's own department is named, and where another one is; the longer name wins, else the own one."""
    own = _named(stream, (names.name, *names.aliases))
    others = [one for one in _named(stream, names.others) if not any(_outweighs(mine, one) for mine in own)]
    return [mine for mine in own if not any(mine.overlaps(one) for one in others)], others


def _named(stream: Stream, names: Sequence[str]) -> list[Found]:
    spoken = tuple(_literal(text) for name in names if (text := plain(name)))
    return [one for one in stream.find_any(spoken) if _is_likely(one)]


def _literal(name: str) -> str:
    """A name as a phrase: no sign in it means anything."""
    return "".join(character for character in name if character not in "[]()|{}")


def _outweighs(mine: Found, other: Found) -> bool:
    return mine.overlaps(other) and mine.last - mine.first >= other.last - other.first


def _is_likely(found: Found) -> bool:
    """At most a quarter of it taken on trust and half of it blurred; nothing of two syllables."""
    length = found.last - found.first
    return found.unknown * 4 <= length and found.blurred * 2 <= (length if length > 2 else 0)


def _in_order(places: list[list[Found]]) -> list[Found] | None:
    """One place of each part, each after the one before; None if there is no such choice."""
    chosen: list[Found] = []
    for part in places:
        after = chosen[-1].last if chosen else 0
        place = min((one for one in part if one.first >= after), key=lambda one: one.last, default=None)
        if place is None:
            return None
        chosen.append(place)
    return chosen
