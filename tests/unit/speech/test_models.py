"""Speech models on disk, and the engine behind the port."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from voicedesk.audio.wav import read_sound
from voicedesk.errors import InputError
from voicedesk.speech.install import find_model
from voicedesk.speech.listening import Listener, agreement_of, bare_syllables, understanding_of
from voicedesk.speech.models import embedded_model, read_model
from voicedesk.speech.transcript import Transcript, Word
from voicedesk.speech.vosk_engine import VoskRecognizer

FIXTURES = Path(__file__).parents[3] / "audio_fixtures"
GREETING = FIXTURES / "0003_compliant_edward2_a_law.wav"


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(embedded_model().path, tmp_path / "model")
    return tmp_path / "model"


def test_the_embedded_model_says_what_it_is():
    model = embedded_model()
    assert (model.name, model.rate, model.takes_grammar, model.has_unknown) == ("embedded", 8000, True, True)
    assert model.synthetic_only
    assert "does not understand people" in model.statement


@pytest.mark.parametrize(
    ("gone", "complaint"),
    [
        ("am/final.mdl", "am/final.mdl is missing"),
        ("conf/fbank.conf", "conf/mfcc.conf is missing"),
        ("graph/HCLr.fst", "graph/HCLr.fst is missing"),
    ],
)
def test_fault_62_a_model_that_is_not_whole_is_refused_with_what_is_missing(copy, gone, complaint):
    (copy / gone).unlink()
    with pytest.raises(InputError, match=complaint):
        read_model(copy)


def test_fault_62_no_model_at_all_says_how_to_install_one(tmp_path):
    with pytest.raises(InputError, match="voicedesk model install"):
        read_model(tmp_path / "none")


def test_fault_62_a_damaged_model_is_refused_not_a_crash(copy):
    (copy / "am/final.mdl").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="cannot be loaded"):
        VoskRecognizer(read_model(copy))


def test_a_model_tells_its_rate_and_abilities_by_its_own_files(copy):
    (copy / "origin.json").unlink()
    (copy / "conf/fbank.conf").write_text("--num-mel-bins=32  # no rate\n")
    (copy / "graph/words.txt").unlink()
    (copy / "graph/HCLG.fst").touch()
    model = read_model(copy)
    assert (model.name, model.rate, model.takes_grammar, model.words) == ("model", 16000, False, None)
    assert (model.characters, model.has_unknown, model.synthetic_only) == (frozenset(), False, False)
    assert bare_syllables(model) is None
    (copy / "conf/fbank.conf").write_text("--sample-frequency=fast\n")
    with pytest.raises(InputError, match="'fast' is no sample rate"):
        read_model(copy)


@pytest.mark.parametrize("text", ["[1]", "{"])
def test_an_origin_that_cannot_be_read_is_told_and_one_that_says_nothing_is_none(copy, text):
    (copy / "origin.json").write_text(text)
    if text == "{":
        with pytest.raises(InputError, match="cannot be read"):
            read_model(copy)
    else:
        assert read_model(copy).name == "model"


def test_a_grammar_is_refused_where_it_cannot_be_taken(copy):
    recognizer = VoskRecognizer(embedded_model())
    with pytest.raises(InputError, match="does not know 犇犇"):
        recognizer.hear(8000, ["您好 犇犇"])
    object.__setattr__(recognizer.model, "takes_grammar", False)
    with pytest.raises(InputError, match="takes no grammar"):
        recognizer.hear(8000, ["您好"])


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_fault_60_sound_of_any_rate_is_brought_to_the_model_s(rate):
    hearing = VoskRecognizer(embedded_model()).hear(rate)
    hearing.accept(np.zeros(rate, np.int16))
    assert hearing.so_far() == ""
    assert hearing.settled() == ()
    assert hearing.finish() == ()


def test_one_voice_after_another_is_heard_as_by_a_new_recogniser():
    """What one voice left behind would be heard with the next: it must be nothing, times included."""
    recognizer = VoskRecognizer(embedded_model())
    voices = [read_sound(path) for path in sorted(FIXTURES.glob("00[0-2]*_a_law.wav"))]

    def heard(recognizer, sound):
        hearing = recognizer.hear(sound.rate)
        for start in range(0, len(sound.samples[0]), 4000):
            hearing.accept(sound.samples[0][start : start + 4000])
        words = hearing.finish()
        assert hearing.so_far() == " ".join(word.text for word in words)
        assert hearing.finish() == words
        return [(word.text, pytest.approx(word.start_seconds), pytest.approx(word.end_seconds)) for word in words]

    alone = [heard(VoskRecognizer(embedded_model()), sound) for sound in voices]
    assert [heard(recognizer, sound) for sound in voices] == alone


def test_a_recogniser_is_used_again_only_by_the_next_voice_of_its_grammar_and_not_for_ever(monkeypatch):
    made = []
    recognizer = VoskRecognizer(embedded_model())
    make = recognizer._recogniser
    monkeypatch.setattr(recognizer, "_recogniser", lambda grammar: made.append(grammar) or make(grammar))
    sound = read_sound(GREETING)
    first, second = recognizer.hear(8000), recognizer.hear(8000)
    assert made == [None, None]
    first.accept(sound.samples[0])
    first.finish()
    names = recognizer.hear(8000, ["您好"])
    assert made == [None, None, ("您好",)]
    third = recognizer.hear(8000)
    names.finish()
    recognizer.hear(8000, ["您好"])
    assert len(made) == 3
    second.accept(sound.samples[0][:8000])  # never ends: whoever follows must not hear the rest of it
    monkeypatch.setattr("voicedesk.speech.vosk_engine.MOST_SAMPLES", 1)
    third.accept(sound.samples[0])
    third.finish()
    recognizer.hear(8000)
    assert len(made) == 4


def test_after_a_pause_that_the_engine_found_by_itself_it_is_not_used_again():
    recognizer = VoskRecognizer(embedded_model())
    sound = read_sound(GREETING).samples[0]
    hearing = recognizer.hear(8000)
    hearing.accept(sound)
    while not hearing.settled():
        hearing.accept(np.zeros(800, np.int16))
    engine = hearing._engine
    assert hearing.finish()
    assert recognizer.hear(8000)._engine is not engine


def test_silence_is_a_transcript_without_words_and_without_an_opinion():
    transcript = Listener(VoskRecognizer(embedded_model())).transcribe(np.zeros(8000, np.int16), 8000, cut_short=True)
    assert (transcript.words, transcript.understanding, transcript.cut_short) == ((), None, True)
    assert transcript.heard_seconds == 1.0


def word(text, start, end, confidence=1.0):
    return Word(text=text, start_seconds=start, end_seconds=end, confidence=confidence)


def test_understanding_weighs_words_by_their_length_and_agreement_asks_what_both_hearings_say():
    words = [word("您好", 0.0, 0.4), word("[unk]", 0.4, 0.8, 0.5)]
    found = understanding_of(words, 0.5)
    assert (found.confidence, found.known_share, found.agreement) == (pytest.approx(0.75), 0.5, 0.5)
    assert agreement_of(words, [word("您", 0.05, 0.2), word("号", 0.2, 0.4), word("大", 0.4, 0.8)]) == 1.0
    assert agreement_of(words, [word("大", 0.0, 0.4)]) == 0.0
    assert agreement_of([word("[unk]", 0, 1)], []) == 0.0
    assert understanding_of(words, None).agreement is None
    assert understanding_of([], None) is None


def test_a_transcript_reads_as_its_words():
    transcript = Transcript(words=(word("您好", 0, 1), word("社保", 1, 2)), heard_seconds=2, model="m")
    assert transcript.text == "您好 社保"
    assert json.dumps(transcript.model) == '"m"'


def _damage(path: Path, how: str) -> None:
    features = next(path / name for name in ("conf/mfcc.conf", "conf/fbank.conf") if (path / name).exists())
    match how:
        case "bytes":
            features.write_bytes(features.read_bytes() + b"\n# \xb5\n")
        case "folder":
            (path / "origin.json").unlink(missing_ok=True)
            (path / "origin.json").mkdir()
        case "nested":
            (path / "origin.json").write_text("[" * 100_000)
        case "digits":
            (path / "origin.json").write_text('{"name": ' + "9" * 6000 + "}")
        case _:
            features.write_text(f"--sample-frequency={how}\n")


@pytest.mark.parametrize(
    "how", ["bytes", "folder", "nested", "digits", "inf", "-inf", "nan", "0", "-8000", "1e308", "9" * 5000, "x", ""]
)
def test_fault_62_a_model_damaged_in_whatever_way_is_refused_and_ends_nothing(copy, how):
    _damage(copy, how)
    with pytest.raises(InputError):
        read_model(copy)


def test_fault_62_a_list_of_words_that_cannot_be_read_is_refused(copy):
    (copy / "graph" / "words.txt").write_bytes(b"\xff\xfe\xb5 1\n")
    with pytest.raises(InputError):
        _ = read_model(copy).words


def test_fault_62_a_name_that_no_folder_can_have_is_refused(tmp_path):
    for name in ("x" * 5000, "a\0b", "", "/" * 300, "../../.."):
        with pytest.raises(InputError):
            find_model(name, tmp_path)
