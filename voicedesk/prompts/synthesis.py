"""Speaks texts by the voice of any engine, each in a process of its own, and gives the sound back.

pyttsx3 and Kokoro stay open and take one order after another; Piper and a hall's own program are started for each text.
"""

import contextlib
import json
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from voicedesk.audio.g711 import Samples
from voicedesk.audio.wav import read_sound
from voicedesk.errors import InputError
from voicedesk.prompts.book import COMMAND, KOKORO, PIPER, PYTTSX3, Pace, Voice
from voicedesk.prompts.program import run_program
from voicedesk.prompts.pronunciation import Pronunciation, words_of

MODULES = {PYTTSX3: "voicedesk.prompts.speaker", KOKORO: "voicedesk.prompts.kokoro"}
CURES = {
    PYTTSX3: "is espeak-ng installed (apt install libespeak-ng1), and does it have this voice?",
    KOKORO: "is the extra installed (pip install 'voicedesk[voice]'), and does it have this voice?",
    PIPER: "is the program `piper` installed, and is [prompts] model its .onnx file?",
    COMMAND: "see [prompts] command in the settings",
}
ANSWER_SECONDS = 120.0
"""No text takes an engine so long, on a busy core either; whoever does hangs, and is ended."""


class Synthesis:
    """Engines that are open; `speak` gives one text's sound."""

    def __init__(self, folder: Path, pronunciation: Pronunciation) -> None:
        self._folder, self.pronunciation = folder, pronunciation
        self._processes: dict[str, subprocess.Popen[str]] = {}

    @classmethod
    @contextmanager
    def open(cls, pronunciation: Pronunciation) -> Iterator[Self]:
        """Starts each engine when it is first needed; they end with the block."""
        with tempfile.TemporaryDirectory(prefix="voicedesk-") as folder:
            synthesis = cls(Path(folder), pronunciation)
            try:
                yield synthesis
            finally:
                for engine in tuple(synthesis._processes):
                    synthesis._end(engine)

    def speak(self, text: str, voice: Voice, pace: Pace, language: str) -> tuple[Samples, int]:
        """The sound of a text and its rate. Raises InputError with what went wrong, and the cure."""
        file = self._folder / "spoken.wav"
        file.unlink(missing_ok=True)
        words = words_of(text, language, self.pronunciation, pinyin=voice.takes_pinyin)
        if voice.engine in MODULES:
            order = {"text": words, "voice": voice.name, "rate": voice.rate_at(pace), "file": str(file)}
            error = self._ask(voice.engine, order | ({"model": voice.model} if voice.model else {}))
        else:
            error = run_program(voice, words, voice.rate_at(pace), file)
        if error:
            raise InputError(f"the voice {voice.name!r} did not speak: {error}: {CURES[voice.engine]}")
        sound = read_sound(file)
        return sound.channel(0), sound.rate

    def _ask(self, engine: str, order: dict[str, object]) -> str | None:
        process = self._processes.get(engine) or self._start(engine)
        stdin, stdout = process.stdin, process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("the process was started with both")  # pragma: no cover
        try:
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            ready, _, _ = select.select([stdout], [], [], ANSWER_SECONDS)
            answer = stdout.readline() if ready else ""
        except OSError as error:
            self._end(engine)
            return str(error)
        if not answer:
            self._end(engine)
            return "its process ended" if ready else f"it did not answer in {ANSWER_SECONDS:g} s"
        told: str | None = json.loads(answer)["error"]
        return told

    def _start(self, engine: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(  # noqa: S603 -- our own module, by this very interpreter
            (sys.executable, "-m", MODULES[engine]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        self._processes[engine] = process
        return process

    def _end(self, engine: str) -> None:
        """Ends an engine's process; the next text starts another."""
        process = self._processes.pop(engine)
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        process.wait()
