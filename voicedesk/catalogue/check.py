"""What keeps a catalogue from being told: missing parts, keys and names that collide, sentences nobody can read aloud.

Each problem names file and line and says what to do. Remarks are honest about what a hall has still to do itself.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import combinations

from voicedesk.catalogue.load import GROUPS, HALL, problem_at
from voicedesk.catalogue.model import GROUP_KEYS, PART_NAMES, Catalogue, Item, Kind, Part, PartText, Problem
from voicedesk.catalogue.reading import spoken, syllables, unreadable
from voicedesk.catalogue.script import script
from voicedesk.speech.syllables import blurred
from voicedesk.words import SPOKEN, Language

LONGEST = 60
"""Syllables of one sentence: some fifteen seconds, as long as a caller can keep in mind."""
SHORTEST_NAME = 2
_ONE_ITEM = "a caller must reach one item only, change one"
SOON = timedelta(days=30)
_ID = re.compile("[a-z][a-z0-9_]*")
_ARTICLE = re.compile("第[^零].*[条章节款项]")
_CURES: Mapping[Part, str] = {
    Part.GUIDE: "add [guide] with text = …: which office, how to reach it",
    Part.MATERIALS: "add [materials] with list = […], or text = … if none are needed",
    Part.PROCEDURE: "add [procedure] with list = […], a step each",
    Part.BASIS: "add [[basis]] with law = …, articles = […]",
    Part.TIME_LIMIT: "add [time_limit] with text = …",
}
_TOLD: Mapping[Kind, frozenset[Part]] = {
    Kind.OURS: frozenset(Part) - {Part.GUIDE},
    Kind.NOT_OURS: frozenset({Part.NAME, Part.GUIDE}),
}


def check(catalogue: Catalogue, today: date) -> tuple[Problem, ...]:
    """Everything that is wrong or still to be done, files that cannot be read first."""
    found = [*catalogue.problems, *_groups(catalogue), *hall_problems(catalogue)]
    for item in catalogue.items:
        found += check_item(catalogue, item)
    found += collisions(catalogue.items)
    found += _published(catalogue, today)
    return tuple(sorted(found, key=lambda one: one.is_remark))


def check_item(catalogue: Catalogue, item: Item) -> Iterator[Problem]:
    """What is wrong with one item by itself; every problem that is no remark keeps it from being published."""
    if not _ID.fullmatch(item.id):
        text = f"the file's name is the item's id: {item.id!r} must be of a-z, 0-9 and _, and begin with a letter"
        yield Problem(file=item.file, item=item.id, text=text)
    yield from _missing(item)
    if item.group not in {group.key for group in catalogue.groups}:
        yield _at(item, ("group",), f"there is no group {item.group}: add it to {GROUPS}, or choose another")
    for name in filter(None, item.names):
        yield from _name(item, name)
    for part in sorted({*item.parts, *([Part.BASIS] if item.basis else [])} - _TOLD[item.kind], key=list(Part).index):
        text = f"{called(part)} is never told of an item of kind {item.kind}: remove it, or change kind"
        yield _at(item, (part,), text)
    yield from _texts(item, [part for part in item.parts if item.parts[part] != catalogue.shared.get(part)])
    yield from _laws(item)


def collisions(items: Iterable[Item]) -> Iterator[Problem]:
    """Items under the same keys, and names that are the same or sound the same on a telephone."""
    for first, second in combinations(items, 2):
        if (first.group, first.key) == (second.group, second.key):
            text = f"keys {second.group}-{second.key} belong to {first.id} ({first.name}) already: choose others"
            yield _at(second, ("key",), text)
        for mine in second.names:
            for other in first.names:
                if mine and _sound_alike(mine, other):
                    whose = f"{first.id} ({first.name})"
                    text = f"{mine!r} is a name of {whose}: {_ONE_ITEM}"
                    if mine != other:
                        text = f"{mine!r} sounds like {other!r} of {whose}: {_ONE_ITEM}"
                    yield _at(second, ("name" if mine == second.name else "aliases",), text)


def called(part: Part) -> str:
    """A part as the reader knows it: by its Chinese name with its key in the file, in English by its key alone."""
    return str(part) if SPOKEN.get() is Language.ENGLISH else f"{PART_NAMES[part]} ({part})"


def hall_problems(catalogue: Catalogue) -> Iterator[Problem]:
    """What is wrong with the parts that the hall's items share."""
    if catalogue.shared:
        hall = Item(id=HALL, name="", group="1", key="1", parts=catalogue.shared, file=catalogue.folder / HALL)
        yield from _texts(hall, catalogue.shared)


