"""Callers of the IVR: what the switch needs to speak to them, and ears that understand what they hear."""

import fcntl
import os
import shutil
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from tests.testbed.call import Call
from tests.testbed.install_asterisk import cache_directory
from tests.testbed.plan import Plan
from voicedesk.audio.g711 import decode_alaw
from voicedesk.catalogue.load import load_catalogue
from voicedesk.hall.prompts import menu_of
from voicedesk.ivr.model import Menu
from voicedesk.prompts.book import Pace, PromptBook, Voice
from voicedesk.prompts.build import build_spoken, missing, wanted_texts
from voicedesk.prompts.check import PromptCheck
from voicedesk.prompts.named import publish_named
from voicedesk.prompts.pronunciation import shipped_pronunciation
from voicedesk.prompts.synthesis import Synthesis
from voicedesk.prompts.texts import load_frames
from voicedesk.speech.listening import bare_syllables
from voicedesk.speech.models import embedded_model
from voicedesk.speech.syllables import blurred
from voicedesk.speech.vosk_engine import VoskRecognizer
from voicedesk.texts_folder import shipped_texts

# quick ones, for a call lasts as long as its prompts; the ears still understand them
VOICES = {
    "zh_CN": Voice(name="sit/cmn-latn-pinyin", rate=200, slow_rate=120),
    "en": Voice(name="gmw/en-us", rate=200, slow_rate=120),
}
RATE = 8000


def built_prompts() -> PromptBook:
    """Every prompt of the shipped texts, kept for this user between runs: only what changed is spoken again."""
    book = PromptBook(cache_directory() / "prompts", VOICES)
    catalogue = load_catalogue(shipped_texts() / "zh_CN")
    items = catalogue.spoken_on(_today(), samples=True)
    frames = load_frames(shipped_texts())
    wanted = wanted_texts(frames, (group.name for group in catalogue.groups), items)
    book.folder.mkdir(parents=True, exist_ok=True)
    folder = os.open(book.folder, os.O_RDONLY)
    with Synthesis.open(shipped_pronunciation()) as synthesis:
        fcntl.flock(folder, fcntl.LOCK_EX)  # of several test processes one speaks, and the others find it spoken
        orders = [(one, pace) for one, pace in missing(wanted, book) if pace is Pace.NORMAL]
        built = build_spoken(orders, book, synthesis, PromptCheck(None))
        publish_named(book, frames)
    os.close(folder)
    assert built.failed == []
    return book


def sample_menu() -> Menu:
    """What callers may be told today, as the service tells it with `[notices] samples`."""
    return menu_of(load_catalogue(shipped_texts() / "zh_CN"), _today(), samples=True)


SILENT_HALL = "Demo hall"
"""A name that is not said: so every text has a sound, and the service builds none beside the calls of a test."""


def ivr_settings(plan: Plan, run: Path, book: PromptBook, **more: dict[str, object]) -> dict[str, dict[str, object]]:
    """Settings of a service whose IVR speaks `book` on the switch whose directories are in `run`."""
    prompts = run / "prompts"
    if not any(prompts.iterdir()):
        shutil.copytree(book.folder, prompts, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sln16"))
    listen = f"{plan.network.switch}:{plan.network.agi_port}"
    return {
        "notices": {"samples": True},
        "prompts": {"folder": str(prompts), "engine": "pyttsx3", "rate": VOICES["zh_CN"].rate},
        "ivr": {"listen": listen, "folder": str(run / "callers"), **more.pop("ivr", {})},
        **more,
    }


def _today() -> date:
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


class Ears:
    """Understands what a caller's phone heard, as bare syllables."""

    def __init__(self) -> None:
        self._recognizer = VoskRecognizer(embedded_model())
        self._bare = bare_syllables(self._recognizer.model)

    def share(self, call: Call, text: str) -> float:
        """The share of a text's syllables that were heard in this call, in their order."""
        return self.share_of(self.heard(call), text)

    def which(self, call: Call, texts: list[str], *, since: int) -> str:
        """The text of which the largest share was heard."""
        heard = self.heard(call, since=since)
        return max(texts, key=lambda text: (self.share_of(heard, text), len(text)))

    def heard(self, call: Call, *, since: int = 0, until: int | None = None) -> list[frozenset[str]]:
        """The syllables that a call's phone heard, from one of its samples on, and up to another."""
        assert call.media is not None
        hearing = self._recognizer.hear(RATE, self._bare)
        hearing.accept(
            np.concatenate([decode_alaw(bytes(call.media.heard[since:until])), np.zeros(RATE // 2, np.int16)])
        )
        return [blurred(character) for word in hearing.finish() for character in word.text]

    def share_of(self, heard: list[frozenset[str]], text: str) -> float:
        """The share of a text's syllables among others, in their order and close together."""
        wanted = [blurred(character) for character in text if "\u3400" <= character <= "\u9fff"]
        best, row = 0, [0] * (len(wanted) + 1)
        for other in heard:
            before, row = row, [0]
            for place, syllable in enumerate(wanted):
                row.append(before[place] + 1 if syllable & other else max(before[place + 1], row[place]))
            best = max(best, row[-1])
        return best / len(wanted)
