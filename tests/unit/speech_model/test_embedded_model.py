"""The model in the package: that it is what the recipe says, and that the real engine hears with it."""

import json
from pathlib import Path

import pytest
from tools.speech_model.lexicon import lexicon_of
from tools.speech_model.origin import ORIGIN, STATEMENT, model_files, recipe_digest, recipe_files
from tools.speech_model.phrases import shipped
from vosk import KaldiRecognizer, Model, SetLogLevel

FOLDER = Path(__file__).parents[3] / "voicedesk/speech/embedded"
LARGEST = 2_000_000


@pytest.fixture(scope="module")
def origin() -> dict:
    return json.loads((FOLDER / ORIGIN).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def model() -> Model:
    SetLogLevel(-1)
    return Model(str(FOLDER))


def test_the_files_are_those_that_were_built(origin: dict) -> None:
    assert origin["files_sha256"] == model_files(FOLDER)


def test_the_recipe_is_that_of_which_the_files_were_built(origin: dict) -> None:
    """Whoever changes the recipe builds the model anew: `make speech-model`."""
    assert origin["recipe_sha256"] == recipe_digest()


def test_the_recipe_is_code_and_word_lists() -> None:
    names = {path.name for path in recipe_files()}
    assert {"network.py", "phrases.toml", "syllables.txt", "held_out.toml", "requirements.txt"} <= names


def test_it_says_what_it_is(origin: dict) -> None:
    assert origin["statement"] == STATEMENT
    assert origin["synthetic_voices_only"] is True
    assert "does not understand people" in origin["statement"]


def test_it_hears_voices_it_never_learned_from(origin: dict) -> None:
    assert origin["scores"]["fair_line"]["character_error_percent"] < 3
    for score in origin["scores"].values():
        assert score["parts_found"] >= 0.97 * score["parts"]
        assert score["part_start_error_p95_ms"] <= 150
        assert score["false_forbidden_phrases"] == 0


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*")) < LARGEST


def test_every_word_of_the_vocabulary_is_known_to_the_engine(model: Model) -> None:
    assert [word for word in lexicon_of(shipped()).words if model.vosk_model_find_word(word) < 0] == []


def test_silence_is_heard_as_nothing(model: Model) -> None:
    recogniser = KaldiRecognizer(model, 8000)
    recogniser.AcceptWaveform(bytes(48_000))
    assert json.loads(recogniser.FinalResult())["text"] == ""


def test_it_takes_a_grammar_of_its_words(model: Model, capfd: pytest.CaptureFixture[str]) -> None:
    SetLogLevel(0)
    grammar = json.dumps(["您好", "两 事 处 背 局", "[unk]"], ensure_ascii=False)
    recogniser = KaldiRecognizer(model, 8000, grammar)
    SetLogLevel(-1)
    recogniser.AcceptWaveform(bytes(16_000))
    assert json.loads(recogniser.FinalResult())["text"] == ""
    assert "missing in vocabulary" not in capfd.readouterr().err
