"""The two models that the recipe builds, and every number in which they differ."""

from dataclasses import dataclass

from tools.speech_model.features import FeatureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is built: how much speech it learns from, in what form, and how large the network is."""

    name: str
    features: FeatureKind
    utterances: int
    units: int
    epochs: float
    first_seed: int
    rough_speakers: float = 0.5
    """How far every phone's spectrum is shifted at random, chunk by chunk, as if by other speakers."""
    phrases: str = "phrases.toml"
    """The file of what is said, and of how it parts into words."""


EMBEDDED = Plan(
    name="embedded",
    features=FeatureKind(rate=8000, bins=32, low=100, high=200),
    utterances=30_000,
    units=256,
    epochs=1.4,
    first_seed=1000,
)

# In the shape of a real model of the same toolkit: 16 kHz, cepstra, other words for the same speech.
LOOKALIKE = Plan(
    name="lookalike",
    features=FeatureKind(rate=16_000, bins=40, low=40, high=400, cepstra=40),
    utterances=3_000,
    units=128,
    epochs=5.0,
    first_seed=500_000,
    rough_speakers=0.3,
    phrases="lookalike.toml",
)
