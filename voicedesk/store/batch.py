"""What one PBX's call log handed over between two commits: a journal entry and the calls that follow from it."""

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from voicedesk.ami.message import AmiEvent, make_mark
from voicedesk.calls.model import Gap, GapReason, JudgedCall
from voicedesk.calls.three_rings import RULES, judge
from voicedesk.store.journal import Entry
from voicedesk.store.packing import pack_facts, reduce_event, unpack_facts
from voicedesk.store.quarantine import Part, SetAside, SetAsideState, set_aside

CALL_BYTES = 4096
"""About what a call takes in memory."""
_END = b"\r\n\r\n"
_NUMBERS = ("sequence", "resume_from", "first_at", "last_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a record lies in the spill file."""

    start: int
    end: int


@dataclass(slots=True, kw_only=True)
class Batch:
    """Open while it is added to, then sealed; `place` is where it lies on disk until the database has it.

    `aside` are the parts of it that were found not to fit before the database was asked.
    """

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
    aside: list[SetAside] = field(default_factory=list)
    place: Place | None = None

    @property
    def has_entry(self) -> bool:
        """False where all that is left of it is what was set aside."""
        return self.sequence > 0

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
        """Marks that events before this batch are missing, in the list of gaps and in the journal itself."""
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
    """A batch as it lies in the spill file; in place of a call that cannot be packed it says so."""
    packed, aside = _packed_calls(batch)
    head: dict[str, Any] = {
        "pbx": batch.pbx,
        "sequence": batch.sequence,
        "resume_from": batch.resume_from,
        "first_at": batch.first_at,
        "last_at": batch.last_at,
        "calls": packed,
        "merged": batch.merged,
        "gaps": [(gap.from_at, gap.to_at, gap.reason.value) for gap in batch.gaps],
    }
    if aside:
        head["aside"] = [_packed_aside(item) for item in aside]
    lines = [json.dumps(head, separators=(",", ":")).encode(), *batch.reduced]
    return zlib.compress(_END.join(lines), 1)


def unpack_batch(packed: bytes, place: Place | None = None) -> Batch:
    """The batch that `pack_batch` made these bytes of. Raises ValueError for whatever else they are."""
    try:
        first, *reduced = zlib.decompress(packed).split(_END)
        head = json.loads(first)
        calls = [_unpacked_call(one) for one in head["calls"]]
        batch = Batch(
            pbx=head["pbx"],
            reduced=reduced,
            calls={call.facts.id: call for call in calls},
            merged=[(gone, kept) for gone, kept in head["merged"]],
            gaps=[Gap(from_at=a, to_at=b, reason=GapReason(reason)) for a, b, reason in head["gaps"]],
            aside=[_unpacked_aside(item) for item in head.get("aside", ())],
            place=place,
            **{name: head[name] for name in _NUMBERS},
        )
    except Exception as error:  # a record of another version, or of nobody
        raise ValueError(f"no batch: {type(error).__name__}: {error}") from error
    if not isinstance(batch.pbx, str) or not all(_is_number(getattr(batch, name)) for name in _NUMBERS):
        raise ValueError("no batch: a place in the journal or a time is none")
    return batch


def unreadable_batch(packed: bytes, place: Place, error: ValueError, at: int) -> Batch:
    """What stands for a record that cannot be read: nothing but the record itself, set aside."""
    item = set_aside(
        Part.ROW, at_us=at, about=f"a record of the spill file at byte {place.start}", reason=str(error), content=packed
    )
    return Batch(pbx="", sequence=0, resume_from=0, first_at=at, last_at=at, aside=[item], place=place)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and 0 <= value < 2**63


def _packed_calls(batch: Batch) -> tuple[list[list[str]], list[SetAside]]:
    packed, aside = [], list(batch.aside)
    for call in batch.calls.values():
        try:
            text = base64.b64encode(pack_facts(call.facts)).decode()
        except Exception as error:  # noqa: BLE001  # whatever a value can bring about
            reason, content = f"{type(error).__name__}: {error}", repr(call.facts).encode("utf-8", "backslashreplace")
            about = call.facts.id
            item = set_aside(Part.CALL, at_us=batch.last_at, about=about, reason=reason, content=content, pbx=batch.pbx)
            aside.append(item)
        else:
            packed.append([call.judgement.rules_version, text])
    return packed, aside


def _unpacked_call(packed: list[str]) -> JudgedCall:
    version, text = packed
    facts = unpack_facts(base64.b64decode(text))
    return JudgedCall(facts=facts, judgement=RULES.get(version, judge)(facts))


def _packed_aside(item: SetAside) -> dict[str, Any]:
    return asdict(item) | {"content": base64.b64encode(item.content).decode()}


def _unpacked_aside(packed: dict[str, Any]) -> SetAside:
    known = {"part": Part(packed["part"]), "state": SetAsideState(packed["state"])}
    return SetAside(**packed | known | {"content": base64.b64decode(packed["content"])})
