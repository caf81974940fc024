"""What is told of an item, part by part and sentence by sentence: as it is read aloud, and as it is read on paper."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from voicedesk.catalogue.model import PART_NAMES, Basis, Item, Kind, Part, PartText
from voicedesk.catalogue.reading import number, spoken

_ORDER: Mapping[Kind, tuple[Part, ...]] = {
    Kind.OURS: tuple(part for part in Part if part is not Part.GUIDE),
    Kind.NOT_OURS: (Part.NAME, Part.GUIDE),
}
_COUNTED = {
    Part.MATERIALS: "需要准备以下{n}样材料。",
    Part.PROCEDURE: "办理程序分为{n}步。",
    Part.BASIS: "办理依据有{n}项。",
    Part.REFUSAL: "有下列{n}种情形之一的，不予办理。",
}
_SENTENCE = re.compile(r"[^。！？]+[。！？]?")
_ENDS = "。！？"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a notice, sentence by sentence; each sentence is a prompt of its own and ends with 。, ！ or ？."""

    part: Part
    sentences: tuple[str, ...]


def script(item: Item) -> tuple[Section, ...]:
    """What callers hear: digits, dates, money, articles in the characters that are read. Absent parts are left out."""
    return tuple(
        Section(part=one.part, sentences=tuple(spoken(sentence) for sentence in one.sentences))
        for one in written(item, numbers=False)
    )


def written(item: Item, *, numbers: bool = True) -> tuple[Section, ...]:
    """The same sentences as they stand on paper (S8), where a law has its number too, unless `numbers` is False."""
    found = ((part, tuple(_sentences(item, part, numbers=numbers))) for part in _ORDER[item.kind] if item.has(part))
    return tuple(Section(part=part, sentences=sentences) for part, sentences in found)


def _sentences(item: Item, part: Part, *, numbers: bool) -> Iterator[str]:
    match part:
        case Part.NAME:
            yield f"{PART_NAMES[part]}：{item.name}。"
        case Part.GUIDE:
            yield f"{item.name}不由本大厅办理。"
            yield from _whole(item.parts[part].text)
        case Part.BASIS:
            yield from _listed(part, tuple(_told(one, numbers=numbers) for one in item.basis))
        case _:
            yield from _of(part, item.parts[part])


def _of(part: Part, written_part: PartText) -> Iterator[str]:
    yield from _listed(part, written_part.points)
    name = "" if written_part.points else f"{PART_NAMES[part]}："
    yield from _introduced(name, written_part.text)


def _listed(part: Part, points: tuple[str, ...]) -> Iterator[str]:
    """One point stands alone; several are counted first, so that a caller with pen and paper knows."""
    if len(points) == 1:
        yield from _introduced(f"{PART_NAMES[part]}：", points)
    elif points:
        yield _COUNTED.get(part, f"{PART_NAMES[part]}有{{n}}项。").format(n=_count(len(points)))
        step = "步" if part is Part.PROCEDURE else ""
        for place, point in enumerate(points, 1):
            yield from _introduced(f"第{number(place)}{step}，", (point,))


def _count(value: int) -> str:
    return "两" if value == 2 else number(value)


def _told(basis: Basis, *, numbers: bool) -> str:
    """A law by its name; its number and articles only if they were verified."""
    name = f"《{basis.law.strip('《》')}》"
    if basis.unverified:
        return name
    return name + (f"（{basis.number}）" if numbers and basis.number else "") + "、".join(basis.articles)


def _introduced(words: str, texts: Iterable[str]) -> Iterator[str]:
    """Whole sentences; the first begins with some words."""
    for place, sentence in enumerate(_whole(texts)):
        yield sentence if place else f"{words}{sentence}"


def _whole(texts: Iterable[str]) -> tuple[str, ...]:
    """Texts split into sentences that end."""
    return tuple(_ended(found) for text in texts for found in _SENTENCE.findall(text) if found.strip())


def _ended(sentence: str) -> str:
    sentence = sentence.strip().rstrip("；;，,")
    return sentence if sentence[-1:] in _ENDS else f"{sentence}。"
