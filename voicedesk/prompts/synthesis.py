"""Speaks texts by the voice's own process, and gives the sound back."""

import contextlib
import json
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
from voicedesk.prompts.book import Pace, Voice
from voicedesk.prompts.pronunciation import Pronunciation, words_of

CURE = "is espeak-ng installed (apt install libespeak-ng1), and does it have this voice?"


class Synthesis:
    """A voice process that is open; `speak` gives one text's sound."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path, pronunciation: Pronunciation) -> None:
        self._process, self._folder, self.pronunciation = process, folder, pronunciation

    @classmethod
    @contextmanager
    def open(cls, pronunciation: Pronunciation) -> Iterator[Self]:
        """Starts the process; it ends with the block."""
        command = (sys.executable, "-m", "voicedesk.prompts.speaker")
        with (
            tempfile.TemporaryDirectory(prefix="voicedesk-") as folder,
            subprocess.Popen(  # noqa: S603 -- our own module, by this very interpreter
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
            ) as process,
        ):
            try:
                yield cls(process, Path(folder), pronunciation)
            finally:
                with contextlib.suppress(BrokenPipeError):
                    process.communicate()

    def speak(self, text: str, voice: Voice, pace: Pace, language: str) -> tuple[Samples, int]:
        """The sound of a text and its rate. Raises InputError with what went wrong, and the cure."""
        file = self._folder / "spoken.wav"
        file.unlink(missing_ok=True)
        words = words_of(text, language, self.pronunciation)
        order = {"text": words, "voice": voice.name, "rate": voice.rate_at(pace), "file": str(file)}
        error = self._ask(order)
        if error:
            raise InputError(f"the voice {voice.name!r} did not speak: {error}: {CURE}")
        sound = read_sound(file)
        return sound.channel(0), sound.rate

    def _ask(self, order: dict[str, object]) -> str | None:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("the process was started with both")  # pragma: no cover
        try:
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            answer = stdout.readline()
        except OSError as error:
            return str(error)
        if not answer:
            return "its process ended"
        told: str | None = json.loads(answer)["error"]
        return told
