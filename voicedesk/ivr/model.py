"""Values of the walk: what the menu offers, what the caller does, what to do next, and what is kept of it."""

from dataclasses import dataclass
from enum import StrEnum

Texts = tuple["Spoken", ...]


class Entry(StrEnum):
    """Why the IVR answers (S5: on overflow, out of hours, on request, on a dedicated number)."""

    OVERFLOW = "overflow"
    OUT_OF_HOURS = "out_of_hours"
    ON_REQUEST = "on_request"
    DEDICATED = "dedicated"


class State(StrEnum):
    """Where the caller stands."""

    MENU = "menu"
    GROUP = "group"
    CONFIRM = "confirm"
    NOTICE = "notice"
    AFTER = "after"
    CALLBACK = "callback"
    NUMBER = "number"
    NUMBER_CONFIRM = "number_confirm"
    COMPLAINT = "complaint"
    CODE = "code"
    STANDING = "standing"
    SECOND_VISIT = "second_visit"
    DONE = "done"
    LEFT = "left"


class Exit(StrEnum):
    """How the walk ends: a person is rung, or the call is ended."""

    PERSON = "person"
    GOODBYE = "goodbye"


class RequestKind(StrEnum):
    """What a caller asked the desk for."""

    CALLBACK = "callback"
    COMPLAINT = "complaint"
    SECOND_VISIT = "second_visit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One text that is a prompt of its own."""

    text: str
    language: str = "zh_CN"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenPart:
    """One part of an item, sentence by sentence."""

    part: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItem:
    """A business item as callers reach it: by the keys of its group and its own, or by one of its names."""

    id: str
    version: str
    name: str
    aliases: tuple[str, ...] = ()
    group: str
    key: str
    parts: tuple[SpokenPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuGroup:
    """A group of items under one key of the menu."""

    key: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """All that can be asked for."""

    groups: tuple[MenuGroup, ...]
    items: tuple[MenuItem, ...]

    def offered(self) -> tuple[MenuGroup, ...]:
        """The groups that have items."""
        return tuple(group for group in self.groups if self.in_group(group.key))

    def in_group(self, key: str) -> tuple[MenuItem, ...]:
        """The items of a group, by their keys."""
        return tuple(sorted((item for item in self.items if item.group == key), key=lambda item: item.key))

    def item(self, item_id: str) -> MenuItem | None:
        """An item by its id."""
        return next((item for item in self.items if item.id == item_id), None)


# --- what the caller does


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """`finished` texts were played to their end; `key` cut them short or came after them; None: nothing came."""

    finished: int
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The caller spoke; `item_id` None: no item's name was recognised in it."""

    item_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """Digits; empty: none came."""

    digits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A message was left: its file and its length; `key` if another key than # ended it."""

    file: str
    seconds: float
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a matter stands: when it was asked about, the item, what was asked of the desk."""

    code: str
    month: int
    day: int
    item_id: str | None
    item_name: str | None
    is_changed: bool = False
    requests: tuple[tuple[RequestKind, bool], ...] = ()
    """(kind, whether it is settled)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """What a code led to; None: there is no such code."""

    standing: Standing | None


Input = Played | Said | Typed | Recorded | LookedUp


# --- what to do next


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Play the texts; any key cuts them short. `wait_seconds`: then wait for a key so long (0: go on at once).

    `names`: after the texts listen for one of the menu's items as well.
    """

    texts: Texts
    wait_seconds: float = 0.0
    names: bool = False
    slow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AskDigits:
    """Play the texts and take up to `limit` digits, ended by # or by silence."""

    texts: Texts
    limit: int
    slow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeMessage:
    """Play the texts, then record the caller until # or silence."""

    texts: Texts
    most_seconds: float
    slow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """Find where the matter of a code stands."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Play the texts; then the walk is over."""

    texts: Texts
    exit: Exit
    slow: bool = False


Step = Play | AskDigits | TakeMessage | LookUp | Leave


# --- what is kept (咨询台账)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHeard:
    """How much of a part was played: sentences to the end, in their order, of how many."""

    part: str
    finished: int
    sentences: int

    @property
    def is_complete(self) -> bool:
        """True if it was played to its end."""
        return self.finished == self.sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeHeard:
    """One item told to a caller: which version, which parts, from when until when (microseconds)."""

    item_id: str
    name: str
    version: str
    started_at: int
    ended_at: int
    parts: tuple[PartHeard, ...]
    slow: bool = False

    @property
    def is_complete(self) -> bool:
        """True if every part was played to its end."""
        return all(part.is_complete for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPressed:
    """A key, where and when; what was typed as a number or a code is kept as "…" only."""

    at: int
    state: State
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRequest:
    """What a caller asked of the desk. `number` None: none is known; `file`: the message; `earlier`: another code."""

    kind: RequestKind
    at: int
    number: str | None
    file: str | None = None
    seconds: float | None = None
    earlier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consultation:
    """All that is kept of one walk. `state` is where the caller stood at the end; `exit` None: hung up, or not over."""

    code: str
    entry: Entry
    started_at: int
    ended_at: int
    language: str
    state: State
    exit: Exit | None
    notices: tuple[NoticeHeard, ...]
    requests: tuple[DeskRequest, ...]
    keys: tuple[KeyPressed, ...]
    sms_to: str | None = None
