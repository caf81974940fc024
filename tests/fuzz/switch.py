"""The manager's stream: through link, protocol, screen, tracker, settle, judge and row, back from journal and row."""

import asyncio
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, cast

from tests.fuzz.damage import absurd, damaged
from tests.fuzz.target import Target
from voicedesk.ami.link import Link
from voicedesk.ami.message import AmiEvent
from voicedesk.ami.protocol import AmiProtocol, Credentials
from voicedesk.ami.recorded import RecordedConversation
from voicedesk.calls import replay as replaying
from voicedesk.calls.model import Hall, JudgedCall, Verdict
from voicedesk.calls.tracker import WANTED_EVENTS
from voicedesk.clock import MICROSECONDS
from voicedesk.errors import AmiError
from voicedesk.jobs.following.call_log import CallLog
from voicedesk.store.batch import Batch, pack_batch, unpack_batch
from voicedesk.store.calls import _leg_rows, _row
from voicedesk.store.packing import pack_events, reduce_event, restore_event, unpack_events

CAPTURES = Path(__file__).parents[1] / "captures"
LARGEST = 36_000
END = b"\r\n\r\n"
_BANNER = re.compile(rb"^Asterisk Call Manager/[^\r\n]*\r\n", re.MULTILINE)
_IDS = re.compile(rb"(?:Uniqueid|Linkedid|Channel): ([^\r\n]+)\r\n")
_STAMP = re.compile(rb"Timestamp: (1[0-9]{9})\.([0-9]{6})\r\n")
_SEED = "fuzz"
DAY_US = 24 * 3600 * MICROSECONDS
_LOGIN = (
    b"Asterisk Call Manager/9.0.0\r\nResponse: Success\r\nActionID: fuzz-1\r\nMessage: Authentication accepted" + END
)
_NAMES = sorted(WANTED_EVENTS | {"FullyBooted", "SuccessfulAuth", "VoicedeskLink", "VoicedeskSnapshot", "Foreign"})
_HEADERS = (
    *("Uniqueid", "Linkedid", "Channel", "DestUniqueid", "DestLinkedid", "DestChannel", "ChannelStateDesc", "Cause"),
    *("CallerIDNum", "Exten", "Queue", "Interface", "Member", "MemberName", "BridgeUniqueid", "DialStatus", "Status"),
    *("Timestamp", "Uptime", "State", "StateInterface", "Location", "Paused", "Hint", "DialString", "Privilege"),
    *("Boot", "Restarted", "Version", "Dropped", "Known", "Complete", "UserEvent", "Arrived", "Doubtful", "Reason"),
    *("TransfererUniqueid", "TransfererChannel", "TransfereeUniqueid", "TransferTargetUniqueid", "BridgeTechnology"),
)
_ACCUSING = (Verdict.LATE, Verdict.MISSED)
_UNTOLD = (Verdict.CANNOT_TELL, Verdict.NOT_JUDGED)
_IDS_OF_OTHERS = (b"1795421258.1", b"1795421258123.4", b"20261129155812", b"1795421259.2", b"office-7", b"")
_CHANNELS_OF_OTHERS = (b"PJSIP/9001-000000aa", b"Local/9001@x-000000aa;1", b"DAHDI/i1/13812341234-5", b"SIP/", b"/")
_WATCHED = Hall(phones=frozenset(), every_extension_is_a_line=True)


class Sink:
    """Keeps what the store would be given, after it was made a row."""

    def __init__(self) -> None:
        self.calls: dict[str, JudgedCall] = {}
        self.events: list[bytes] = []
        self.number = 0

    def sequence(self, pbx: str) -> int:
        return self.number

    def add(self, pbx: str, *, resume_from: int, **told: Any) -> None:
        events, calls = [reduce_event(event) for event in told["events"]], list(told["calls"])
        self.events += events
        self.number += 1
        self.calls |= {call.facts.id: call for call in calls}
        for gone, _ in told["merged"]:
            self.calls.pop(gone, None)
        for call in calls:
            for row in (_row(call), *_leg_rows(call)):
                fits(row)
        fits({str(n): at for n, gap in enumerate(told["gaps"]) for at in (gap.from_at, gap.to_at)})
        batch = Batch(
            pbx=pbx,
            sequence=self.number,
            resume_from=resume_from,
            first_at=min((event.arrived_us for event in told["events"]), default=0),
            last_at=max((event.arrived_us for event in told["events"]), default=0),
            reduced=events,
            calls={call.facts.id: call for call in calls},
            merged=list(told["merged"]),
            gaps=list(told["gaps"]),
        )
        fits({"first_at": batch.first_at, "last_at": batch.last_at})
        assert list(unpack_batch(pack_batch(batch)).calls) == list(batch.calls)


def fits(row: dict[str, object]) -> None:
    """Whether a database takes a row: numbers of 64 bits, texts that can be written as UTF-8."""
    for name, value in row.items():
        if isinstance(value, int):
            assert -(2**63) <= value < 2**63, f"{name} does not fit into a row"
        elif isinstance(value, str):
            value.encode()


def captures() -> list[bytes]:
    """Conversations that are not long, without their greeting."""
    return [_stream(name) for name in _names()]


@cache
def _names() -> tuple[str, ...]:
    found = [*CAPTURES.glob("*.raw"), *CAPTURES.glob("houses/*.raw"), *CAPTURES.glob("reported/*.raw")]
    return tuple(sorted(str(one.relative_to(CAPTURES)) for one in found if one.stat().st_size <= LARGEST))


@cache
def _stream(name: str) -> bytes:
    return _BANNER.sub(b"", (CAPTURES / name).read_bytes())


