"""The test model in the shape of a real one: another rate, other features, other words for the same speech."""

import json
from pathlib import Path

import pytest
import soxr
from tools.speech_model.origin import ORIGIN, model_files, recipe_digest
from voicedesk.audio.wav import read_sound
from vosk import KaldiRecognizer, Model, SetLogLevel

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "tests/models/lookalike"


@pytest.fixture(scope="module")
def model() -> Model:
    SetLogLevel(-1)
    return Model(str(FOLDER))


def test_its_files_and_its_recipe_belong_together() -> None:
    origin = json.loads((FOLDER / ORIGIN).read_text(encoding="utf-8"))
    assert origin["files_sha256"] == model_files(FOLDER)
    assert origin["recipe_sha256"] == recipe_digest()
    assert sum(path.stat().st_size for path in FOLDER.rglob("*")) < 1_000_000


def test_it_has_cepstra_of_16_khz_and_parts_words_otherwise(model: Model) -> None:
    options = (FOLDER / "conf/mfcc.conf").read_text()
    assert "--sample-frequency=16000" in options
    assert model.vosk_model_find_word("社保中心") >= 0
    assert model.vosk_model_find_word("您好") < 0


def test_it_hears_a_greeting_that_was_brought_to_its_rate(model: Model) -> None:
    found = []
    for wav in sorted((ROOT / "audio_fixtures").glob("*_compliant_*_a_law.wav")):
        samples = soxr.resample(read_sound(wav).channel(0), 8000, 16_000)
        recogniser = KaldiRecognizer(model, 16_000)
        recogniser.AcceptWaveform(samples.tobytes())
        found.append("您 好" in json.loads(recogniser.FinalResult())["text"])
    assert len(found) >= 5
    assert sum(found) >= 0.6 * len(found)
