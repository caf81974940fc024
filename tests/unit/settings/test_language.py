"""The language of a command is that of the settings that it will read; what is wrong with them it says itself."""

import pytest
from voicedesk.settings.language import language_of
from voicedesk.words import Language


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "voicedesk.toml"
    path.write_text('[hall]\nlanguage = "zh"\n', encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "typed",
    [["--config", "{}"], ["-c", "{}"], ["--config={}"], ["-c{}"]],
    ids=["--config", "-c", "--config=", "-cFILE"],
)
def test_the_file_that_is_named_decides(file, typed):
    assert language_of(["tickets", "list", *(one.format(file) for one in typed)], {}) is Language.CHINESE


def test_the_environment_goes_before_the_file(file):
    assert language_of([], {"VOICEDESK_CONFIG": str(file)}) is Language.CHINESE
    both = {"VOICEDESK_CONFIG": str(file), "VOICEDESK_HALL__LANGUAGE": "en"}
    assert language_of([], both) is Language.ENGLISH


@pytest.mark.parametrize(
    "text",
    ["[hall]\nlanguage = 5\n", "[hall]\nlanguage = 'xx'\n", "hall = 3\n", "[hall\n", "\x00", "[hall]\n", "hall = []"],
)
def test_settings_that_are_wrong_choose_no_language(tmp_path, text):
    path = tmp_path / "voicedesk.toml"
    path.write_text(text, encoding="utf-8")
    assert language_of(["--config", str(path)], {}) is None


def test_a_file_that_is_missing_or_none_at_all_chooses_no_language(tmp_path):
    assert language_of(["--config", str(tmp_path / "none.toml")], {}) is None
    assert language_of(["--config"], {"VOICEDESK_CONFIG": str(tmp_path)}) is None
    assert language_of(["run", "--config", "\x00"], {}) is None