@cache
def _good_names() -> tuple[str, ...]:
    return tuple(name for name in _names() if any(one is not Verdict.CANNOT_TELL for one in verdicts(name).values()))


@cache
def _ids(name: str) -> frozenset[bytes]:
    return frozenset(_IDS.findall(_stream(name)))


@cache
def verdicts(name: str) -> dict[str, Verdict]:
    """What the calls of a capture come to where nothing else is in the stream, by their first linkedid."""
    found = _followed(_stream(name), hall_of(name))
    return {call.facts.linkedids[0]: call.judgement.verdict for call in found.values() if call.facts.linkedids}


@cache
def hall_of(name: str) -> Hall:
    """The phones that a capture shows to be staff's."""
    events = RecordedConversation(replaying._WANTED).receive_data(_stream(name))
    return replaying._hall_of([events])


def make_stream(rng: Random) -> bytes:
    """A capture with accidents in it, or two."""
    data = damaged(rng, _stream(rng.choice(_names())), unit=END, most=8)
    if rng.randrange(4) == 0:
        data += damaged(rng, _stream(rng.choice(_names())), unit=END)
    return data if rng.randrange(3) else _mixed(rng, data)


def make_among_good(rng: Random) -> bytes:
    """A capture whole, in whose stream events stand that have nothing to do with it: foreign, absurd or damaged."""
    good = rng.choice(_good_names())
    blocks = _stream(good).split(END)
    if rng.randrange(3) == 0:
        others = [name for name in _names() if _ids(name).isdisjoint(_ids(good))]
        foreign = damaged(rng, _stream(rng.choice(others)), unit=END).split(END) if others else []
        blocks = [*foreign, *blocks] if rng.randrange(2) else [*blocks, *foreign]
    else:
        for _ in range(rng.randint(1, 12)):
            blocks.insert(rng.randrange(len(blocks)), _odd_event(rng))
    return good.encode() + b"\n" + END.join(blocks)


def _mixed(rng: Random, data: bytes) -> bytes:
    blocks = data.split(END)
    for _ in range(rng.randint(1, 12)):
        blocks.insert(rng.randrange(len(blocks)), _odd_event(rng))
    return END.join(blocks)


def _odd_event(rng: Random) -> bytes:
    """An event of channels that are nobody's."""
    lines = [b"Event: " + rng.choice(_NAMES).encode()]
    for _ in range(rng.randint(1, 8)):
        name = rng.choice(_HEADERS)
        if rng.randrange(2):
            value = rng.choice(_CHANNELS_OF_OTHERS if "hannel" in name else _IDS_OF_OTHERS)
        else:
            value = absurd(rng)
        lines.append(name.encode() + b": " + value)
    return b"\r\n".join(lines)


def follow(data: bytes) -> None:
    """Everything that is done with a stream, live and later."""
    _followed(data, _WATCHED)
    replaying.replay(b"Asterisk Call Manager/9.0.0\r\n" + data)


def follow_good(data: bytes) -> None:
    """The same; in the calls that stand whole in it nobody is accused anew, and none that was missed is praised."""
    name, _, stream = data.partition(b"\n")
    good = name.decode()
    found = _followed(stream, hall_of(good)).values()
    for linkedid, before in verdicts(good).items():
        for call in found:
            if linkedid in call.facts.linkedids:
                now = call.judgement.verdict
                is_accused = now in _ACCUSING or before in _ACCUSING
                assert now in (before, *_UNTOLD) or not is_accused, f"{good}: {linkedid} was {before}, is {now}"


def _followed(data: bytes, hall: Hall) -> dict[str, JudgedCall]:
    return asyncio.run(_follow(data, hall))


async def _follow(data: bytes, hall: Hall) -> dict[str, JudgedCall]:
    sink = Sink()
    log = CallLog("main", hall, sink)
    protocol = AmiProtocol(Credentials(username="u", secret="s", plain=True), wanted=WANTED_EVENTS, seed=_SEED)
    clock = _first_second(data)
    link = Link(protocol, lambda: clock, log.take)
    link.data_received(_LOGIN)
    for at, piece in _pieces(data, clock):
        clock = at
        link.data_received(piece)
        log.settle()
    if link._failure is not None:
        assert isinstance(link._failure, AmiError)
    log.sweep(clock + DAY_US)
    log.settle()
    log.open_calls()
    _again(sink, hall)
    return sink.calls


def _again(sink: Sink, hall: Hall) -> None:
    """After a restart: the journal read back, the open calls taken up."""
    events = [restore_event(raw) for raw in unpack_events(pack_events(sink.events))] if sink.events else []
    log = CallLog("main", hall, Sink())
    log.resume(
        list(enumerate(cast("list[AmiEvent]", events))), resume_from=0, open_ids=list(sink.calls)[:3], stopped_at=0
    )
    log.settle()


def _pieces(data: bytes, clock: int) -> Iterator[tuple[int, bytes]]:
    """The stream as it comes: a few events at a time, torn anywhere, when the switch says that they happened."""
    step = max(len(data) // 40, 500)
    for begin in range(0, len(data), step):
        piece = data[begin : begin + step]
        stamps = (int(whole) * MICROSECONDS + int(parts) for whole, parts in _STAMP.findall(piece))
        clock = max((at for at in stamps if 0 < at - clock < DAY_US), default=clock)
        yield clock, piece


def _first_second(data: bytes) -> int:
    found = re.search(rb"Timestamp: (1[0-9]{9})\.", data)
    return int(found[1]) * MICROSECONDS if found else 1_795_421_000 * MICROSECONDS


TARGETS = (
    Target(name="ami", share=50, make=make_stream, run=follow),
    Target(name="ami_good", share=50, make=make_among_good, run=follow_good),
)
