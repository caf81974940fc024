"""Which voices the model learns from, and which are kept apart from it."""

import random
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from tools.speech_model.espeak import Voice

HELD_OUT_FILE = Path(__file__).with_name("held_out.toml")

# "rob" ends the process with a wide pitch range; the robots, "croak", "Demonic" and the like are not fit to learn from.
TRAINING = (
    *("", "m1", "m2", "m3", "m5", "m6", "m7", "m8", "f1", "f2", "f4", "f5", "adam", "Alex", "Alicia", "Andrea", "Andy"),
    *("anika", "antonio", "aunty", "belinda", "benjamin", "boris", "caleb", "david", "Denis", "ed", "edward", "Gene"),
    *("grandma", "grandpa", "gustave", "Henrique", "Hugo", "iven", "iven3", "Jacky", "john", "kaukovalta", "Lee"),
    *("marcelo", "Marco", "Mario", "max", "miguel", "Mike", "Mr", "Nguyen", "norbert", "paul", "pedro", "quincy"),
    *("robert", "sandro", "shelby", "steph", "steph3", "travis", "zac", "RicishayMax", "whisperf"),
    *("klatt", "klatt2", "klatt3", "klatt4", "klatt5"),
)


@cache
def held_out() -> dict[str, dict[str, Any]]:
    """Voices, speeds, wordings and names that were kept apart, by what they were kept for."""
    return tomllib.loads(HELD_OUT_FILE.read_text(encoding="utf-8"))


def training_voice(rng: random.Random) -> Voice:
    """A voice to learn from."""
    slow, fast = held_out()["training"]["speeds"]
    return Voice(
        variant=rng.choice(TRAINING),
        speed=rng.randint(slow, fast),
        pitch=rng.randint(10, 90),
        pitch_range=rng.randint(10, 90),
        gap=rng.choice((0, 0, 0, 1, 3)),
    )


def held_out_voice(rng: random.Random, part: str, speeds: tuple[int, int] = (120, 240)) -> Voice:
    """A voice that was kept apart for `part` (tuning or scoring)."""
    return Voice(
        variant=rng.choice(held_out()[part]["voices"]),
        speed=rng.randint(*speeds),
        pitch=rng.randint(20, 80),
        pitch_range=rng.randint(25, 75),
        gap=rng.choice((0, 0, 1)),
    )
