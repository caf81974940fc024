"""An ear that writes down what prompts say, in a process of its own: `python -m voicedesk.prompts.ear MODEL`.

MODEL is the folder of a speech model of either kind. An order is a line of JSON with `file`, a sound as callers hear it
(A-law at 8 kHz, without a header); its answer is {"heard": text, "error": null}, or an error.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from voicedesk.audio.g711 import decode_alaw
from voicedesk.errors import InputError, SpeechError, reason_of
from voicedesk.prompts.book import LINE_RATE
from voicedesk.prompts.helper import be_nice
from voicedesk.speech.engines import recognizer_of
from voicedesk.speech.fits import Question
from voicedesk.speech.models import read_model
from voicedesk.speech.recognizer import ComparingHearing, Hearing, Recognizer

_BEFORE = np.zeros(LINE_RATE // 4, np.int16)
_AFTER = np.zeros(LINE_RATE // 2, np.int16)
"""A recogniser takes a word that begins or ends with the sound itself for cut off."""


def answer(recognizer: Recognizer, order: dict[str, Any]) -> dict[str, str | None]:
    """What is heard in the file of an order, or what went wrong."""
    try:
        samples = np.concatenate([_BEFORE, decode_alaw(Path(order["file"]).read_bytes()), _AFTER])
        hearing = recognizer.hear(LINE_RATE)
        hearing.accept(samples)
        heard = "".join(word.text for word in hearing.finish())
        return {"heard": heard or _undoubted(hearing), "error": None}
    except (OSError, InputError, SpeechError) as error:
        return {"heard": None, "error": reason_of(error)}


def _undoubted(hearing: Hearing) -> str:
    """What a Whisper model writes, where its recogniser doubts that anybody spoke: in a prompt, somebody does."""
    if not isinstance(hearing, ComparingHearing):
        return ""
    texts = hearing.ask(Question(kind="hear")).hearings
    return texts[0].text if texts else ""


def main() -> None:  # pragma: no cover -- in a process of its own
    """Answers orders until there are no more; a model that cannot be loaded is the answer to each."""
    be_nice()
    recognizer, wrong = None, None
    try:
        recognizer = recognizer_of(read_model(Path(sys.argv[1])))
    except InputError as error:
        wrong = {"heard": None, "error": str(error)}
    for line in sys.stdin:
        told = wrong if recognizer is None else answer(recognizer, json.loads(line))
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
