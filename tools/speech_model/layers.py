"""A layer of the network as Kaldi computes it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Affine:
    """`weights` (out × in·offsets, offset by offset) and `bias`, applied to the inputs at `offsets` in time."""

    offsets: tuple[int, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
