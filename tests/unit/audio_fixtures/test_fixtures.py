"""The recordings in audio_fixtures/: whole, described, and heard by the shipped model as they were said."""

import json
from pathlib import Path

import pytest
from tools.speech_model.lexicon import lexicon_of
from tools.speech_model.phrases import shipped
from tools.speech_model.readings import toneless
from tools.speech_model.voices import TRAINING, held_out
from voicedesk.audio.wav import read_sound
from vosk import KaldiRecognizer, Model, SetLogLevel

FOLDER = Path(__file__).parents[3] / "audio_fixtures"
MODEL = Path(__file__).parents[3] / "voicedesk/speech/embedded"
LARGEST = 12_000_000
SIDECARS = sorted(FOLDER.glob("*.json"))


def _content(sidecar: Path) -> dict:
    return json.loads(sidecar.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def model() -> Model:
    SetLogLevel(-1)
    return Model(str(MODEL))


def _heard(model: Model, wav: Path) -> list[dict]:
    recogniser = KaldiRecognizer(model, 8000)
    recogniser.SetWords(True)
    words: list[dict] = []
    data = read_sound(wav).channel(0).tobytes()
    for start in range(0, len(data), 1600):
        if recogniser.AcceptWaveform(data[start : start + 1600]):
            words += json.loads(recogniser.Result()).get("result", [])
    return words + json.loads(recogniser.FinalResult()).get("result", [])


def test_each_recording_has_its_sidecar_and_all_together_are_small() -> None:
    assert [path.with_suffix(".wav") for path in SIDECARS] == sorted(FOLDER.glob("*.wav"))
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < LARGEST


def test_each_sidecar_agrees_with_itself_and_its_sound() -> None:
    for sidecar in SIDECARS:
        content, sound = _content(sidecar), read_sound(sidecar.with_suffix(".wav"))
        assert sound.rate == 8000
        times = [(word["start_seconds"], word["end_seconds"]) for word in content["words"]]
        assert times == sorted(times), sidecar.name
        assert all(0 <= start < end <= sound.seconds for start, end in times), sidecar.name
        assert "".join(word["word"] for word in content["words"]) in ("", content["text"].replace(" ", ""))
        for part in content["parts"]:
            assert any(word["start_seconds"] == part["start_seconds"] for word in content["words"])
        assert content["origin"]
        assert content["licence"] == "Apache-2.0"


def test_every_kind_of_verdict_is_due_somewhere() -> None:
    due = {_content(sidecar)["expected"]["verdicts"][0] for sidecar in SIDECARS}
    assert due == {"cannot_tell", "incomplete", "wrong_department", "wrong_order", "late_start", "compliant"}


def test_what_is_marked_as_held_out_was() -> None:
    for content in map(_content, SIDECARS):
        if "voice" not in content:
            continue
        variant = content["voice"]["variant"].replace("default", "")
        assert content["held_out"]["voice"] == (variant not in TRAINING)
        if content["held_out"]["voice"]:
            assert variant in held_out()["scoring"]["voices"]


def test_a_late_start_is_late_and_no_compliant_greeting_is() -> None:
    for content in map(_content, SIDECARS):
        if content["parts"] and content["expected"]["verdicts"][0] == "late_start":
            assert content["words"][0]["start_seconds"] > 3
        if content["parts"] and content["expected"]["verdicts"][0] == "compliant":
            assert content["words"][0]["start_seconds"] < 3
            assert content["parts"][2]["end_seconds"] < 10


@pytest.mark.parametrize("condition", ["a_law", "mu_law", "noise_15_db", "room"])
def test_the_shipped_model_hears_held_out_voices_when_and_as_they_speak(model: Model, condition: str) -> None:
    chosen = [s for s in SIDECARS if s.stem.split("_", 1)[1].startswith("compliant") and s.stem.endswith(condition)]
    assert chosen
    for sidecar in chosen:
        content = _content(sidecar)
        words = _heard(model, sidecar.with_suffix(".wav"))
        heard = {word["word"]: word["start"] for word in words}
        assert heard["您好"] == pytest.approx(
            next(w["start_seconds"] for w in content["words"] if w["word"] == "您好"), abs=0.15
        )
        said = content["text"].replace(" ", "")
        same = sum(character in said for word in words for character in word["word"])
        assert same >= 0.9 * len(said), (sidecar.name, words)


@pytest.mark.parametrize("name", ["silence", "line_noise", "ring_back", "busy"])
def test_a_sound_that_is_no_speech_is_heard_as_nothing(model: Model, name: str) -> None:
    (wav,) = FOLDER.glob(f"*_nobody_{name}.wav")
    assert _heard(model, wav) == []


def test_a_lone_wei_is_heard_as_itself(model: Model) -> None:
    for sidecar in FOLDER.glob("*_only_wei_*.json"):
        assert [word["word"] for word in _heard(model, sidecar.with_suffix(".wav"))] == ["喂"]


def test_an_unforeseen_name_is_found_by_a_grammar_of_its_syllables(model: Model) -> None:

    spellers = lexicon_of(shipped()).spellers
    found = []
    for sidecar in FOLDER.glob("*_unforeseen_name_*.json"):
        content = _content(sidecar)
        spelled = " ".join(spellers[syllable] for syllable in toneless(content["department"]))
        grammar = ["您好", "喂", "这里 是", "社保 中心", spelled, "请问", "您", "什么", "业务", "[unk]"]
        recogniser = KaldiRecognizer(model, 8000, json.dumps(grammar, ensure_ascii=False))
        recogniser.AcceptWaveform(read_sound(sidecar.with_suffix(".wav")).channel(0).tobytes())
        found.append(spelled in json.loads(recogniser.FinalResult())["text"])
    assert found
    assert all(found)
