"""What is sent: one piece of news as a receiver may see it, or a digest of many; and who receives it."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from voicedesk.clock import MICROSECONDS
from voicedesk.language.translate import said
from voicedesk.web_address import Allowance, Target
from voicedesk.words import Said

DIGEST = "digest"
LAST_US = 253_370_764_800 * MICROSECONDS
"""The year 9999 begins."""
DIGEST_LINES = 10
"""So many pieces of news a digest shows in full, the rarest kinds first."""


class Form(StrEnum):
    """How a receiver wants it."""

    WECOM = "wecom"
    DINGTALK = "dingtalk"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A webhook: where it is, how it wants news, and what its signature is made with (empty: none)."""

    name: str
    form: Form
    target: Target
    allowance: Allowance
    secret: str = field(default="", repr=False)
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A piece of news without anything personal in clear: numbers and names are masked before it is built.

    `group` is what it is counted under in a digest; `at` in microseconds; `parts` are the messages inside a digest.
    """

    id: str
    kind: str
    group: str
    at: int
    title: str
    fields: tuple[tuple[str, str], ...] = ()
    parts: tuple["Message", ...] = ()

    def dump(self) -> str:
        """As it is kept; never of a digest, whose parts are kept."""
        return json.dumps([self.id, self.kind, self.group, self.at, self.title, self.fields], ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> "Message":
        """As it was kept. Raises ValueError or TypeError where it is damaged."""
        plain: list[Any] = json.loads(text)
        id_, kind, group, at, title, fields = plain
        texts = [id_, kind, group, title, *(one for pair in fields for one in pair)]
        if not all(isinstance(one, str) for one in texts) or not isinstance(at, int):
            raise ValueError("a text or an instant is none")
        if not 0 <= at < LAST_US:
            raise ValueError("an instant is in no year that can be shown")
        return cls(id=id_, kind=kind, group=group, at=at, title=title, fields=tuple((a, b) for a, b in fields))


def digest(messages: Sequence[Message], *, digest_id: str, at: int) -> Message:
    """Many messages as one: how many of what, the rarest first; they themselves, in their order, are its parts."""
    counts = Counter(one.group for one in messages)
    rarest = sorted(counts, key=lambda group: counts[group])
    told = [f"{group} {counts[group]}" for group in rarest]
    title = said("{} in all: {}", len(messages), Said("、".join(told), ", ".join(told)))
    return Message(id=digest_id, kind=DIGEST, group="", at=at, title=title, parts=tuple(messages))
