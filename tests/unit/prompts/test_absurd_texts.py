"""A hall's own texts with values without end or measure are refused by name, and no other error comes of them."""

import pytest
from voicedesk.catalogue.load import load_catalogue
from voicedesk.catalogue.place import copy_samples
from voicedesk.errors import InputError, SettingsError
from voicedesk.ivr.wording import CHINESE, digits
from voicedesk.prompts.pronunciation import load_pronunciation
from voicedesk.prompts.texts import load_frames
from voicedesk.work_calendar import read_own_days

ABSURD = ["a = " + "[" * 5000, "a = " + "9" * 5000, "a = " + "{b=" * 5000]


@pytest.mark.parametrize("text", ABSURD, ids=lambda text: text[:8])
def test_frames_and_readings_without_measure_are_refused(tmp_path, text):
    (tmp_path / CHINESE).mkdir()
    for name in ("frame.toml", "readings.toml"):
        (tmp_path / CHINESE / name).write_text(text)
    with pytest.raises(InputError, match=r"frame\.toml"):
        load_frames(tmp_path)
    with pytest.raises(InputError, match=r"readings\.toml"):
        load_pronunciation(tmp_path / CHINESE / "readings.toml")


@pytest.mark.parametrize("text", ABSURD, ids=lambda text: text[:8])
def test_an_item_without_measure_is_told_and_hides_no_other(tmp_path, text):
    folder = tmp_path / "catalogue"
    copy_samples(folder)
    whole = load_catalogue(folder)
    file = sorted((folder / "items").glob("*.toml"))[0]
    file.write_text(text)
    found = load_catalogue(folder)
    assert len(found.items) == len(whole.items) - 1
    assert any(problem.file == file for problem in found.problems)


@pytest.mark.parametrize("day", ["9999999999-1-1", "9" * 5000, "2027-1-" + "9" * 400, "²-1-1"])
def test_a_day_that_no_calendar_has_is_refused(tmp_path, day):
    file = tmp_path / "days.csv"
    file.write_text(f"{day},rest\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="is no date"):
        read_own_days(file)


def test_only_digits_are_read_as_digits():
    assert [one.text for one in digits("1²٣①2", CHINESE)] == [one.text for one in digits("12", CHINESE)]
