"""Where a voice may be speaking, and where it surely is not: by loudness alone, a tenth of a second at a time.

A recogniser works as hard in silence as in speech. So only a voice and what lies around it is given to it; the rest is
left out. If it is not certain that there is silence, it counts as a voice.
"""

import math
from collections.abc import Sequence

import numpy as np

from voicedesk.audio.g711 import Samples

BLOCK_SECONDS = 0.1
QUIET = 0.08
"""A block is quiet below this share of the loudest one of late. Chosen, not measured on people: 22 dB below a voice."""
FADING = 0.995
"""The loudest block is forgotten by so much a block: it counts half after 14 s."""
FAINT = 60.0
"""Before anybody spoke, a block is quiet below this loudness (root mean square of 16 bits): 55 dB below full scale."""
FLOOR_TIMES = 2.0
"""Silence lies at most so far above the quietest block of late; a voice rises and falls by more."""
RISING = 1.02
"""The quietest block is forgotten by so much a block: a line that becomes noisier is known after seconds (2 times in
3.5 s)."""
LEAST_FLOOR = 8.0
"""The smallest step of A-law: below it all is silence."""


def loudness_of(samples: Samples, step: int) -> Sequence[float]:
    """The loudness of each block of `step` samples; the last may be shorter."""
    whole = len(samples) // step * step
    blocks = samples[:whole].reshape(-1, step).astype(np.float32)
    found: list[float] = np.sqrt(np.einsum("ij,ij->i", blocks, blocks) / step).tolist()
    if whole < len(samples):
        rest = samples[whole:].astype(np.float32)
        found.append(math.sqrt(float(np.dot(rest, rest)) / len(rest)))
    return found


class Activity:
    """Follows the loudness of one voice."""

    def __init__(self) -> None:
        self._loudest = 0.0
        self._floor = math.inf
        self._has_spoken = False

    def take(self, loudness: float) -> None:
        """The next block."""
        self._loudest = max(loudness, self._loudest * FADING)
        self._floor = max(LEAST_FLOOR, min(loudness, self._floor * RISING))

    def is_quiet(self, loudness: float) -> bool:
        """Whether the block just taken may belong to a pause."""
        return loudness < self._loudest * QUIET

    def is_silence(self, loudness: float) -> bool:
        """Whether nobody can have begun to speak in the block just taken."""
        is_faint = self.is_quiet(loudness) or (not self._has_spoken and loudness < FAINT)
        self._has_spoken |= not is_faint
        if is_faint and loudness > self._floor * FLOOR_TIMES:
            # a softer voice than before: its pauses are measured by itself, as far as they stand out from the line
            self._loudest = max(loudness, self._floor * FLOOR_TIMES / QUIET)
            is_faint = False
        return is_faint
