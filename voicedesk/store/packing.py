"""How facts and events are packed into a row: JSON and AMI text, compressed with a dictionary of what they repeat."""

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from pydantic import TypeAdapter

from voicedesk.ami.message import AmiEvent
from voicedesk.bounds import clean_text
from voicedesk.calls.model import CallFacts
from voicedesk.clock import MICROSECONDS, parse_epoch
from voicedesk.errors import StoreError

KEPT_HEADERS = frozenset(
    {
        "ActionID",
        "AttendedTransfer", "BridgeId", "BridgeTechnology", "BridgeUniqueid", "CallerIDNum", "Cause", "Channel",
        "ChannelStateDesc", "Complete", "ContactStatus", "Context",
        "DestChannel", "DestLinkedid", "DestUniqueid", "Device", "DialStatus", "DialString", "EndpointName", "Event",
        "Exten", "Forward", "Hint", "Interface", "Line", "Linkedid", "Location", "MemberName", "Number",
        "OrigTransfererChannel", "OrigTransfererLinkedid", "OrigTransfererUniqueid", "Paused", "Peer", "PeerStatus",
        "Privilege", "Queue", "Reason", "SecondTransfererChannel", "SecondTransfererLinkedid",
        "SecondTransfererUniqueid", "State", "StateInterface", "Status", "TargetChannel", "TargetUniqueid",
        "Timestamp", "TransferTargetChannel", "URI",
        "TransferTargetLinkedid", "TransferTargetUniqueid", "TransfereeChannel", "TransfereeLinkedid",
        "TransfereeUniqueid", "TransfererChannel", "TransfererUniqueid", "Uniqueid", "UserEvent",
        "Ahead", "Boot", "Dropped", "Known", "Missing", "Restarted", "SwitchTime", "Version",
    }
)  # fmt: skip
"""The headers of an event that a tracker reads; the others are not journalled."""

_KEPT = frozenset(name.encode() for name in KEPT_HEADERS)
_END = b"\r\n\r\n"
_STAMP = re.compile(rb"(?!Event: Voicedesk)(?:.*\r\n)*?Timestamp: ([0-9.]+)")
_APART_US = 60 * MICROSECONDS
_FACTS = TypeAdapter(CallFacts)
_FORMAT = b"\x01"
_DICTIONARY = (
    b'"boot":null,"linkedids":["1795421","line":"","direction":"inbound","caller_number":"1380","started_at":1795421'
    b'"started_at_source":"userevent","switch_answered_at":null,"asked_at":1795421,"person_answered_at":1795421'
    b'"ended_at":1795421,"disposition":"answered","no_answer","abandoned","caller_gave_up":false,"is_line":true,'
    b'"on_duty":true,"notice_heard":false,"doubtful":false,"limit_us":15000000,"ring_period_us":5000000,'
    b'"limit_source":"GB/T 33358-2016","phones":[{"endpoint":"PJSIP/","states":["free"]}],"gaps":[],"legs":[{'
    b'"uniqueid":"1795421","channel":"PJSIP/","endpoint":"PJSIP/","role":"staff","member":null,"agent":null,'
    b'"dialled_at":1795421,"ring_source":"newstate","ringing_at":1795421,"ring_ended_at":1795421,'
    b'"answered_at":1795421,"ended_at":1795421,"outcome":"answered","answered_elsewhere","hangup_cause":16,'
    b'"state_before":"free","transferred_from":null}]}'
)


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Whatever goes wrong while bytes of a row are read back is a StoreError: the row is damaged."""
    try:
        yield
    except (zlib.error, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        why = f"{type(error).__name__}: {error}"[:200]
        raise StoreError(f"{what} is damaged in the database ({why}): put it back from a backup") from error


def pack_facts(facts: CallFacts) -> bytes:
    """Facts as they lie in a row; the first byte names the format."""
    packer = zlib.compressobj(6, zdict=_DICTIONARY)
    return _FORMAT + packer.compress(facts_text(facts)) + packer.flush()


def facts_text(facts: CallFacts) -> bytes:
    """Facts as JSON. Characters that UTF-8 cannot write (half a surrogate pair) become replacement characters."""
    try:
        return _FACTS.dump_json(facts)
    except ValueError:
        return clean_text(json.dumps(_FACTS.dump_python(facts), ensure_ascii=False)).encode()


def unpack_facts(packed: bytes) -> CallFacts:
    """The facts of a row. Raises StoreError where it is damaged."""
    with readable("a call"):
        return _FACTS.validate_json(_unpacked(packed))


def packed_text(packed: bytes) -> str:
    """The facts of a row as the JSON they are. Raises StoreError where it is damaged."""
    with readable("a call"):
        return _unpacked(packed).decode()


def pack_facts_text(text: str) -> bytes:
    """What `packed_text` gave, perhaps changed, as it lies in a row. Raises ValueError where these are no facts."""
    return pack_facts(_FACTS.validate_json(text))


def partly_unpacked(packed: bytes) -> bytes:
    """What can still be made out of damaged packed bytes, of whatever kind they were, after the bytes themselves."""
    found = packed
    for unpacker, data in ((zlib.decompressobj(), packed), (zlib.decompressobj(zdict=_DICTIONARY), packed[1:])):
        with suppress(zlib.error):
            for at in range(len(data)):
                found += unpacker.decompress(data[at : at + 1])
    return found


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(zdict=_DICTIONARY)
    return unpacker.decompress(packed[1:]) + unpacker.flush()


def reduce_event(event: AmiEvent) -> bytes:
    """An event in wire form with the headers that matter, in their order, and when it arrived."""
    lines = [line for line in event.raw.split(b"\r\n") if line.partition(b":")[0] in _KEPT]
    if event.arrived_us:
        lines.append(b"Arrived: %d.%06d" % divmod(event.arrived_us, 1_000_000))
    if event.doubtful:
        lines.append(b"Doubtful: 1")
    return b"\r\n".join(lines)


def restore_event(raw: bytes) -> AmiEvent:
    """The event that `reduce_event` made these bytes of. Raises StoreError for others."""
    with readable("an event of the journal"):
        event = AmiEvent.from_bytes(raw)
        arrived = event.get("Arrived", "") or ""
        event.arrived_us = int(arrived.replace(".", "")) if arrived else 0
    event.doubtful = event.get("Doubtful") == "1"
    return event


def stamps_near(reduced: Iterable[bytes], at: int) -> list[int]:
    """The times that the switch stamped on reduced events which were written at the instant `at`, by our clock.

    They are earlier, for events take time to come. Those of a clock that is not set as ours is are left out.
    """
    stamps = (parse_epoch(found[1].decode()) for one in reduced if (found := _STAMP.match(one)))
    return [stamp for stamp in stamps if stamp is not None and at - _APART_US <= stamp <= at]


def pack_events(reduced: Iterable[bytes]) -> bytes:
    """Reduced events as they lie in a journal row."""
    return zlib.compress(_END.join(reduced) + _END, 6)


def unpack_events(packed: bytes) -> list[bytes]:
    """The reduced events of a journal row, in order. Raises StoreError where it is damaged."""
    with readable("an entry of the journal"):
        return zlib.decompress(packed).split(_END)[:-1]
