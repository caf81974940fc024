"""Values of the catalogue: items, their parts, the laws they rest on, and what a hall approved.

An item is written in `items/ID.toml`; `publish` freezes what is written there as a version that never changes again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from voicedesk.words import SPOKEN, Language

KEYS = "123456789"
"""Keys of items within a group."""
GROUP_KEYS = "123456"
"""Keys of groups; 7, 8, 9 and 0 belong to the IVR's menu itself."""


class Kind(StrEnum):
    """Whether the hall handles the item, or guides the caller to who does (S5)."""

    OURS = "ours"
    NOT_OURS = "not_ours"


class Part(StrEnum):
    """What a notice consists of, in the order in which it is told."""

    NAME = "name"
    GUIDE = "guide"
    MATERIALS = "materials"
    PROCEDURE = "procedure"
    BASIS = "basis"
    TIME_LIMIT = "time_limit"
    FEE = "fee"
    REFUSAL = "refusal"
    PLACE = "place"
    ENQUIRY = "enquiry"
    COMPLAINT = "complaint"


PART_NAMES: Mapping[Part, str] = {
    Part.NAME: "事项名称",
    Part.GUIDE: "办理指引",
    Part.MATERIALS: "申请材料",
    Part.PROCEDURE: "办理程序",
    Part.BASIS: "办理依据",
    Part.TIME_LIMIT: "办理时限",
    Part.FEE: "收费标准",
    Part.REFUSAL: "不予办理的情形",
    Part.PLACE: "办理地点和时间",
    Part.ENQUIRY: "咨询电话",
    Part.COMPLAINT: "监督投诉",
}


def part_name(part: Part) -> str:
    """What a part is called for its reader: by its Chinese name, in English by its key in the file."""
    return str(part.value) if SPOKEN.get() is Language.ENGLISH else PART_NAMES[part]


