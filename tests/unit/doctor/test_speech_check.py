"""What the doctor says of the speech model and of the recordings' folders."""

import os
import shutil

import pytest
from voicedesk.doctor.finding import Grade
from voicedesk.doctor.speech import check_speech
from voicedesk.settings import Settings
from voicedesk.speech.models import embedded_model


def hall(folder, *, model="embedded", department="社保局", folders=None) -> Settings:
    return Settings.model_validate(
        {
            "speech": {"model": model, "models_folder": folders or folder},
            "pbx": [{"name": "main", "host": "h", "username": "u", "secret": "s", "recordings": folder}],
            "lines": [{"name": "hotline", "extensions": ["1"], "department": department}],
        }
    )


async def grades(settings):
    return {finding.check: (finding.grade, finding) for finding in await check_speech(settings)}


async def test_where_nothing_is_recorded_one_note_says_so():
    (finding,) = await check_speech(Settings())
    assert (finding.grade, finding.check) == (Grade.NOTE, "recording")


async def test_the_embedded_model_is_told_of_as_what_it_is(tmp_path):
    found = await grades(hall(tmp_path, department=None))
    grade, finding = found["model"]
    assert (grade, "does not understand people" in finding.why) == (Grade.NOTE, True)
    assert found["recordings"][0] is Grade.GOOD
    assert "'hotline' has no department" in found["department"][1].what


async def test_fault_62_a_model_that_is_not_there_is_bad_and_says_what_to_do(tmp_path):
    grade, finding = (await grades(hall(tmp_path, model="none")))["model"]
    assert (grade, "voicedesk model" in finding.cure) == (Grade.BAD, True)


async def test_a_folder_that_is_not_there_or_closed_is_bad(tmp_path, monkeypatch):
    assert (await grades(hall(tmp_path / "none")))["recordings"][0] is Grade.BAD
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert (await grades(hall(tmp_path)))["recordings"][0] is Grade.BAD


@pytest.mark.parametrize(("calibrated", "grade"), [("false", Grade.NOTE), ("true", Grade.GOOD)])
async def test_a_real_model_is_good_once_it_is_calibrated(tmp_path, calibrated, grade):
    model = tmp_path / "models" / "real"
    shutil.copytree(embedded_model().path, model)
    (model / "origin.json").unlink()
    (model / "calibration.json").write_text(f'{{"thresholds": {{"calibrated": {calibrated}}}}}')
    found = await grades(hall(tmp_path, model="real", folders=tmp_path / "models"))
    assert found["model"][0] is grade
