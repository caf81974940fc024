"""G.711: the two codes of telephone sound, 8 bits a sample, by table (ITU-T G.711)."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]


def _alaw_table() -> Samples:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _ulaw_table() -> Samples:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


_ALAW, _ULAW = _alaw_table(), _ulaw_table()


def decode_alaw(data: bytes) -> Samples:
    """A-law bytes as linear samples of 16 bits."""
    return _ALAW[np.frombuffer(data, np.uint8)]


def decode_ulaw(data: bytes) -> Samples:
    """µ-law bytes as linear samples of 16 bits."""
    return _ULAW[np.frombuffer(data, np.uint8)]


def encode_alaw(samples: Samples) -> bytes:
    """Linear samples as A-law: each as the code whose value is nearest."""
    return _nearest(_ALAW, samples)


def encode_ulaw(samples: Samples) -> bytes:
    """Linear samples as µ-law: each as the code whose value is nearest."""
    return _nearest(_ULAW, samples)


def _nearest(table: Samples, samples: Samples) -> bytes:
    codes = np.argsort(table, kind="stable")
    values = table[codes].astype(np.int32)
    middles = (values[1:] + values[:-1]) / 2
    return bytes(codes[np.searchsorted(middles, samples)].astype(np.uint8))
