"""A speech worker: a process of its own that hears voices for the service, over its standard input and output.

    python -m voicedesk.speech.worker MODEL_FOLDER

It ends when its input does. Whatever happens in here (a crash of the engine, memory, a file that hangs it) never
touches the following of calls.
"""

import os
import resource
import sys
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from voicedesk.errors import InputError
from voicedesk.speech import frames
from voicedesk.speech.engines import recognizer_of
from voicedesk.speech.fits import answer_as_json, question_from_json
from voicedesk.speech.listening import Listener, Listening
from voicedesk.speech.models import read_model
from voicedesk.speech.transcript import to_json

NICE = 10
"""Hearing yields to the service that follows the calls, and to the switch where it runs on the same machine."""
READ_BYTES = 64 * 1024
"""A second of sound at the usual rates, read at once."""
_PAGE_KIB = resource.getpagesize() // 1024


class Worker:
    """Hears any number of voices side by side, a lump of each at a time."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._voices: dict[int, Listening] = {}

    def answer(self, values: dict[str, Any], sound: bytes) -> dict[str, Any] | None:
        """Does what a message asks; what is to be said to it, if anything.

        What goes wrong over a voice is told as `failed`, costs that voice, and leaves the others as they are.
        """
        number = int(values["voice"])
        try:
            return self._answer(number, values, sound)
        except Exception as error:  # noqa: BLE001  # an engine may raise anything over a sound that it cannot take
            self._voices.pop(number, None)
            return {"voice": number, "failed": f"{type(error).__name__}: {error}"}

    def _answer(self, number: int, values: dict[str, Any], sound: bytes) -> dict[str, Any] | None:
        match values["do"]:
            case "begin":
                rate, names = int(values["rate"]), values.get("names")
                voice = self._listener.begin_names(rate, names) if names else self._listener.begin(rate)
                self._voices[number] = voice
                return None
            case "hear":
                return self._hear(number, sound, is_asked=bool(values["tell"]))
            case "finish":
                transcript = self._voices[number].finish(cut_short=bool(values["cut_short"]))
                return {"voice": number, "transcript": to_json(transcript)}
            case "hear_again":
                return {"voice": number, "transcript": to_json(self._voices[number].hear_again())}
            case "ask":
                answer = self._voices[number].ask(question_from_json(values["question"]))
                return {"voice": number, "answer": answer_as_json(answer)}
            case _:
                self._voices.pop(number, None)
                return None

    def _hear(self, number: int, sound: bytes, *, is_asked: bool) -> dict[str, Any]:
        voice = self._voices[number]
        is_settled = voice.accept(np.frombuffer(sound, np.int16)) or (is_asked and not voice.has_unsettled)
        return {"voice": number, "transcript": to_json(voice.settled()) if is_settled else None}


def serve(model: Path, source: BinaryIO, target: BinaryIO) -> None:
    """Answers messages until there are no more."""

    def say(values: dict[str, Any]) -> None:
        target.write(frames.to_frame({**values, "memory_kib": _memory_kib()}))
        target.flush()

    try:
        worker = Worker(Listener(recognizer_of(read_model(model))))
    except InputError as error:
        say({"error": str(error)})
        return
    say({"ready": True})
    while len(head := source.read(frames.HEAD_BYTES)) == frames.HEAD_BYTES:
        length, sound_length = frames.lengths(head)
        answer = worker.answer(frames.read_values(source.read(length)), source.read(sound_length))
        if answer is not None:
            say(answer)


def _memory_kib() -> int:
    return int(os.pread(_statm().fileno(), 100, 0).split()[1]) * _PAGE_KIB


@cache
def _statm() -> BinaryIO:
    """Told with every answer, so it stays open."""
    return Path("/proc/self/statm").open("rb", buffering=0)


if __name__ == "__main__":
    os.nice(NICE)
    # what a library prints would stand among the answers: they have the output to themselves
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with os.fdopen(os.dup(0), "rb", buffering=READ_BYTES) as questions:
        serve(Path(sys.argv[1]), questions, answers)
