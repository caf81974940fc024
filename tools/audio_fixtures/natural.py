"""Fixtures in natural voices: `python -m tools.audio_fixtures.natural`, or into another folder with `… FOLDER`.

Greetings, brush-offs and callers' requests by Kokoro (it needs the extra `voice`, and scipy): five voices and mixtures
of them, several speeds, every condition of a line. No rule and no limit may be tuned on them. The same command gives
the same texts and conditions each time; the runtime may round single samples otherwise on another processor.
"""

import random
import shutil
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from voicedesk.data_packages import joined
from voicedesk.prompts.kokoro import DATA, SAMPLE_RATE, VOICES, Kokoro
from voicedesk.prompts.pronunciation import shipped_pronunciation

from tools.audio_fixtures.conditions import DOUBTFUL, ORDINARY, Condition, Scene
from tools.audio_fixtures.sidecar import LICENCE, description, write_fixture
from tools.audio_fixtures.stories import STORIES, Story, Telling, compliant, forbidden
from tools.speech_model.channel import LINE_RATE
from tools.speech_model.espeak import Speech, Stretch, Voice
from tools.speech_model.phrases import Part

FOLDER = Path(__file__).parents[2] / "audio_fixtures" / "natural"
ORIGIN = "synthesised with Kokoro v1.0 (Apache-2.0) for this project; nobody's voice"
KEPT_APART = ("jf_nezumi", "jf_nezumi+jf_tebukuro")
"""Never listened to while rules or limits are made."""
MANNERS = (*VOICES, "jm_kumo+jf_alpha", "jf_gongitsune+jf_tebukuro", KEPT_APART[1])
ORDINARY_SPEED = 160
REQUESTS = (
    ("我想办失业保险金申领", "unemployment_benefit"),
    ("社会保障卡补领", "card_replacement"),
    ("工伤认定申请", "work_injury"),
    ("我要咨询养老保险关系转移", "relation_transfer"),
    ("劳动仲裁", "arbitration"),
    ("请问退休怎么办理", "retirement"),
    ("医保怎么交", "medical_insurance"),
    ("公积金", "housing_fund"),
)
_OF_ESPEAK = ("read_as_", "robot", "formants_")
"""How the names of those conditions begin that only espeak-ng can make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One fixture to be made."""

    number: int
    story: Callable[[Telling], Story]
    condition: Condition
    item: str = ""


class NaturalSpeaker:
    """Says what `Espeak` says, by Kokoro; `variant` is its voice. When each word is heard is an estimate."""

    def __init__(self) -> None:
        self._kokoro = Kokoro(joined(DATA))
        self._pronunciation = shipped_pronunciation()

    def say(self, phrases: Sequence[str], voice: Voice, _pauses: Sequence[str] = ()) -> Speech:
        """Phrases in one breath, with a short pause where a mark stands between them."""
        text = phrases[0] + "".join(f"，{phrase}" for phrase in phrases[1:])
        name = voice.variant if voice.variant.split("+")[0] in VOICES else VOICES[1]
        pinyin = self._pronunciation.of(text.replace(" ", "") + "。")
        sound = self._kokoro.speak(pinyin, name, voice.speed / ORDINARY_SPEED)
        loud = np.flatnonzero(np.abs(sound.astype(np.int32)) > 300)
        spoken = sound[loud[0] : loud[-1] + SAMPLE_RATE // 20].astype(np.float32)
        return Speech(
            samples=spoken, rate=SAMPLE_RATE, phones=(), words=_shared_out(phrases, len(spoken) / SAMPLE_RATE)
        )


def _shared_out(phrases: Sequence[str], seconds: float) -> tuple[Stretch, ...]:
    """When each word is heard if all syllables take equally long, and a mark as long as one: an estimate."""
    each = seconds / (sum(len(phrase.replace(" ", "")) for phrase in phrases) + len(phrases) - 1)
    at, words = 0.0, []
    for phrase in phrases:
        for word in phrase.split():
            words.append(Stretch(name=word, start=at, end=at + each * len(word)))
            at += each * len(word)
        at += each
    return tuple(words)


def orders() -> Iterator[Order]:
    """Every story, every condition with a compliant greeting and a brush-off or a fault, every request."""
    number = 0
    for story in STORIES:
        yield Order(number=(number := number + 1), story=story, condition=ORDINARY[0])
    usable = [one for one in (*ORDINARY[1:], *DOUBTFUL) if not one.name.startswith(_OF_ESPEAK)]
    for place, condition in enumerate(usable):
        for story in (compliant, forbidden if place % 2 else STORIES[6 + place % 7]):
            yield Order(number=(number := number + 1), story=story, condition=condition)
    for text, item in REQUESTS:
        yield Order(number=(number := number + 1), story=_request(text), condition=ORDINARY[0], item=item)


def _request(text: str) -> Callable[[Telling], Story]:
    part = Part("request", text)
    return lambda _: Story(name="request", parts=(part,), department="", verdict="cannot_tell")


def make(speaker: NaturalSpeaker, order: Order, folder: Path) -> None:
    """Makes one fixture and its sidecar."""
    rng = random.Random(zlib.crc32(f"natural {order.number}".encode()))
    story = order.story(Telling(rng, held_out_wording=rng.random() < 0.5))
    manner = MANNERS[order.number % len(MANNERS)]
    voice = Voice(variant=manner, speed=rng.choice((130, 145, 160, 160, 175, 190)))
    scene: Any = Scene(espeak=speaker, story=story, voice=voice, draw=np.random.default_rng(order.number))
    told = order.condition.happens(scene)
    content = description(story, voice, order.condition, told)
    content |= {
        "voice": {"engine": "kokoro", "name": manner, "rate": voice.speed},
        "origin": ORIGIN,
        "licence": LICENCE,
    }
    content["held_out"] = {**content["held_out"], "voice": manner in KEPT_APART}
    content["times"] = "estimated"
    content["seconds"] = round(len(told.samples) / LINE_RATE, 3)
    if order.item:
        content = {key: content[key] for key in ("text", "voice", "condition", "origin", "licence", "seconds")}
        content["item"] = order.item
    name = f"{order.number:04}_{story.name}_{manner.replace('+', '-')}_{order.condition.name}"
    write_fixture(folder, name, told, content, mu_law=order.condition.mu_law)


def main() -> None:
    """Makes all of them in place of what the folder held."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    speaker, count = NaturalSpeaker(), 0
    for order in orders():
        make(speaker, order, folder)
        count += 1
    print(f"{count} fixtures in {folder}")


if __name__ == "__main__":
    main()
