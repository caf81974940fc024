"""An ear that writes down what prompts say, in a process of its own: `python -m voicedesk.prompts.ear MODEL`.

MODEL is the folder of a speech model of either kind. An order is a line of JSON with `file`, a sound as callers hear it
(A-law at 8 kHz, without a header); its answer is {"heard": text, "error": null}, or an error.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from voicedesk.audio.g711 import Samples, decode_alaw
from voicedesk.errors import InputError, SpeechError
from voicedesk.prompts.book import LINE_RATE
from voicedesk.prompts.helper import be_nice
from voicedesk.speech.engines import recognizer_of
from voicedesk.speech.models import read_model
from voicedesk.speech.recognizer import Recognizer

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
        return {"heard": heard or _undoubted(recognizer, samples), "error": None}
    except (OSError, InputError, SpeechError) as error:
        return {"heard": None, "error": str(error)}


def _undoubted(recognizer: Recognizer, samples: Samples) -> str:
    """What a Whisper model writes, where its recogniser doubts that anybody spoke: in a prompt, somebody does."""
    sound = getattr(recognizer, "sound", None)
    encoded = sound.encode(samples, LINE_RATE) if sound is not None else None
    return str(encoded.hear(simplified=True, count=1)[0].text) if encoded is not None and encoded.speech else ""


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
