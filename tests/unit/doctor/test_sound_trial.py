"""What is said of a folder of recordings before it is used: whether there is sound, and never what was said."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from voicedesk.audio.wav import write_wav
from voicedesk.doctor.finding import Grade
from voicedesk.doctor.sound_trial import _about_folder

GREETING = Path(__file__).parents[3] / "audio_fixtures" / "0016_wei_alone_edward2_a_law.wav"


def of_sound(folder):
    return next((one for one in _about_folder(folder) if one.check == "sound"), None)


def test_a_voice_is_found(tmp_path):
    shutil.copy(GREETING, tmp_path / "pbx-1.2.wav")
    found = of_sound(tmp_path)
    assert found.grade is Grade.GOOD
    assert "somebody can be heard" in found.what


def test_silence_is_told_with_its_cure(tmp_path):
    write_wav(tmp_path / "pbx-1.2.wav", np.zeros(8000, dtype=np.int16), 8000)
    assert of_sound(tmp_path).grade is Grade.BAD


def test_an_empty_folder_and_one_that_is_not_there_are_told(tmp_path):
    assert of_sound(tmp_path).grade is Grade.UNSEEN
    assert of_sound(tmp_path / "nowhere") is None
    assert [one.grade for one in _about_folder(tmp_path / "nowhere")] == [Grade.BAD]


@pytest.mark.parametrize("content", [b"", b"RIFF", b"x" * 500])
def test_what_is_no_sound_is_told(tmp_path, content):
    (tmp_path / "pbx-1.2.wav").write_bytes(content)
    assert of_sound(tmp_path).grade is Grade.BAD
