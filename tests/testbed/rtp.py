"""A phone's media: silence or speech in A-law every 20 ms, keys as telephone-events (RFC 4733); what came counted."""

import asyncio
import secrets
import socket
import struct
import time
from collections import deque

KEYS = "0123456789*#ABCD"
FRAME_SECONDS = 0.02
FRAME_SAMPLES = 160
SILENCE = b"\xd5" * FRAME_SAMPLES
VOICE, EVENT = 8, 101
PAUSE_SECONDS = 0.1
"""Between two keys."""
TIMESTAMPS = 35
"""SO_TIMESTAMPNS of Linux: the system notes when each datagram came, however late this process looks."""


class RtpStream:
    """One RTP socket at `address`; sends once `start` names the other side."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, TIMESTAMPS, 1)
        self.port: int = self._socket.getsockname()[1]
        self.frames_received = 0
        self.heard = bytearray()
        self.arrivals: list[tuple[float, int]] = []
        """Of each frame of sound: the epoch second at which the system received it, and its number."""
        self.keys_received = ""
        self.late_ms = 0.0
        """By how much a frame was sent later than it was due, at most."""
        self._last_event: int | None = None
        self._sequence = secrets.randbelow(30_000)
        self._timestamp = secrets.randbelow(1 << 30)
        self._source = secrets.randbits(32)
        self._events: deque[tuple[int, bytes, bool]] = deque()
        self._speech: deque[bytes] = deque()
        self._remote: tuple[str, int] | None = None
        self._task: asyncio.Task[None] | None = None
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._readable)

    def start(self, remote: tuple[str, int] | None) -> None:
        """Sends to `remote` from now on."""
        self._remote = remote or self._remote
        if self._remote and self._task is None:
            self._task = asyncio.create_task(self._send_on())

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
        if self._task is not None:
            self._task.cancel()

    @property
    def is_saying(self) -> bool:
        """Whether something of what was to be said, or of the keys, is not on the wire yet."""
        return bool(self._speech or self._events)

    def say(self, sound: bytes) -> None:
        """Sends A-law sound, after what is being said."""
        padded = sound + SILENCE[: -len(sound) % FRAME_SAMPLES]
        self._speech += (padded[at : at + FRAME_SAMPLES] for at in range(0, len(padded), FRAME_SAMPLES))

    async def press(self, keys: str, *, hold_ms: int = 100) -> None:
        """Sends keys one after another, each when the one before is on the wire; returns when the last one is."""
        for key in keys:
            frames = hold_ms // 20
            for number in range(1, frames + 3):  # the end of a key is told three times
                length = min(number, frames) * FRAME_SAMPLES
                ends = number >= frames
                flags = 10 | (0x80 if ends else 0)
                payload = struct.pack(">BBH", KEYS.index(key), flags, length)
                self._events.append((number - 1, payload, number == 1))  # one timestamp for all of a key
            await asyncio.sleep(frames * FRAME_SECONDS)
            while self._events and self._task is not None and not self._task.done():
                await asyncio.sleep(FRAME_SECONDS)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _send_on(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self._send_frame()
            due += FRAME_SECONDS
            await asyncio.sleep(max(0.0, due - loop.time()))
            self.late_ms = max(self.late_ms, (loop.time() - due) * 1000)

    def _send_frame(self) -> None:
        if self._events:
            age, payload, begins = self._events.popleft()
            self._send(EVENT | (0x80 if begins else 0), self._timestamp - age * FRAME_SAMPLES, payload)
        else:
            self._send(VOICE, self._timestamp, self._speech.popleft() if self._speech else SILENCE)
        self._timestamp += FRAME_SAMPLES

    def _send(self, kind: int, timestamp: int, payload: bytes) -> None:
        head = struct.pack(">BBHII", 0x80, kind, self._sequence & 0xFFFF, timestamp & 0xFFFFFFFF, self._source)
        self._sequence += 1
        if self._remote:
            self._socket.sendto(head + payload, self._remote)

    def _readable(self) -> None:
        """Takes all that has come: after it, what is in `arrivals` is all that the system received by now."""
        while self._socket.fileno() >= 0:
            try:
                data, notes, _, _ = self._socket.recvmsg(2048, 64)
            except OSError:  # nothing more is there, or the other side closed its port first
                return
            stamps = [struct.unpack("@ll", note) for _, kind, note in notes if kind == TIMESTAMPS]
            self._receive(data, stamps[0][0] + stamps[0][1] / 1e9 if stamps else time.time())

    def _receive(self, data: bytes, at: float) -> None:
        if len(data) < 16:
            return
        if data[1] & 0x7F == VOICE:
            self.frames_received += 1
            self.heard += data[12:]
            self.arrivals.append((at, struct.unpack(">H", data[2:4])[0]))
        elif data[1] & 0x7F == EVENT and data[13] & 0x80:
            (timestamp,) = struct.unpack(">I", data[4:8])
            if timestamp != self._last_event:
                self._last_event = timestamp
                self.keys_received += KEYS[data[12]]
