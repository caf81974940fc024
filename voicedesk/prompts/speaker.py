"""The voice: a process of its own that turns texts into WAV files by pyttsx3.

    python -m voicedesk.prompts.speaker < orders > answers

An order is a line of JSON: `text`, `voice`, `rate` (words a minute), `file`; each is answered by a line `{"error": …}`,
null where the file was written. pyttsx3 is a singleton of its process and keeps state from one text to the next, so
each text is spoken by a child of its own, which is killed if it hangs.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import sys
import threading
from typing import Any

TEXT_SECONDS = 20.0
"""No text takes so long: whoever does hangs."""
ENGINE = "espeak"


def speak(order: dict[str, Any]) -> None:  # pragma: no cover -- in a child of its own
    """Speaks one text into a file. Raises whatever the engine raises, and ValueError for a voice it does not have."""
    import pyttsx3

    engine = pyttsx3.init(ENGINE)
    if order["voice"] not in {voice.id for voice in engine.getProperty("voices")}:
        raise ValueError("there is no such voice")  # the engine itself would stay with another one
    spoken = threading.Event()
    engine.connect("finished-utterance", lambda name, completed: spoken.set())  # noqa: ARG005 -- it calls so
    engine.setProperty("voice", order["voice"])
    engine.setProperty("rate", order["rate"])
    engine.save_to_file(order["text"], order["file"])
    engine.runAndWait()
    spoken.wait()  # it may return while the engine's own thread still speaks


def answer(order: dict[str, Any], deadline_seconds: float = TEXT_SECONDS) -> str | None:
    """Has a child speak one text; what went wrong, None for nothing."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _as_child(order, writing)
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], deadline_seconds)
        if not ready:
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
        importlib.import_module(f"pyttsx3.drivers.{ENGINE}")
    for line in sys.stdin:
        error = answer(json.loads(line))
        sys.stdout.write(json.dumps({"error": error}, ensure_ascii=False) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
