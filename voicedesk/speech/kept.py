"""The latest sound of a voice, kept for as long as somebody may ask to hear it again."""

from collections import deque

import numpy as np

from voicedesk.audio.g711 import Samples

KEPT_SECONDS = 30.0
"""What is older was heard once, and nobody is accused on it. Half a minute of 8 kHz takes half a MB."""


class KeptSound:
    """Sound of `rate` samples a second, in whole blocks, at most so many `seconds` of it."""

    def __init__(self, rate: int, seconds: float = KEPT_SECONDS) -> None:
        self._rate = rate
        self._most = seconds * rate
        self._blocks: deque[Samples] = deque()
        self._length = 0
        self._first = 0

    @property
    def begins(self) -> float:
        """Seconds of the voice before the first sample that is kept."""
        return self._first / self._rate

    def add(self, samples: Samples) -> None:
        """Keeps the next samples; the oldest make room."""
        self._blocks.append(samples)
        self._length += len(samples)
        while self._length > self._most:
            self._drop()

    def between(self, start: float, end: float) -> tuple[Samples, float]:
        """What is kept of the seconds from `start` to `end`, and where it begins."""
        whole = np.concatenate([np.zeros(0, np.int16), *self._blocks])
        first, last = (max(0, int(at * self._rate) - self._first) for at in (start, end))
        return whole[first:last], (self._first + first) / self._rate

    def forget(self, before: float) -> None:
        """What lies before is not asked for any more."""
        while self._blocks and self._first + len(self._blocks[0]) <= before * self._rate:
            self._drop()

    def _drop(self) -> None:
        gone = len(self._blocks.popleft())
        self._length -= gone
        self._first += gone
