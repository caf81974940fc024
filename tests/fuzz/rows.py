"""Rows and files of our own, read back after a disk, a person or another program has changed them."""

import json
import zlib
from collections.abc import Callable
from functools import cache
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from tests.fuzz.damage import damaged
from tests.fuzz.files import scratch
from tests.fuzz.switch import CAPTURES
from tests.fuzz.target import Target
from voicedesk.ami.message import make_event
from voicedesk.calls.model import Hall, JudgedCall
from voicedesk.calls.replay import replay
from voicedesk.calls.tracker import CHECKPOINT, Tracker
from voicedesk.errors import StoreError
from voicedesk.store.batch import Batch, pack_batch, unpack_batch
from voicedesk.store.calls import _row, _stored
from voicedesk.store.packing import _DICTIONARY, _FORMAT, restore_event, unpack_events
from voicedesk.store.spill import Spill
from voicedesk.store.tickets import _TICKET, StoredTicket
from voicedesk.store.tickets import _row as ticket_row
from voicedesk.store.tickets import _stored as stored_ticket
from voicedesk.tickets.model import Kind, State, Ticket

PACKED, PLAIN = b"p", b"t"
"""What was damaged: the packed bytes, or the text before it was packed."""
_NAMES = ("queue_answered.raw", "hunting_three_phones.raw", "abandoned_past_the_limit.raw", "blind_transfer.raw")


@cache
def _calls() -> tuple[JudgedCall, ...]:
    return tuple(call for name in _NAMES for call in replay((CAPTURES / name).read_bytes()).calls)


def _either(rng: Random, text: bytes, pack: Callable[[bytes], bytes]) -> bytes:
    if rng.randrange(2):
        return PACKED + damaged(rng, pack(text), unit=b"\0")
    return PLAIN + damaged(rng, text, unit=b",")


def _packed(data: bytes, pack: Callable[[bytes], bytes]) -> bytes:
    return data[1:] if data[:1] == PACKED else pack(data[1:])


def _as_row(values: dict[str, Any], **more: object) -> Any:
    return SimpleNamespace(**{**values, **more})


# --- calls


def _pack_facts(text: bytes) -> bytes:
    packer = zlib.compressobj(6, zdict=_DICTIONARY)
    return _FORMAT + packer.compress(text) + packer.flush()


def make_call(rng: Random) -> bytes:
    """The facts of a call, damaged before or after they were packed."""
    packed = cast("bytes", _row(rng.choice(_calls()))["facts"])
    text = zlib.decompressobj(zdict=_DICTIONARY).decompress(packed[1:])
    return _either(rng, text, _pack_facts)


def read_call(data: bytes) -> None:
    """The row of a call."""
    row = _row(_calls()[0])
    human = {"human_verdict": None, "appeal_open": False}
    _stored(_as_row(row, facts=_packed(data, _pack_facts), **human))


# --- the journal and the spill file


@cache
def _journal() -> bytes:
    return b"\r\n\r\n".join(
        block for block in (CAPTURES / "queue_answered.raw").read_bytes().split(b"\r\n\r\n") if b"Linkedid" in block
    )


def make_entry(rng: Random) -> bytes:
    """An entry of the journal."""
    return _either(rng, _journal(), lambda text: zlib.compress(text, 6))


def read_entry(data: bytes) -> None:
    """An entry of the journal, and the calls it tells of."""
    tracker = Tracker("main", Hall(phones=frozenset(), every_extension_is_a_line=True))
    for raw in unpack_events(_packed(data, lambda text: zlib.compress(text + b"\r\n\r\n", 6))):
        tracker.receive(restore_event(raw))
    tracker.take_changes()


KNOWN = {
    "device": {"PJSIP/6001": "free"},
    "contact": {"PJSIP/6001": "free"},
    "queues": {"old": {"PJSIP/6001": True}},
    "members": {"hotline": {"PJSIP/6001": ["PJSIP/6001", False, 1]}},
    "ties": [],
    "gaps": [[1, 2, "link_lost"]],
}


def read_checkpoint(data: bytes) -> None:
    """What the journal says was known beside the calls."""
    tracker = Tracker("main", Hall(phones=frozenset(), every_extension_is_a_line=True))
    told = data.decode("utf-8", "replace").replace("\r", " ").replace("\n", " ").replace("\0", " ")
    tracker.receive(make_event(CHECKPOINT, {"State": "up", "Known": told, "Timestamp": "1795421258.0"}, arrived_us=1))
    tracker.take_changes()


@cache
def _batch() -> bytes:
    calls = {call.facts.id: call for call in _calls()[:2]}
    batch = Batch(pbx="main", sequence=3, resume_from=0, first_at=1, last_at=2, calls=calls, reduced=[b"Event: X"])
    return zlib.decompress(pack_batch(batch))


def make_batch(rng: Random) -> bytes:
    """A batch in the spill file."""
    return _either(rng, _batch(), lambda text: zlib.compress(text, 1))


def read_batch(data: bytes) -> None:
    """A batch in the spill file."""
    unpack_batch(_packed(data, lambda text: zlib.compress(text, 1)))


@cache
def _spilt() -> bytes:
    spill = Spill(scratch() / "made.spill", reserve_bytes=4096)
    spill.append([b"one" * 50, b"two" * 50, zlib.compress(_batch())])
    spill.close()
    return (scratch() / "made.spill").read_bytes()


def read_spill(data: bytes) -> None:
    """The spill file after an accident: whole records are found, others passed over."""
    file = scratch() / "damaged.spill"
    file.write_bytes(data)
    spill = Spill(file, reserve_bytes=4096)
    try:
        assert spill.look() <= len(data)
        spill.open()
        assert all(len(payload) <= len(data) for _, payload in spill.records())
    finally:
        spill.close()
        file.unlink()


# --- tickets


@cache
def _ticket() -> StoredTicket:
    ticket = Ticket(
        id="t1",
        kind=Kind.CALLBACK,
        group="hotline",
        number="13800138000",
        state=State.OPEN,
        opened_at=1_795_421_258_000_000,
        due_at=1_795_421_259_000_000,
        promised_at=1_795_421_259_000_000,
        waiting_since=1_795_421_258_000_000,
    )
    return StoredTicket(ticket=ticket, version=1)


def make_ticket(rng: Random) -> bytes:
    """A ticket's packed part."""
    return _either(rng, _TICKET.dump_json(_ticket().ticket), zlib.compress)


def read_ticket(data: bytes) -> None:
    """The row of a ticket."""
    stored_ticket(_as_row(ticket_row(_ticket()), packed=_packed(data, zlib.compress)))


TARGETS = (
    Target(name="call_row", share=50, make=make_call, run=read_call, allowed=(StoreError,)),
    Target(name="journal_row", share=40, make=make_entry, run=read_entry, allowed=(StoreError,)),
    Target(
        name="checkpoint",
        share=50,
        make=lambda rng: damaged(rng, json.dumps(KNOWN).encode(), unit=b","),
        run=read_checkpoint,
    ),
    Target(name="batch", share=30, make=make_batch, run=read_batch, allowed=(StoreError,)),
    Target(
        name="spill",
        share=20,
        make=lambda rng: damaged(rng, _spilt(), unit=b"\0"),
        run=read_spill,
        allowed=(StoreError,),
    ),
    Target(name="ticket_row", share=50, make=make_ticket, run=read_ticket, allowed=(StoreError,)),
)
