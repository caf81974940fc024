"""A Whisper model as a folder, and as an engine behind the port: what it lacks is told, what it invents is dropped."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from voicedesk.audio.wav import read_sound
from voicedesk.data_packages import joined
from voicedesk.errors import InputError, SpeechUnavailable
from voicedesk.speech.engines import recognizer_of
from voicedesk.speech.fits import FreeHearing
from voicedesk.speech.install import find_model, install_model, verify_model
from voicedesk.speech.listening import Listener
from voicedesk.speech.models import read_model
from voicedesk.speech.packaged import DATA
from voicedesk.speech.whisper_engine import is_believed
from voicedesk.speech.workers import SpeechWorkers, limits_of

FIXTURES = Path(__file__).parents[3] / "audio_fixtures"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    joined(DATA, folder)
    return folder


@pytest.fixture
def copy(tmp_path):
    """A folder that looks like a whole model, without its weights."""
    folder = tmp_path / "ear"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"\x06\0\0\0\x0c\0WhisperSpec\0\x03\0\0\0")
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_text("{}")
    (folder / "vocabulary.txt").write_text("a\n")
    return folder


def test_a_whisper_folder_is_told_by_its_files(copy):
    model = read_model(copy)
    assert (model.kind, model.rate, model.takes_grammar, model.words) == ("whisper", 16000, False, None)
    assert limits_of(model).voices < 24


@pytest.mark.parametrize("gone", ["model.bin", "config.json", "tokenizer.json", "vocabulary.txt"])
def test_fault_62_a_whisper_model_with_a_missing_part_is_refused_with_its_name(copy, gone):
    (copy / gone).unlink()
    with pytest.raises(InputError, match=f"{gone}.* is missing"):
        read_model(copy)


@pytest.mark.parametrize(
    ("name", "data", "complaint"),
    [
        ("model.bin", b"", "no CTranslate2"),
        ("model.bin", b"\x06\0\0", "no CTranslate2"),
        ("model.bin", b"PK\x03\x04 a zip of PyTorch", "no CTranslate2"),
        ("model.bin", b"\x06\0\0\0\x10\0TransformerSpec\0", "no Whisper"),
        ("config.json", b"[]", "does not describe"),
        ("config.json", b"{", "damaged"),
        ("tokenizer.json", b"\xff", "damaged"),
    ],
)
def test_fault_62_a_whisper_model_that_is_half_a_file_or_none_is_refused(copy, name, data, complaint):
    (copy / name).write_bytes(data)
    with pytest.raises(InputError, match=complaint):
        read_model(copy)


@pytest.mark.parametrize(
    ("name", "told"), [("base.pt", "PyTorch"), ("model.onnx", "ONNX"), ("ggml-base.bin", "whisper.cpp")]
)
def test_fault_62_a_whisper_model_of_another_format_is_named(tmp_path, name, told):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match=told):
        read_model(tmp_path)


def test_fault_62_without_the_extra_a_whisper_model_says_what_to_install(copy, monkeypatch):
    monkeypatch.delitem(sys.modules, "voicedesk.speech.whisper_engine", raising=False)
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    monkeypatch.delitem(sys.modules, "voicedesk.speech.whisper.encoding", raising=False)
    with pytest.raises(InputError, match=r"voicedesk\[people\]"):
        recognizer_of(read_model(copy))


async def test_fault_62_weights_that_do_not_load_end_no_more_than_their_worker(copy):
    workers = SpeechWorkers(copy)
    with pytest.raises(SpeechUnavailable):
        await workers.ready()
    await workers.close()


def test_fault_62_a_packaged_file_that_was_damaged_is_joined_again(models):
    file = models / "whisper-base" / "vocabulary.txt"
    file.write_bytes(b"half")
    with pytest.raises(InputError, match="model install whisper-base"):
        verify_model(read_model(models / "whisper-base"))
    verify_model(find_model("whisper-base", models))


def test_the_packaged_name_is_for_the_packaged_files_alone(copy, tmp_path):
    with pytest.raises(InputError, match="other files"):
        install_model(shutil.move(copy, tmp_path / "whisper-base"), tmp_path / "models")
    assert (
        install_model(shutil.move(tmp_path / "whisper-base", tmp_path / "own"), tmp_path / "models").kind == "whisper"
    )


def test_fault_60_and_63_whisper_hears_a_greeting_where_it_is_and_nothing_where_nobody_speaks(models):
    listener = Listener(recognizer_of(find_model("whisper-base", models)))
    quiet = [np.zeros(8000, np.int16), *(read_sound(path).samples[0] for path in FIXTURES.glob("019*_nobody_*.wav"))]
    assert [listener.transcribe(sound, 8000).words for sound in quiet] == [()] * len(quiet)
    sound = read_sound(next(FIXTURES.glob("0003_*_a_law.wav")))
    late = np.concatenate([np.zeros(2 * sound.rate, np.int16), sound.samples[0]])
    heard = listener.transcribe(late, sound.rate)
    assert all(2.0 <= word.start_seconds <= word.end_seconds <= heard.heard_seconds for word in heard.words)
    starts = [word.start_seconds for word in heard.words]
    assert starts == sorted(starts)
    with pytest.raises(InputError, match="takes no grammar"):
        listener.recognizer.hear(8000, ["您好"])
    hearing = listener.recognizer.hear(sound.rate)
    long = np.concatenate([sound.samples[0], np.zeros(10 * sound.rate, np.int16)])
    hearing.accept(long)  # more than one hearing takes
    assert sum(map(len, hearing._waiting)) <= 13 * sound.rate
    assert hearing.finish() == hearing.settled()


@pytest.mark.parametrize(
    ("text", "score", "no_speech", "is_said"),
    [
        ("您好,社保中心,请问您要办理什么业务", -0.3, 0.1, True),
        ("字幕由志愿者提供", -0.3, 0.1, False),
        ("谢谢谢谢谢谢谢谢谢谢", -0.3, 0.1, False),
        ("Thank you for watching", -0.3, 0.1, False),
        ("您好", -1.1, 0.7, False),
        ("您好", -1.5, 0.1, False),
        ("您好" + "这是一句比三秒里能说的要长得多的话" * 2, -0.3, 0.1, False),
        ("...", -0.1, 0.1, False),
    ],
)
def test_fault_63_sentences_that_whisper_invents_are_dropped(text, score, no_speech, is_said):
    assert is_believed(FreeHearing(text=text, score=score, no_speech=no_speech), 3.0) is is_said