def _missing(item: Item) -> Iterator[Problem]:
    if not item.name:
        yield _at(item, ("name",), 'the name is missing: add name = "…"')
    for part in item.missing:
        text = f"{called(part)} is missing, so it cannot be published: {_CURES[part]}"
        yield _at(item, (part,), text)
    for part, value in item.parts.items():
        if not all(point.strip() for point in value.points):
            yield _at(item, (part, "list"), "an entry of the list is empty: remove it")


def _name(item: Item, name: str) -> Iterator[Problem]:
    key = "name" if name == item.name else "aliases"
    if syllables(name) < SHORTEST_NAME or unreadable(name):
        yield _at(item, (key,), f"{name!r} cannot be recognised when a caller says it: two Chinese characters or more")


def _texts(item: Item, parts: Iterable[Part]) -> Iterator[Problem]:
    """Sentences of some parts that are too long or cannot be read; parts that depend on the city."""
    own = {*parts, Part.NAME, Part.BASIS}
    for section in script(item):
        if section.part in own:
            yield from _sentences(item, section.part, section.sentences)
    for part in Part:
        if part in own and item.parts.get(part, PartText()).local:
            text = f"{called(part)} depends on the city: write your hall's own, then remove local = true"
            yield _at(item, (part, "local"), text, is_remark=True)


def _sentences(item: Item, part: Part, sentences: Iterable[str]) -> Iterator[Problem]:
    for sentence in sentences:
        if syllables(sentence) > LONGEST:
            text = f"a sentence has {syllables(sentence)} syllables, {LONGEST} at most: make two: {sentence}"
            yield _at(item, (part,), text)
        strange = unreadable(sentence)
        if strange:
            text = f"{' '.join(strange)} cannot be read aloud: say it in Chinese characters: {sentence}"
            yield _at(item, (part,), text)


def _laws(item: Item) -> Iterator[Problem]:
    for place, basis in enumerate(item.basis):
        if basis.unverified:
            law = basis.law.strip("《》")
            text = f"《{law}》 is not verified, its articles are not told: look them up, then remove unverified"
            yield _at(item, (Part.BASIS, place, "unverified"), text, is_remark=True)
        for article in basis.articles:
            if not _ARTICLE.fullmatch(spoken(article)):
                text = f'{article!r} names no article: write 16 for 第16条, or a text such as "第14条第1项"'
                yield _at(item, (Part.BASIS, place, "articles"), text)


def _groups(catalogue: Catalogue) -> Iterator[Problem]:
    file = catalogue.folder / GROUPS
    for place, group in enumerate(catalogue.groups):
        before = catalogue.groups[:place]
        if group.key not in GROUP_KEYS:
            text = f"key {group.key} belongs to the menu itself: groups have {GROUP_KEYS[0]} to {GROUP_KEYS[-1]}"
            yield problem_at(file, ("groups", place, "key"), text)
        if any(group.key == one.key for one in before):
            yield problem_at(file, ("groups", place, "key"), f"key {group.key} is there twice: choose another")
        if unreadable(spoken(group.name)):
            yield problem_at(file, ("groups", place, "name"), f"{group.name!r} cannot be read aloud: say it in Chinese")


def _published(catalogue: Catalogue, today: date) -> Iterator[Problem]:
    """What callers hear and what is written are two things: where they differ, and where nothing is heard any more."""
    for item in catalogue.items:
        last = next(reversed(catalogue.versions_of(item.id)), None)
        if last is None or last.publication is None:
            whose = "is a sample that no hall approved" if item.sample else "was not published yet"
            yield _at(item, ("sample",), f"{whose}: check every part, then voicedesk catalogue publish {item.id}", True)
            continue
        expires, version = last.publication.expires, last.version
        again = f"voicedesk catalogue publish {item.id}"
        if expires < today:
            yield _at(item, (), f"version {version} expired on {expires}, callers hear nothing of it any more: {again}")
        elif expires - today <= SOON:
            yield _at(item, (), f"version {version} expires on {expires}: {again}", True)
        if last.digest != item.digest:
            yield _at(item, (), f"was changed since version {version}, which callers still hear: {again}", True)


def _sound_alike(one: str, other: str) -> bool:
    """True if they cannot be told apart by ear, as a telephone blurs syllables."""
    return len(one) == len(other) and all(
        blurred(mine) & blurred(theirs) for mine, theirs in zip(one, other, strict=True)
    )


def _at(item: Item, path: tuple[str | int, ...], text: str, is_remark: bool = False) -> Problem:
    return problem_at(item.file, path, text, item=item.id, is_remark=is_remark)
