"""An endless day of calls on the wire: recorded conversations told again, faster, with ids and times of their own."""

import heapq
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

CAPTURES = Path(__file__).parents[1] / "captures"
TOLD = (
    "queue_answered", "queue_answered", "queue_answered", "answered_at_14_9_s", "answered_at_15_1_s",
    "abandoned_in_first_ring", "abandoned_past_the_limit", "queue_retries_one_phone", "queue_member_over_local",
    "blind_transfer", "attended_transfer_replaces", "pickup_directed", "group_call_queue", "busy_then_colleague",
    "declined_603", "internal_call", "outbound_call", "queue_times_out", "forward_302", "early_media_183",
)  # fmt: skip
SECOND = 1_000_000

_STAMP = re.compile(rb"\r\nTimestamp: (\d+)\.(\d{6})\r\n")
_ID = re.compile(rb"(?<=id: )17954\d{5}\.\d+(?=\r)")
_BRIDGE = re.compile(rb"(?<=BridgeUniqueid: )[0-9a-f]{8}")
_CHANNEL = re.compile(rb"(?<=[a-z0-9]-)([0-9a-f]{8})(?=[;\r])")


@dataclass(frozen=True, slots=True)
class Template:
    """One recorded call: events with their microseconds since its first, and the ids they hold."""

    events: tuple[tuple[int, bytes], ...]
    ids: tuple[bytes, ...]


def template(name: str, faster: int) -> Template:
    """A recorded call, told `faster` times as fast."""
    blocks = [block + b"\r\n\r\n" for block in (CAPTURES / f"{name}.raw").read_bytes().split(b"\r\n\r\n")]
    stamped = [(found, block) for block in blocks if (found := _STAMP.search(block)) and b"ActionID" not in block]
    first = int(stamped[0][0][1] + stamped[0][0][2])
    events = tuple((max(int(found[1] + found[2]) - first, 0) // faster, block) for found, block in stamped)
    ids = sorted({found for _, block in events for found in _ID.findall(block)}, key=len, reverse=True)
    return Template(events=events, ids=tuple(ids))


class Day:
    """Calls that begin one after the other; `due(at)` gives the bytes that the switch says until then."""

    def __init__(self, *, calls: int, calls_per_second: float, faster: int, start_us: int, seed: int = 1) -> None:
        self.told = 0
        self.events = 0
        self._templates = [template(name, faster) for name in TOLD]
        self._chance = random.Random(seed)
        self._calls = calls
        self._gap_us = round(SECOND / calls_per_second)
        self._next_us = start_us
        self._numbers = 0
        self._order = count()
        self._pending: list[tuple[int, int, bytes]] = []

    @property
    def is_over(self) -> bool:
        return self.told >= self._calls and not self._pending

    def due(self, at: int) -> bytes:
        """What the switch says until an instant, in order."""
        while self.told < self._calls and self._next_us <= at:
            self._begin(self._next_us)
            self._next_us += self._gap_us
        said = []
        while self._pending and self._pending[0][0] <= at:
            said.append(heapq.heappop(self._pending)[2])
        self.events += len(said)
        return b"".join(said)

    def _begin(self, start_us: int) -> None:
        chosen = self._templates[self._chance.randrange(len(self._templates))]
        self.told += 1
        for at, block in _again(chosen, start_us, self._numbers):
            heapq.heappush(self._pending, (at, next(self._order), block))
        self._numbers += 16


def _again(chosen: Template, start_us: int, number: int) -> Iterator[tuple[int, bytes]]:
    """The events of a template as another call."""
    second = start_us // SECOND
    others = {one: b"%d.%d" % (second, number + n) for n, one in enumerate(chosen.ids)}
    for offset, block in chosen.events:
        at = start_us + offset
        stamp = b"\r\nTimestamp: %d.%06d\r\n" % divmod(at, SECOND)
        text = _STAMP.sub(lambda _, stamp=stamp: stamp, block, count=1)
        text = _ID.sub(lambda found: others[found[0]], text)
        text = _BRIDGE.sub(b"%08x" % (number & 0xFFFFFFFF), text)
        yield at, _CHANNEL.sub(lambda found: b"%08x" % (number + int(found[1], 16)), text)
