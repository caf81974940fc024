"""What a line carries that is not speech: noise, ring-back and busy tones, keys, music, clicks."""

import numpy as np
from numpy.random import Generator

from tools.speech_model.channel import LINE_RATE, a_law, noise, root_mean_square, sixteen_bit
from tools.speech_model.espeak import Samples

KEY_ROWS, KEY_COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477)
# seconds on, seconds from one beginning to the next
_CADENCES = ((1.0, 5.0), (0.35, 0.7), (0.1, 0.3), (0.3, 0.4), (9.0, 10.0))


def not_speech(rng: Generator) -> Samples:
    """Two to six seconds of it, as a file would hold it."""
    count = int(rng.uniform(2, 6) * LINE_RATE)
    seconds = np.arange(count) / LINE_RATE
    sound = noise(rng, count)
    sound = sound / root_mean_square(sound) * 10 ** rng.uniform(0.3, 3.3)
    roll = rng.random()
    if roll < 0.25:
        pitch = rng.choice([425, 440, 450, 450, 480])
        sound = sound + _gate(rng, seconds) * 10 ** rng.uniform(2, 4) * np.sin(2 * np.pi * pitch * seconds)
    elif roll < 0.40:
        sound = sound + _gate(rng, seconds) * 10 ** rng.uniform(2, 3.8) * keys(rng, seconds)
    elif roll < 0.70:
        sound = sound + 10 ** rng.uniform(2, 3.3) * music(rng, seconds)
    elif roll < 0.78:
        sound = sound + (rng.random(count) < 2e-4) * rng.standard_normal(count) * 10 ** rng.uniform(3, 4)
    sound = sixteen_bit(sound.astype(np.float32))
    return a_law(sound) if rng.random() < 0.6 else sound


def keys(rng: Generator, seconds: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Samples:
    """The two tones of a telephone key."""
    row, column = rng.choice(KEY_ROWS), rng.choice(KEY_COLUMNS)
    return (np.sin(2 * np.pi * row * seconds) + np.sin(2 * np.pi * column * seconds)).astype(np.float32)


def music(rng: Generator, seconds: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Samples:
    """Plucked voices of a chord, each at its own pace."""
    sound = np.zeros(len(seconds))
    for _ in range(rng.integers(2, 7)):
        pitch, every = 110 * 2 ** (rng.integers(0, 40) / 12), rng.uniform(0.2, 1.5)
        decay = np.exp(-((seconds + rng.uniform(0, every)) % every) / rng.uniform(0.1, 1))
        dullness = rng.uniform(0.5, 2)
        sound += decay * sum(np.sin(2 * np.pi * pitch * n * seconds) / n**dullness for n in range(1, 5))
    return sound.astype(np.float32)


def _gate(rng: Generator, seconds: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Samples:
    on, every = _CADENCES[rng.integers(len(_CADENCES))]
    return ((seconds + rng.uniform(0, every)) % every < on).astype(np.float32)
