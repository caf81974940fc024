"""What a telephone line does to a voice, at random but repeatable: room, band, level, noise, companding, tones."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.signal import butter, lfilter, resample_poly

from tools.speech_model.espeak import Samples

LINE_RATE = 8000
# above this the factor of a resampling would make it slow without being heard
_GRAIN = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Samples after the line, and how seconds of the speech before it map on seconds after it."""

    samples: Samples
    offset: float
    factor: float

    def place(self, seconds: float) -> float:
        """Where an instant of the speech is found after the line."""
        return self.offset + seconds / self.factor


def a_law(samples: Samples) -> Samples:
    """Through A-law and back."""
    magnitude = np.minimum(np.abs(samples) / 8, 4095).astype(np.int32)
    segment = np.where(magnitude >= 32, np.log2(np.maximum(magnitude, 1)).astype(np.int32) - 4, 0)
    step = np.where(segment > 0, 1 << np.maximum(segment, 0), 2)
    return (np.sign(samples) * 8 * (magnitude // step * step + step / 2)).astype(np.float32)


def mu_law(samples: Samples) -> Samples:
    """Through mu-law and back, by its smooth curve."""
    scaled = np.clip(samples, -32635, 32635) / 32635
    code = np.round(np.log1p(255 * np.abs(scaled)) / np.log(256) * 127) / 127
    return (np.sign(scaled) * (256.0**code - 1) / 255 * 32635).astype(np.float32)


def root_mean_square(samples: Samples) -> float:
    """Loudness, never quite 0."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)) + 1e-9))


def noise(rng: Generator, count: int) -> Samples:
    """One of: white, coloured, mains hum, fluctuating."""
    white, roll = rng.standard_normal(count).astype(np.float32), rng.random()
    if roll < 0.3:
        return white
    if roll < 0.7:
        return lfilter([1.0], [1, -rng.uniform(0.7, 0.98)], white).astype(np.float32)
    if roll < 0.85:
        return hum(rng, count) + np.float32(0.2) * white
    slow = np.abs(lfilter([0.002], [1, -0.998], rng.standard_normal(count)))
    return (white * slow / (slow.mean() + 1e-9)).astype(np.float32)


def hum(rng: Generator, count: int) -> Samples:
    """Mains hum with its harmonics."""
    angle = 2 * np.pi * rng.choice([50.0, 60.0, 100.0]) * np.arange(count) / LINE_RATE
    tones = [np.sin(angle * n + rng.uniform(0, 6)) / n for n in range(1, 8)]
    return np.sum(tones, axis=0).astype(np.float32)


def with_noise(rng: Generator, samples: Samples, decibels: float) -> Samples:
    """Add noise, so many decibels below the sound."""
    added = noise(rng, len(samples))
    level = root_mean_square(samples) / root_mean_square(added) * 10 ** (-decibels / 20)
    return (samples + added * level).astype(np.float32)


def levelled(samples: Samples, loudness: float) -> Samples:
    """Bring what is audible to a loudness (root mean square in the range of 16-bit integers)."""
    audible = samples[np.abs(samples) > 0.05 * np.abs(samples).max(initial=0) + 1e-6]
    return (samples / root_mean_square(audible if len(audible) else samples) * loudness).astype(np.float32)


def sixteen_bit(samples: Samples) -> Samples:
    """Rounded and clipped as a file would hold it."""
    return np.clip(np.round(samples), -32768, 32767).astype(np.float32)


def to_line_rate(samples: Samples, rate: int, factor: float = 1.0) -> tuple[Samples, float]:
    """Resample to 8 kHz, faster and higher by about `factor`; the exact factor comes back too."""
    down = round(rate * _GRAIN / LINE_RATE * factor)
    return resample_poly(samples, _GRAIN, down).astype(np.float32), down * LINE_RATE / (_GRAIN * rate)


def rough_line(rng: Generator, speech: Samples, rate: int) -> Line:
    """The lines that the model learns from."""
    factor = rng.uniform(0.85, 1.2) if rng.random() < 0.7 else 1.0
    sound, factor = to_line_rate(speech, rate, factor)
    before, after = int(rng.uniform(0.1, 1.0) * LINE_RATE), int(rng.uniform(0.2, 1.0) * LINE_RATE)
    sound = np.pad(sound, (before, after))
    if rng.random() < 0.3:
        sound = _room(rng, sound)
    if rng.random() < 0.6:
        sound = _band(rng, sound)
    if rng.random() < 0.5:
        sound = lfilter([1, rng.uniform(-0.6, 0.6)], [1], sound)
    sound = levelled(sound, 10 ** rng.uniform(2.5, 3.6))
    if rng.random() < 0.75:
        sound = with_noise(rng, sound, rng.uniform(8, 45))
    if rng.random() < 0.08:
        sound[:before] += _ring_back(rng, before)
    sound = _companded(rng, sixteen_bit(sound))
    silent = int(rng.uniform(0.1, 1.0) * LINE_RATE) if rng.random() < 0.05 else 0
    return Line(samples=np.pad(sound, (silent, 0)), offset=(before + silent) / LINE_RATE, factor=factor)


def fair_line(rng: Generator, speech: Samples, rate: int) -> Line:
    """An ordinary A-law line, a little noisy, at the voice's own speed."""
    sound, factor = to_line_rate(speech, rate)
    before, after = int(rng.uniform(0.2, 0.8) * LINE_RATE), int(rng.uniform(0.3, 0.8) * LINE_RATE)
    sound = np.pad(sound, (before, after))
    sound = levelled(_band(rng, sound) if rng.random() < 0.5 else sound, 10 ** rng.uniform(2.9, 3.5))
    sound = a_law(sixteen_bit(with_noise(rng, sound, rng.uniform(18, 35))))
    return Line(samples=sound, offset=before / LINE_RATE, factor=factor)


def _room(rng: Generator, sound: Samples) -> Samples:
    count = int(rng.uniform(0.05, 0.3) * LINE_RATE)
    answer = rng.standard_normal(count) * np.exp(-6.9 * np.arange(count) / count) * rng.uniform(0.03, 0.25)
    answer[0] = 1
    return np.convolve(sound, answer)[: len(sound)].astype(np.float32)


def _band(rng: Generator, sound: Samples) -> Samples:
    edges = [rng.uniform(150, 350) / (LINE_RATE / 2), rng.uniform(3000, 3700) / (LINE_RATE / 2)]
    numerator, denominator = butter(int(rng.integers(1, 4)), edges, "band")
    return lfilter(numerator, denominator, sound).astype(np.float32)


def _ring_back(rng: Generator, count: int) -> Samples:
    """The tail of a ring-back tone before staff speak: nothing to recognise."""
    tone = np.sin(2 * np.pi * 450 * np.arange(count) / LINE_RATE)
    return (10 ** rng.uniform(2, 3.6) * tone).astype(np.float32)


def _companded(rng: Generator, sound: Samples) -> Samples:
    roll = rng.random()
    if roll < 0.6:
        return a_law(sound)
    return mu_law(sound) if roll < 0.75 else sound
