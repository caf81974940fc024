"""The latest sound of a voice: found again by its time, and never more of it than is allowed."""

import numpy as np
import pytest
from voicedesk.speech.kept import KeptSound

RATE = 1000


def kept(seconds, *, most=2.0):
    """Sound of which each sample is its own number, kept in blocks of a tenth of a second."""
    sound = KeptSound(RATE, most)
    for start in range(0, int(seconds * RATE), 100):
        sound.add(np.arange(start, start + 100, dtype=np.int16))
    return sound


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [(0.25, 0.5, 250, 499), (-1.0, 0.1, 0, 99), (0.9, 9.0, 900, 999)],
)
def test_a_stretch_is_found_by_its_seconds(start, end, first, last):
    samples, begins = kept(1.0).between(start, end)
    assert (samples[0], samples[-1], begins) == (first, last, pytest.approx(first / RATE))


def test_the_oldest_sound_makes_room_and_times_stay_what_they_were():
    sound = kept(5.0)
    assert sound.begins == pytest.approx(3.0)
    samples, begins = sound.between(2.5, 3.1)
    assert (samples[0], samples[-1], begins) == (3000, 3099, pytest.approx(3.0))
    assert len(sound.between(0.0, 2.9)[0]) == 0


def test_what_is_forgotten_is_gone_in_whole_blocks():
    sound = kept(1.0)
    sound.forget(0.45)
    assert sound.begins == pytest.approx(0.4)
    samples, _ = sound.between(0.0, 1.0)
    assert (samples[0], len(samples)) == (400, 600)
    sound.forget(9.0)
    assert len(sound.between(0.0, 9.0)[0]) == 0


def test_before_any_sound_came_there_is_none():
    samples, begins = KeptSound(RATE).between(0.0, 1.0)
    assert (len(samples), begins) == (0, 0.0)
