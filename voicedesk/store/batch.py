"""What one PBX's call log handed over between two commits: a journal entry and the calls that follow from it."""

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from voicedesk.ami.message import AmiEvent, make_mark
from voicedesk.calls.model import Gap, GapReason, JudgedCall
from voicedesk.calls.three_rings import RULES
from voicedesk.store.journal import Entry
from voicedesk.store.packing import pack_facts, readable, reduce_event, unpack_facts

CALL_BYTES = 4096
"""About what a call takes in memory."""
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a record lies in the spill file."""

    start: int
    end: int


@dataclass(slots=True, kw_only=True)
class Batch:
    """Open while it is added to, then sealed; `place` is where it lies on disk until the database has it."""

    pbx: str
    sequence: int
    resume_from: int
    first_at: int
    last_at: int
    born: float = 0.0
    reduced: list[bytes] = field(default_factory=list)
    calls: dict[str, JudgedCall] = field(default_factory=dict)
    merged: list[tuple[str, str]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    place: Place | None = None

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        return sum(map(len, self.reduced)) + CALL_BYTES * len(self.calls)

    def entry(self) -> Entry:
        """Its entry in the journal."""
        return Entry(
            pbx=self.pbx,
            sequence=self.sequence,
            resume_from=self.resume_from,
            first_at=self.first_at,
            last_at=self.last_at,
            reduced=tuple(self.reduced),
        )

    def begin_with_gap(self, from_at: int) -> None:
        """Says that events before this batch are missing: to whoever lists gaps, and to whoever reads the journal."""
        gap = Gap(from_at=from_at, to_at=max(self.first_at, from_at), reason=GapReason.EVENTS_DROPPED)
        if gap not in self.gaps:  # a commit may be tried again
            self.gaps.append(gap)
            self.reduced.insert(0, reduce_event(dropped_mark(0, self.first_at)))


def dropped_mark(count: int, at: int) -> AmiEvent:
    """The event that stands in the journal where events are missing; a count of 0 is not known."""
    return make_mark("VoicedeskLink", "dropped", at, Dropped=count)


def last_states(batches: Iterable[Batch]) -> tuple[list[JudgedCall], list[str]]:
    """Each call as the last of some batches says, and the ids of the calls that became part of another before."""
    calls: dict[str, JudgedCall] = {}
    gone = []
    for batch in batches:
        calls |= batch.calls
        for old, _ in batch.merged:
            calls.pop(old, None)
            gone.append(old)
    return list(calls.values()), gone


def pack_batch(batch: Batch) -> bytes:
    """A batch as it lies in the spill file."""
    head = {
        "pbx": batch.pbx,
        "sequence": batch.sequence,
        "resume_from": batch.resume_from,
        "first_at": batch.first_at,
        "last_at": batch.last_at,
        "calls": [_packed_call(call) for call in batch.calls.values()],
        "merged": batch.merged,
        "gaps": [(gap.from_at, gap.to_at, gap.reason.value) for gap in batch.gaps],
    }
    lines = [json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode(), *batch.reduced]
    return zlib.compress(_END.join(lines), 1)


def unpack_batch(packed: bytes, place: Place | None = None) -> Batch:
    """The batch that `pack_batch` made these bytes of. Raises StoreError for others."""
    with readable("a record of the spill file"):
        return _unpacked(packed, place)


def _unpacked(packed: bytes, place: Place | None) -> Batch:
    first, *reduced = zlib.decompress(packed).split(_END)
    head = json.loads(first)
    calls = [_unpacked_call(one) for one in head.pop("calls")]
    return Batch(
        reduced=reduced,
        calls={call.facts.id: call for call in calls},
        merged=[(gone, kept) for gone, kept in head.pop("merged")],
        gaps=[Gap(from_at=a, to_at=b, reason=GapReason(reason)) for a, b, reason in head.pop("gaps")],
        place=place,
        **head,
    )


def _packed_call(call: JudgedCall) -> list[str]:
    return [call.judgement.rules_version, base64.b64encode(pack_facts(call.facts)).decode()]


def _unpacked_call(packed: list[Any]) -> JudgedCall:
    version, text = packed
    facts = unpack_facts(base64.b64decode(text))
    return JudgedCall(facts=facts, judgement=RULES[version](facts))
