"""Which fixtures there are: every story in several voices, every condition, every sound that is no speech."""

import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools.audio_fixtures.conditions import DOUBTFUL, NOT_SPEECH, ORDINARY, Condition, Scene
from tools.audio_fixtures.recording import Told
from tools.audio_fixtures.sidecar import description, silence_description, write_fixture
from tools.audio_fixtures.stories import DEPARTMENT, HELLO, MATTER, STORIES, Story, Telling, forbidden, wei_alone
from tools.speech_model.espeak import Espeak, EspeakError, Voice
from tools.speech_model.voices import TRAINING, held_out

_ADVERSE = STORIES[9:13]
_TRIES = 9
_SOON_SECONDS = 9.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One fixture to be made; everything about it follows from its own name."""

    story: Callable[[Telling], Story]
    condition: Condition
    part: str
    number: int

    @property
    def name(self) -> str:
        """The fixture's file name without its ending."""
        return f"{self.number:04}_{self.part}_{self.condition.name}"


def kept() -> Iterator[Order]:
    """The fixtures that lie in the repository."""
    number = 0
    plain = ORDINARY[0]
    for story in STORIES:
        for part in ("scoring", "scoring", "scoring", "scoring", "training"):
            yield Order(story=story, condition=plain, part=part, number=(number := number + 1))
    for condition in ORDINARY[1:]:
        for story in (STORIES[0], STORIES[0], forbidden, _ADVERSE[number % len(_ADVERSE)]):
            yield Order(story=story, condition=condition, part="scoring", number=(number := number + 1))
    for condition in DOUBTFUL:
        for story in (STORIES[0], STORIES[0], STORIES[0], wei_alone):
            yield Order(story=story, condition=condition, part="scoring", number=(number := number + 1))
    for condition in NOT_SPEECH:
        yield Order(story=STORIES[0], condition=condition, part="scoring", number=(number := number + 1))


def many(count: int, first: int = 10_000) -> Iterator[Order]:
    """As many more as wanted, at random but the same each time: two in three compliant, half of all doubtful."""
    for number in range(first, first + count):
        rng = random.Random(number)
        story = STORIES[0] if rng.random() < 0.6 else rng.choice(STORIES)
        condition = rng.choice(DOUBTFUL) if rng.random() < 0.5 else rng.choice(ORDINARY)
        yield Order(story=story, condition=condition, part="scoring", number=number)


def make(espeak: Espeak, order: Order, folder: Path) -> None:
    """Make one fixture."""
    for attempt in range(_TRIES):
        rng = random.Random(zlib.crc32(f"{order.name} {attempt}".encode()))
        story = order.story(Telling(rng, held_out_wording=order.part != "training" and rng.random() < 0.5))
        scene = Scene(
            espeak=espeak, story=story, voice=_voice(rng, order.part), draw=np.random.default_rng(order.number)
        )
        try:
            told = order.condition.happens(scene)
        except EspeakError:
            continue
        if not _in_time(story, told):
            continue
        if order.condition.speech:
            content = description(story, scene.voice, order.condition, told)
            name = f"{order.number:04}_{story.name}_{scene.voice.variant or 'default'}_{order.condition.name}"
        else:
            content, name = silence_description(order.condition), f"{order.number:04}_nobody_{order.condition.name}"
        write_fixture(folder, name, told, content, mu_law=order.condition.mu_law)
        return
    raise EspeakError(f"the synthesiser would not say {order.name}")


def _in_time(story: Story, told: Told) -> bool:
    """A greeting that is not meant to be late ends well before the ten seconds are over."""
    ends = [part.end for part in told.parts if part.name in (HELLO, DEPARTMENT, MATTER)]
    return story.name == "late_end" or not ends or max(ends) < _SOON_SECONDS


def _voice(rng: random.Random, part: str) -> Voice:
    """A voice and speed kept apart, or for `training` one learned from."""
    slow, fast = held_out()["scoring"]["speeds"]
    speeds = (
        rng.choice(((120, 240), (120, 240), (120, 240), tuple(slow), tuple(fast))) if part != "training" else (120, 240)
    )
    variants = TRAINING if part == "training" else held_out()[part]["voices"]
    return Voice(
        variant=rng.choice(variants),
        speed=rng.randint(*speeds),
        pitch=rng.randint(25, 75),
        pitch_range=rng.randint(30, 70),
    )


def make_all(orders: Iterator[Order], folder: Path) -> int:
    """Make fixtures in place of what the folder held; one process, one order: the same files each time."""
    for old in (*folder.glob("*.wav"), *folder.glob("*.json")):  # those in natural voices lie in a folder below
        old.unlink()
    espeak, count = Espeak(), 0
    for order in orders:
        make(espeak, order, folder)
        count += 1
        print(f"\rfixtures: {count}", end="", flush=True)
    print()
    return count
