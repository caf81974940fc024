"""A switch, a folder of recordings and a receiver of news, of which now and then something is bad in a random way."""

import asyncio
import heapq
import json
import os
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

import numpy as np
from tests.fakes.http_server import HANG, HttpServer, answer
from tests.fuzz.damage import damaged
from tests.soak.traffic import SECOND, TOLD, _again, template
from voicedesk.ami.message import AmiEvent

END = b"\r\n\r\n"
POISON = "poison-"
"""So begin the ids of events at which the tracker raises, as if it had a fault that they bring out."""
HELD_SECONDS = 30.0
LISTED = (
    *("Channel", "ChannelState", "ChannelStateDesc", "CallerIDNum", "CallerIDName", "ConnectedLineNum"),
    *("ConnectedLineName", "Language", "AccountCode", "Context", "Exten", "Priority", "Uniqueid", "Linkedid"),
)
"""The headers by which a list describes a channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """One in how many is bad."""

    events: int = 1000
    requests: int = 100
    files: int = 50
    posts: int = 10


class BadDay:
    """Calls that begin one after the other; `due(at)` gives what the switch says until then, damaged now and then.

    `whole` is what it would have said undamaged; `bad_at` when something was bad, `concerned` the ids in what was.
    """

    def __init__(self, *, seconds: float, calls_per_second: float, faster: int, rates: Rates, seed: int) -> None:
        self.whole: list[bytes] = []
        self.bad_at: list[int] = []
        self.concerned: set[str] = set()
        self.raising = 0
        self.told = 0
        self.events = 0
        self._templates = [template(name, faster) for name in TOLD]
        self._chance = Random(f"day {seed}")
        self._left, self._rates = round(seconds * calls_per_second), rates
        self._gap_us = round(SECOND / calls_per_second)
        self._next_us = 0
        self._order = count()
        self._pending: list[tuple[int, int, bytes]] = []
        self._up: dict[str, list[tuple[str, object]]] = {}
        self._gone: set[str] = set()
        self._is_torn = False

    @property
    def up(self) -> list[list[tuple[str, object]]]:
        """The channels that are there now, as the switch's list of them has them."""
        return list(self._up.values())

    @property
    def is_over(self) -> bool:
        """Whether everything was told."""
        return self.told >= self._left and not self._pending

    def due(self, at: int) -> bytes:
        """What the switch says until an instant, in order."""
        self._next_us = self._next_us or at
        while self.told < self._left and self._next_us <= at:
            chosen = self._chance.choice(self._templates)
            for when, block in _again(chosen, self._next_us, self.told * 16):
                heapq.heappush(self._pending, (when, next(self._order), block))
            self.told += 1
            self._next_us += self._gap_us
        said = []
        while self._pending and self._pending[0][0] <= at:
            when, _, block = heapq.heappop(self._pending)
            self.events += 1
            self.whole.append(block)
            self._note(AmiEvent.from_bytes(block))
            said.append(self._perhaps_bad(block, when))
        return b"".join(said)

    def _note(self, event: AmiEvent) -> None:
        """What an event says of the channels that it describes; the recorded calls do not all begin with Newchannel."""
        for prefix in ("", "Dest"):
            uniqueid = event.get(f"{prefix}Uniqueid") or ""
            if event.name == "Hangup":
                self._up.pop(uniqueid, None)
                self._gone.add(uniqueid)
            elif event.get(f"{prefix}Channel") and uniqueid not in self._gone:
                told = ((key, event.get(prefix + key)) for key in LISTED)
                self._up[uniqueid] = [("Event", "CoreShowChannel"), *((key, value) for key, value in told if value)]

    def _perhaps_bad(self, block: bytes, at: int) -> bytes:
        if self._is_torn:  # the end of the one before is missing: it may have taken this one with it
            self.concerned |= _ids(block)
        self._is_torn = False
        if self._chance.randrange(self._rates.events):
            return block
        self.bad_at.append(at)
        if self._chance.randrange(2):
            self.raising += 1
            name = b"%s%d" % (POISON.encode(), self.raising)
            stamp = b"Timestamp: %d.%06d" % divmod(at, SECOND)
            lines = [b"Event: Newchannel", b"Privilege: call,all", stamp, b"Channel: PJSIP/odd-1"]
            return block + b"\r\n".join([*lines, b"Uniqueid: " + name, b"Linkedid: " + name]) + END
        bad = damaged(self._chance, block, unit=b"\r\n", most=3)
        self.concerned |= _ids(block) | _ids(bad)
        self._is_torn = not bad.endswith(END)
        return bad


def _ids(block: bytes) -> set[str]:
    lines = (line.partition(b": ") for line in block.split(b"\r\n"))
    return {
        value.decode("utf-8", "replace")
        for name, _, value in lines
        if name.lower().endswith((b"linkedid", b"uniqueid"))
    }


@dataclass(kw_only=True)
class Receiver(HttpServer):
    """Takes news; one in so many is answered in a bad way. `good` are the ids answered well, in order."""

    seed: int = 0
    rate: int = 10
    good: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    """Ids that came again after a good answer."""
    bad: int = 0

    def __post_init__(self) -> None:
        self._chance = Random(f"receiver {self.seed}")

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answers = [answer()]
        is_bad = not self._chance.randrange(self.rate)
        if is_bad:
            self.answers = [self._chance.choice(BAD_ANSWERS)]
            self.bad += 1
        before = len(self.asked)
        try:
            async with asyncio.timeout(HELD_SECONDS):
                await super()._answer(reader, writer)
        except TimeoutError:
            return
        finally:
            told = [one.headers.get("x-voicedesk-id", "") for one in self.asked[before:]]
            del self.asked[:]
            self.again += [one for one in told if one in self.good]
            self.good += [] if is_bad else told


BAD_ANSWERS: tuple[bytes | None, ...] = (
    HANG,
    b"",
    b"\0\xff garbage\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx",
    b"HTTP/1.1 " + b"9" * 5000 + b"\r\n\r\n",
    answer(b"no", 500),
    answer(b"x" * 3_000_000, 500),
    answer(b"", 302, "Location: http://169.254.169.254/latest"),
    answer(b"", 429, "Retry-After: " + "9" * 40),
    b"HTTP/1.1 503 Busy\r\n" + b"X: y\r\n" * 20_000,
)


def put_recording(folder: Path, uniqueid: str, *, bad: Random | None) -> None:
    """A second of the sound of a call, as the switch leaves it there; or something that is none."""
    file = folder / f"{uniqueid}.sln48"
    sound = (np.sin(np.arange(48_000) / 20) * 6000).astype("<i2").tobytes()
    if bad is None:
        hidden = folder / f".{uniqueid}"
        hidden.write_bytes(sound)
        hidden.rename(file)
        return
    odd = bad.choice(("damaged", "empty", "folder", "link", "name"))
    if odd == "damaged":
        file.write_bytes(damaged(bad, sound[:20_000]))
    elif odd == "empty":
        file.touch()
    elif odd == "folder":
        file.mkdir()
    elif odd == "link":
        file.symlink_to("/etc/passwd")
    else:
        Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe" + uniqueid.encode() + b"..sln48")).write_bytes(sound)


def bad_payload(chance: Random, payload: dict[str, object]) -> bytes:
    """What a row may hold that nobody meant."""
    told = json.dumps(payload).encode()
    return chance.choice((b"null", b"", b"[" * 5000, b"{}", damaged(chance, told, unit=b","), told[:-1]))
