"""Features as Kaldi computes them; the figures to compare with come from the toolkit's own arithmetic, written out."""

import math

import numpy as np
import pytest
from tools.speech_model.features import FeatureKind, features, log_mel
from tools.speech_model.plans import EMBEDDED, LOOKALIKE

TELEPHONE = FeatureKind(rate=8000, bins=32, low=100, high=200)


def _tone(pitch: float, rate: int = 8000, seconds: float = 0.2) -> np.ndarray:
    return (8000 * np.sin(2 * np.pi * pitch * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


def _one_frame_slowly(samples: np.ndarray, kind: FeatureKind) -> list[float]:
    """The definition, number by number."""
    window = kind.rate // 40
    size = 2 ** math.ceil(math.log2(window))
    frame = [float(x) for x in samples[:window]]
    mean = sum(frame) / window
    frame = [x - mean for x in frame]
    frame = [x - 0.97 * frame[max(0, n - 1)] for n, x in enumerate(frame)]
    frame = [x * (0.5 - 0.5 * math.cos(2 * math.pi * n / (window - 1))) ** 0.85 for n, x in enumerate(frame)]
    power = [
        abs(sum(x * np.exp(-2j * math.pi * k * n / size) for n, x in enumerate(frame))) ** 2 for k in range(size // 2)
    ]

    def mel(hertz: float) -> float:
        return 1127 * math.log(1 + hertz / 700)

    low, high = mel(kind.low), mel(kind.rate / 2 - kind.high)
    step = (high - low) / (kind.bins + 1)
    energies = []
    for number in range(kind.bins):
        left, centre, right = (low + (number + n) * step for n in range(3))
        total = 0.0
        for k, energy in enumerate(power):
            place = mel(k * kind.rate / size)
            if left < place <= centre:
                total += energy * (place - left) / (centre - left)
            elif centre < place < right:
                total += energy * (right - place) / (right - centre)
        energies.append(math.log(max(total, 1.1920929e-07)))
    return energies


def test_a_frame_is_what_the_definition_gives() -> None:
    samples = _tone(440) + _tone(1333) + np.random.default_rng(1).normal(0, 50, 1600).astype(np.float32)
    assert log_mel(samples, TELEPHONE)[0] == pytest.approx(_one_frame_slowly(samples, TELEPHONE), abs=2e-3)


def test_there_is_a_frame_every_10_ms_and_the_incomplete_one_is_dropped() -> None:
    assert features(np.zeros(200 + 80 * 7 + 79, np.float32), TELEPHONE).shape == (8, 32)
    assert features(np.zeros(199, np.float32), TELEPHONE).shape == (0, 32)


def test_silence_lies_on_the_floor() -> None:
    assert features(np.zeros(400, np.float32), TELEPHONE) == pytest.approx(math.log(1.1920929e-07), abs=1e-4)


def test_a_constant_offset_changes_nothing() -> None:
    noisy = _tone(700) + np.random.default_rng(2).normal(0, 50, 1600).astype(np.float32)
    assert features(noisy + 1000, TELEPHONE) == pytest.approx(features(noisy, TELEPHONE), abs=0.05)


def test_a_higher_tone_lies_in_a_higher_bin() -> None:
    loudest = [int(features(_tone(pitch), TELEPHONE)[3].argmax()) for pitch in (200, 500, 1000, 2000, 3500)]
    assert loudest == sorted(set(loudest))


def test_cepstra_are_the_liftered_cosine_transform_of_the_energies() -> None:
    kind = FeatureKind(rate=16_000, bins=40, low=40, high=400, cepstra=40)
    samples = _tone(900, 16_000) + np.random.default_rng(3).normal(0, 50, 3200).astype(np.float32)
    energies = log_mel(samples, kind)[5].astype(float)
    for order in (0, 1, 7, 39):
        basis = [math.cos(math.pi / 40 * (n + 0.5) * order) for n in range(40)]
        scale = math.sqrt((1 if order == 0 else 2) / 40) * (1 + 11 * math.sin(math.pi * order / 22))
        want = scale * sum(a * b for a, b in zip(energies, basis, strict=True))
        assert features(samples, kind)[5, order] == pytest.approx(want, rel=1e-3, abs=1e-2)


@pytest.mark.parametrize(("plan", "name", "size"), [(EMBEDDED, "fbank.conf", 32), (LOOKALIKE, "mfcc.conf", 40)])
def test_the_configuration_file_says_what_is_computed(plan, name: str, size: int) -> None:
    kind = plan.features
    options = dict(line.removeprefix("--").split("=") for line in kind.configuration().splitlines())
    assert (kind.file_name, kind.size) == (name, size)
    assert options["sample-frequency"] == str(kind.rate)
    assert options["num-mel-bins"] == str(kind.bins)
    assert options["dither"] == "0"
    assert ("num-ceps" in options) == bool(kind.cepstra)
