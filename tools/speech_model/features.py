"""The features Kaldi computes with our configuration files (no dither), in numpy: log mel energies and cepstra."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

STEP_SECONDS = 0.010
WINDOW_SECONDS = 0.025
_EMPHASIS = 0.97
_FLOOR = 1.1920929e-07
_LIFTER = 22.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureKind:
    """A configuration of Kaldi's feature computation; `cepstra` 0 means log mel energies."""

    rate: int
    bins: int
    low: float
    high: float
    """Below half the sample rate by so much."""
    cepstra: int = 0

    @property
    def size(self) -> int:
        """Numbers in a frame."""
        return self.cepstra or self.bins

    @property
    def file_name(self) -> str:
        """The configuration file whose presence tells Vosk which kind to compute."""
        return "mfcc.conf" if self.cepstra else "fbank.conf"

    def configuration(self) -> str:
        """That file's text."""
        options = {
            "sample-frequency": self.rate,
            "use-energy": "false",
            "num-mel-bins": self.bins,
            "low-freq": f"{self.low:g}",
            "high-freq": f"-{self.high:g}",
            "dither": 0,
        }
        if self.cepstra:
            options["num-ceps"] = self.cepstra
        return "".join(f"--{name}={value}\n" for name, value in options.items())


def features(samples: Floats, kind: FeatureKind) -> Floats:
    """What a model of this kind sees: a frame of 25 ms every 10 ms, from samples in the range of 16-bit integers."""
    energies = log_mel(samples, kind)
    return energies @ cosines(kind) if kind.cepstra else energies


def log_mel(samples: Floats, kind: FeatureKind) -> Floats:
    """Log mel energies alone; the last incomplete frame is dropped."""
    window, step = round(kind.rate * WINDOW_SECONDS), round(kind.rate * STEP_SECONDS)
    if len(samples) < window:
        return np.zeros((0, kind.bins), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::step]
    frames = frames - frames.mean(axis=1, keepdims=True)
    frames = np.concatenate([frames[:, :1] * (1 - _EMPHASIS), frames[:, 1:] - _EMPHASIS * frames[:, :-1]], axis=1)
    power = np.abs(np.fft.rfft(frames * _taper(window), _fft_size(window))).astype(np.float32) ** 2
    return np.log(np.maximum(power[:, :-1] @ _mel_weights(kind), _FLOOR)).astype(np.float32)


def _fft_size(window: int) -> int:
    return 1 << (window - 1).bit_length()


@cache
def _taper(window: int) -> Floats:
    """Kaldi's "povey" window."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / (window - 1))
    return (hann**0.85).astype(np.float32)


@cache
def _mel_weights(kind: FeatureKind) -> Floats:
    """Triangles, even on the mel scale, over the FFT's bins but its last."""
    size = _fft_size(round(kind.rate * WINDOW_SECONDS))
    corners = np.linspace(_mel(kind.low), _mel(kind.rate / 2 - kind.high), kind.bins + 2)
    places = _mel(np.arange(size // 2) * kind.rate / size)[:, None]
    left, centre, right = corners[:-2], corners[1:-1], corners[2:]
    rising, falling = (places - left) / (centre - left), (right - places) / (right - centre)
    return np.maximum(np.minimum(rising, falling), 0).astype(np.float32)


def _mel(hertz: float | NDArray[np.float64]) -> NDArray[np.float64]:
    return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)


@cache
def cosines(kind: FeatureKind) -> Floats:
    """Discrete cosine transform with Kaldi's lifter, log mel energies to cepstra."""
    order = np.arange(kind.cepstra)
    angles = np.pi / kind.bins * (np.arange(kind.bins)[:, None] + 0.5) * order
    matrix = np.cos(angles) * np.sqrt(2.0 / kind.bins)
    matrix[:, 0] = np.sqrt(1.0 / kind.bins)
    return (matrix * (1.0 + 0.5 * _LIFTER * np.sin(np.pi * order / _LIFTER))).astype(np.float32)
