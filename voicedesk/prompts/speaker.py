"""The voice: a process of its own that turns texts into WAV files by pyttsx3's engine, espeak-ng.

    python -m voicedesk.prompts.speaker < orders > answers

An order is a line of JSON: `text`, `voice`, `rate` (words a minute), `file`; each is answered by a line `{"error": …}`,
null where the file was written. The engine is a singleton of its process and keeps state from one text to the next, so
each text is spoken by a child of its own, which is killed if it hangs. It speaks within the call that asks for it:
pyttsx3's own driver has it speak in a thread beside, which still sets the rate while the voice is being loaded, and
of a hundred texts one then comes out at another rate.
"""

import contextlib
import ctypes
import importlib
import json
import os
import signal
import sys
import wave
from typing import Any

from voicedesk.prompts.helper import answers

TEXT_SECONDS = 20.0
"""No text takes so much of a processor: whoever does hangs, and so does whoever did not work at all for so long."""
ENGINE = "pyttsx3.drivers._espeak"
BUFFER_MS = 1000
SAMPLE_BYTES = 2


def speak(order: dict[str, Any]) -> None:  # pragma: no cover -- in a child of its own
    """Speaks one text into a file: the same order always gives the same bytes.

    Raises whatever the engine raises, and ValueError for a voice or a rate that it does not take.
    """
    engine = importlib.import_module(ENGINE)
    rate = engine.Initialize(engine.AUDIO_OUTPUT_SYNCHRONOUS, BUFFER_MS)
    if order["voice"] not in {voice.identifier.decode().lower() for voice in engine.ListVoices()}:
        raise ValueError("there is no such voice")  # the engine itself would stay with another one
    parts: list[bytes] = []

    def hear(samples: Any, count: int, _events: Any) -> int:
        if count > 0:
            parts.append(ctypes.string_at(samples, count * SAMPLE_BYTES))
        return 0

    engine.SetSynthCallback(hear)
    for what, done in (
        ("the voice", engine.SetVoiceByName(order["voice"].encode())),
        ("the rate", engine.SetParameter(engine.RATE, order["rate"], 0)),
        ("the text", engine.Synth(order["text"], flags=engine.ENDPAUSE | engine.CHARS_UTF8)),
    ):
        if done != engine.EE_OK:
            raise ValueError(f"the engine refused {what} ({done})")
    with wave.open(order["file"], "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(rate)
        file.writeframes(b"".join(parts))


def answer(order: dict[str, Any], deadline_seconds: float = TEXT_SECONDS) -> str | None:
    """Has a child speak one text; what went wrong, None for nothing."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _as_child(order, writing)
    os.close(writing)
    try:
        if not answers(reading, pid, deadline_seconds):
            os.kill(pid, signal.SIGKILL)
            return f"the voice hung over it for {deadline_seconds:g} s"
        told = os.read(reading, 4096).decode(errors="replace")
    finally:
        os.close(reading)
        _, status = os.waitpid(pid, 0)
    if told:
        return told.removeprefix("ok") or None
    return f"the voice crashed (status {os.waitstatus_to_exitcode(status)})"


def _as_child(order: dict[str, Any], writing: int) -> None:  # pragma: no cover -- in a child that leaves at once
    try:
        os.dup2(2, 1)  # the engine talks
        speak(order)
        told = "ok"
    except BaseException as error:  # noqa: BLE001 -- it is told, and the child ends
        told = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
    os.write(writing, told.encode()[:4096])
    os._exit(0)


def main() -> None:  # pragma: no cover -- in a process of its own
    """Answers orders until there are no more."""
    with contextlib.suppress(Exception):  # loaded once for all children, three quarters of what each costs; they tell
        importlib.import_module(ENGINE)
    for line in sys.stdin:
        error = answer(json.loads(line))
        sys.stdout.write(json.dumps({"error": error}, ensure_ascii=False) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
