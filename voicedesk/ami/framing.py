"""Cuts the byte stream of the manager interface into messages; knows nothing of what they mean.

A message is lines ended by CRLF and closed by an empty line. Only CRLF ends a line: any other character that some
libraries take for a line break is part of a value. Memory is bounded: a line, a message or a number of headers over
the limits is dropped and counted, and the next message is read as if nothing had been.
"""

from dataclasses import dataclass

LINE_LIMIT = 64 * 1024
MESSAGE_LIMIT = 1024 * 1024
HEADER_LIMIT = 2000
BANNER_LIMIT = 1024

_CRLF = b"\r\n"
_END = b"\r\n\r\n"
_LARGE = HEADER_LIMIT * 4  # the shortest header is "a:" and CRLF: nothing smaller can break a limit


@dataclass(slots=True, kw_only=True)
class FramingCounters:
    """Counts of what was dropped since the framer began."""

    oversized_lines: int = 0
    oversized_messages: int = 0
    too_many_headers: int = 0

    @property
    def dropped(self) -> int:
        """All dropped messages."""
        return self.oversized_lines + self.oversized_messages + self.too_many_headers


class Framer:
    """Bytes in, whole messages out, however the bytes were cut on their way.

    With `expect_banner` the first line of the stream is the greeting: it becomes `banner` and no message.
    """

    def __init__(self, *, expect_banner: bool = True) -> None:
        self.banner: bytes | None = None
        self.counters = FramingCounters()
        self._awaits_banner = expect_banner
        self._parts: list[bytes] = []
        self._held = 0  # bytes in _parts
        self._line = 0  # bytes since the last CRLF in _parts
        self._seam = b""  # the last bytes of _parts: an end of message may lie across two reads
        self._skipping = False

    @property
    def has_partial(self) -> bool:
        """Whether a message was begun and not ended."""
        return self._skipping or bool(b"".join(self._parts).strip())

    def receive_data(self, data: bytes) -> list[bytes]:
        """The messages completed by `data`, without their closing empty line, in order."""
        if self._awaits_banner:
            data = self._take_banner(data)
        if not data:
            return []
        if _END not in (self._seam + data if self._seam else data):
            self._hold(data)
            return []
        return self._cut(data)

    def _take_banner(self, data: bytes) -> bytes:
        """Move the first line into `banner`; returns what follows it."""
        seen = b"".join(self._parts) + data
        line, ended, rest = seen.partition(_CRLF)
        self._parts = []
        if not ended and len(seen) <= BANNER_LIMIT:
            self._parts = [seen]
            return b""
        self.banner = line[:BANNER_LIMIT]
        self._awaits_banner = False
        return rest

    def _cut(self, data: bytes) -> list[bytes]:
        if self._skipping:
            blocks = (self._seam + data).split(_END)
            blocks[0] = b""  # the end of a message that was given up; it is counted already
            self._skipping = False
        elif self._held:
            blocks = (b"".join(self._parts) + data).split(_END)
        else:
            blocks = data.split(_END)
        rest = blocks.pop()
        self._parts, self._held, self._line, self._seam = [], 0, 0, b""
        if rest:
            self._hold(rest)
        if max(map(len, blocks)) > _LARGE or min(blocks) < b"\x0e":
            return self._cleaned(blocks)
        return blocks

    def _cleaned(self, blocks: list[bytes]) -> list[bytes]:
        """Without empty messages, leading empty lines, and messages over a limit."""
        cleaned = []
        for piece in blocks:
            block = piece
            while block.startswith(_CRLF):
                block = block[2:]
            if block and (len(block) <= _LARGE or self._within_limits(block)):
                cleaned.append(block)
        return cleaned

    def _within_limits(self, block: bytes) -> bool:
        lines = block.split(_CRLF)
        if max(map(len, lines)) > LINE_LIMIT:
            self.counters.oversized_lines += 1
        elif len(block) > MESSAGE_LIMIT:
            self.counters.oversized_messages += 1
        elif len(lines) > HEADER_LIMIT:
            self.counters.too_many_headers += 1
        else:
            return True
        return False

    def _hold(self, data: bytes) -> None:
        """Keep the beginning of a message, or give it up as soon as it breaks a limit."""
        seen = self._seam + data
        self._seam = seen[-3:]
        if self._skipping:
            return
        self._parts.append(data)
        self._held += len(data)
        last = seen.rfind(_CRLF)
        self._line = self._line + len(data) if last < 0 else len(seen) - last - 2
        if self._line > LINE_LIMIT + 1:  # one more: a CR that ends the line may have come without its LF
            self.counters.oversized_lines += 1
        elif self._held > MESSAGE_LIMIT + 64:
            self.counters.oversized_messages += 1
        else:
            return
        self._parts, self._held, self._skipping = [], 0, True
