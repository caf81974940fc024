"""What an installed Voicedesk brings with it."""

import re
import tomllib
from pathlib import Path

import pytest
from voicedesk.hall.asterisk_files import folder
from voicedesk.hall.first_settings import first_settings
from voicedesk.settings.environment import all_keys
from voicedesk.texts_folder import shipped_texts

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("table", sorted({table for table, _ in all_keys()}))
def test_the_first_settings_file_has_every_table(table: str) -> None:
    assert re.search(rf"^(# )?\[+{table}\]+$", first_settings("pbx", 5038, "voicedesk"), flags=re.MULTILINE)


def test_the_wheel_brings_the_dialplans() -> None:
    built = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    assert built["targets"]["wheel"]["force-include"]["dialplans"] == "voicedesk/_dialplans"
    assert (folder() / "voicedesk-manager.conf").is_file()


def test_the_wheel_brings_the_texts_that_callers_hear(tmp_path: Path) -> None:
    built = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    assert built["targets"]["wheel"]["force-include"]["prompts"] == "voicedesk/_prompts"
    assert (shipped_texts() / "zh_CN" / "groups.toml").is_file()
    (tmp_path / "_prompts").mkdir()
    assert shipped_texts(tmp_path) == tmp_path / "_prompts"


def test_beside_the_texts_no_sound_lies_that_a_run_spoke() -> None:
    """Who speaks into the source tree would have its sounds packed: 27 MB of them were, once."""
    strange = [file for file in (ROOT / "prompts").rglob("*") if file.is_file() and file.suffix != ".toml"]
    assert [str(file.relative_to(ROOT)) for file in strange] == ["prompts/zh_CN/sounds.zip"]
