"""A fixture on disk: an A-law or mu-law WAV of 8 kHz, and a JSON file beside it that says what is in it."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from voicedesk.audio.g711 import encode_alaw, encode_ulaw

from tools.audio_fixtures.conditions import Condition
from tools.audio_fixtures.recording import Told
from tools.audio_fixtures.stories import Story
from tools.speech_model.channel import LINE_RATE
from tools.speech_model.espeak import Samples, Voice
from tools.speech_model.voices import TRAINING, held_out

_A_LAW, _MU_LAW = 6, 7
ORIGIN = "synthesised with espeak-ng for this project; nobody's voice"
LICENCE = "Apache-2.0"


def write_fixture(folder: Path, name: str, told: Told, content: dict[str, Any], *, mu_law: bool) -> None:
    """Write NAME.wav and NAME.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.wav").write_bytes(wav(told.samples, mu_law=mu_law))
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    (folder / f"{name}.json").write_text(text, encoding="utf-8")


def wav(samples: Samples, *, mu_law: bool) -> bytes:
    """A WAV file of one byte a sample."""
    linear = np.clip(np.round(samples), -32768, 32767).astype(np.int16)
    data = encode_ulaw(linear) if mu_law else encode_alaw(linear)
    layout = struct.pack("<HHIIHHH", _MU_LAW if mu_law else _A_LAW, 1, LINE_RATE, LINE_RATE, 1, 8, 0)
    body = _chunk(b"fmt ", layout) + _chunk(b"fact", struct.pack("<I", len(data))) + _chunk(b"data", data)
    return _chunk(b"RIFF", b"WAVE" + body)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def description(story: Story, voice: Voice, condition: Condition, told: Told) -> dict[str, Any]:
    """What is said when, the verdict due, and where the sound comes from. Times are seconds from the first sample."""
    texts = [part.text.replace(" ", "") for part in story.parts]
    return {
        "text": " ".join(texts),
        "words": [{"word": w.name, "start_seconds": _ms(w.start), "end_seconds": _ms(w.end)} for w in told.words],
        "parts": [
            {"part": p.name, "text": text, "start_seconds": _ms(p.start), "end_seconds": _ms(p.end)}
            for p, text in zip(told.parts, texts if told.parts else (), strict=True)
        ],
        "story": story.name,
        "department": story.department,
        "others": list(story.others),
        "expected": _expected(story, condition),
        "voice": {
            "variant": voice.variant or "default",
            "words_a_minute": voice.speed,
            "pitch": voice.pitch,
            "pitch_range": voice.pitch_range,
        },
        "held_out": _kept_apart(story, voice),
        "condition": condition.name,
        "origin": ORIGIN,
        "licence": LICENCE,
    }


def silence_description(condition: Condition) -> dict[str, Any]:
    """The same for a sound in which nobody speaks."""
    return {
        "text": "",
        "words": [],
        "parts": [],
        "story": "nobody_speaks",
        "department": "社保中心",
        "others": [],
        "expected": _verdicts(["cannot_tell"]),
        "condition": condition.name,
        "origin": ORIGIN,
        "licence": LICENCE,
    }


def _expected(story: Story, condition: Condition) -> dict[str, Any]:
    """`verdicts` are those that are right, the best first; where sound is doubtful, not being sure is right too."""
    unsure = ["cannot_tell"] if condition.doubtful or story.unforeseen_name else []
    expected = _verdicts([story.verdict, *unsure])
    expected["violations"] = list(story.violations)
    expected["missing"] = list(story.missing)
    expected["forbidden"] = list(story.forbidden)
    expected["exempted"] = list(story.exempted)
    expected["polite"] = story.polite
    expected["remark"] = story.remark
    return expected


def _verdicts(verdicts: list[str]) -> dict[str, Any]:
    empty: dict[str, Any] = {name: [] for name in ("violations", "missing", "forbidden", "exempted")}
    return {"verdicts": verdicts, **empty, "polite": False, "remark": False}


def _kept_apart(story: Story, voice: Voice) -> dict[str, bool]:
    """In what respects the model never learned from this."""
    slow, fast = held_out()["training"]["speeds"]
    matters = [part.text for part in story.parts if part.kind == "matter"]
    return {
        "voice": voice.variant not in TRAINING,
        "speed": not slow <= voice.speed <= fast,
        "wording": any(text in held_out()["scoring"]["matter"] for text in matters),
        "name": story.unforeseen_name,
    }


def _ms(seconds: float) -> float:
    return round(seconds, 3)