REQUIRED: Mapping[Kind, tuple[Part, ...]] = {
    Kind.OURS: (Part.MATERIALS, Part.PROCEDURE, Part.BASIS, Part.TIME_LIMIT),
    Kind.NOT_OURS: (Part.GUIDE,),
}
SHARED = (Part.FEE, Part.REFUSAL, Part.PLACE, Part.ENQUIRY, Part.COMPLAINT)
"""Parts that hall.toml may give for every item of the kind `ours` that does not have its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartText:
    """A part as it is written: points of a list, then sentences. `local`: depends on the city, a hall replaces it."""

    points: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    local: bool = False

    @property
    def is_empty(self) -> bool:
        """True if nothing would be told."""
        return not any(one.strip() for one in (*self.points, *self.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """A law or regulation, its document number, and the articles; unverified articles are not told to callers."""

    law: str
    number: str = ""
    articles: tuple[str, ...] = ()
    unverified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What a hall approved: from `effective` to `expires`, both days included; `digest` of exactly this text."""

    version: str
    approver: str
    published: date
    effective: date
    expires: date
    digest: str

    def holds_on(self, day: date) -> bool:
        """True if it may be told on that day."""
        return self.effective <= day <= self.expires


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of items under one key of the menu."""

    key: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A business item (办理事项): as it is written (`publication` None), or as it was published."""

    id: str
    name: str
    kind: Kind = Kind.OURS
    aliases: tuple[str, ...] = ()
    group: str
    key: str
    parts: Mapping[Part, PartText] = field(default_factory=dict)
    basis: tuple[Basis, ...] = ()
    sample: bool = False
    """It came with Voicedesk, and no hall approved it."""
    publication: Publication | None = None
    file: Path = Path()

    @property
    def digest(self) -> str:
        """Of all that callers are told and of how they reach it: 16 hexadecimal digits."""
        told = {
            "reached": [self.id, self.kind, self.name, *self.aliases, self.group, self.key],
            "basis": [[one.law, one.number, *one.articles, one.unverified] for one in self.basis],
            "parts": {part: [self.parts[part].points, self.parts[part].text] for part in Part if part in self.parts},
        }
        return sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()[:16]

    @property
    def version(self) -> str:
        """The number it was published under; of what was not published a name that stands for exactly this text."""
        return self.publication.version if self.publication else f"draft-{self.digest[:8]}"

    @property
    def names(self) -> tuple[str, ...]:
        """All that a caller may call it."""
        return (self.name, *self.aliases)

    def has(self, part: Part) -> bool:
        """True if something would be told in this part."""
        match part:
            case Part.NAME:
                return bool(self.name)
            case Part.BASIS:
                return bool(self.basis)
            case _:
                return part in self.parts and not self.parts[part].is_empty

    @property
    def missing(self) -> tuple[Part, ...]:
        """Required parts that are not there: such an item cannot be published (S5)."""
        return tuple(part for part in REQUIRED[self.kind] if not self.has(part))


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong in a file (`line` from 1; None: the file as a whole); a remark does not keep from publishing."""

    file: Path
    line: int | None = None
    item: str | None = None
    part: Part | None = None
    text: str
    is_remark: bool = False

    def __str__(self) -> str:
        """File, line, what is wrong and the cure."""
        return f"{self.file}, line {self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """A folder's groups, items as they are written now, every version ever published, and what could not be read."""

    folder: Path
    groups: tuple[Group, ...]
    items: tuple[Item, ...]
    shared: Mapping[Part, PartText] = field(default_factory=dict)
    """The hall's parts, for items that do not have their own."""
    versions: tuple[Item, ...] = ()
    withdrawn: frozenset[str] = frozenset()
    """Ids of published items whose file in `items/` was removed."""
    damaged: frozenset[str] = frozenset()
    """Ids of items of which a version cannot be read: they are not told, as an older version may be wrong by now."""
    problems: tuple[Problem, ...] = ()

    def item(self, item_id: str) -> Item | None:
        """An item as it is written now."""
        return next((one for one in self.items if one.id == item_id), None)

    def versions_of(self, item_id: str) -> tuple[Item, ...]:
        """Its published versions, oldest first."""
        return tuple(one for one in self.versions if one.id == item_id)

    def version(self, item_id: str, version: str) -> Item | None:
        """Exactly what a caller was told: the version that a ledger row names; None if it is not kept."""
        written = self.item(item_id)
        drafts = (written,) if written else ()
        return next((one for one in (*self.versions_of(item_id), *drafts) if one.version == version), None)

    def spoken_on(self, day: date, *, samples: bool = False) -> tuple[Item, ...]:
        """What callers may be told on a day, by keys: of each item the newest version that holds.

        `samples`: also complete samples that no hall approved, for demonstrations and tests.
        """
        found = [self._holding(item_id, day) for item_id in self._published_ids()]
        drafts = [one for one in self.items if samples and self._is_spoken_sample(one)]
        return tuple(sorted((*filter(None, found), *drafts), key=lambda one: (one.group, one.key, one.id)))

    def expired_on(self, day: date) -> tuple[Item, ...]:
        """The latest version of each item that is no longer told because it expired: the supervisor has to know."""
        latest = (self.versions_of(item_id)[-1] for item_id in self._published_ids())
        return tuple(one for one in latest if one.publication and one.publication.expires < day)

    def _published_ids(self) -> tuple[str, ...]:
        gone = self.withdrawn | self.damaged
        return tuple(dict.fromkeys(one.id for one in self.versions if one.id not in gone))

    def _holding(self, item_id: str, day: date) -> Item | None:
        """The newest version that has begun; once it has expired no older one comes back."""
        begun = [one for one in self.versions_of(item_id) if one.publication and one.publication.effective <= day]
        last = begun[-1] if begun else None
        return last if last and last.publication and last.publication.holds_on(day) else None

    def _is_spoken_sample(self, item: Item) -> bool:
        is_published = item.id in self.damaged or bool(self.versions_of(item.id))
        return item.sample and not item.missing and not is_published
