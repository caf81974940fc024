"""`voicedesk model` and `voicedesk practice`, as they are typed."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from voicedesk.errors import SettingsError
from voicedesk.settings import load_settings, with_key

ROOT = Path(__file__).parents[3]
LOOKALIKE = ROOT / "tests" / "models" / "lookalike"
FIXTURES = ROOT / "audio_fixtures"


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "voicedesk.toml"
    file.write_text(
        '# 大厅 the hall\n[hall]\nname = "大厅"\n\n[[lines]]\nname = "hotline"\n'
        'extensions = ["4001"]\ndepartment = "劳动仲裁院"\n',
        encoding="utf-8",
    )
    file.chmod(0o600)
    return file


def test_a_model_is_installed_listed_used_and_tested(typed, config):
    assert "installed, 16000 Hz" in typed("model", "install", str(LOOKALIKE), "--config", str(config)).out
    typed("model", "use", "lookalike", "--config", str(config))
    assert load_settings(config).speech.model == "lookalike"
    assert config.read_text(encoding="utf-8").startswith("# 大厅 the hall\n[hall]\n")
    listed = json.loads(typed("model", "list", "--json", "--config", str(config)).out)
    assert [(one["name"], one["in_use"], one["calibrated"]) for one in listed] == [
        ("embedded", False, False),
        ("lookalike", True, False),
    ]
    plain = typed("model", "list", "--config", str(config)).out
    assert "* lookalike" in plain
    assert "does not understand people" in plain
    tested = json.loads(typed("model", "test", "--json", "--config", str(config)).out)
    assert (tested["name"], tested["rate"], tested["takes_grammar"]) == ("lookalike", 16000, True)
    assert "rate: 8000" in typed("model", "test", "embedded", "--config", str(config)).out


def test_fault_62_a_model_that_cannot_be_loaded_is_not_used(typed, config, tmp_path):
    shutil.copytree(LOOKALIKE, tmp_path / "models" / "broken")
    (tmp_path / "models" / "broken" / "am" / "final.mdl").write_bytes(b"nonsense")
    refused = typed("model", "use", "broken", "--config", str(config))
    assert refused.code == 1
    assert load_settings(config).speech.model == "embedded"


def test_a_key_is_written_where_its_table_or_itself_is_and_nothing_else_changes(tmp_path):
    file = tmp_path / "v.toml"
    for before, after in (
        ("", '\n[speech]\nmodel = "x"\n'),
        ("[speech]  # heard\nworkers = 2\n", '[speech]  # heard\nmodel = "x"\nworkers = 2\n'),
        ('[speech]\nmodel = "old" # was\n[hall]\n', '[speech]\nmodel = "x"\n[hall]\n'),
    ):
        file.write_text(before)
        file.chmod(0o640)
        with_key(file, "speech", "model", "x")
        assert file.read_text() == after
        assert file.stat().st_mode & 0o777 == 0o640
    with pytest.raises(SettingsError):
        with_key(file, "speech", "model", "")
    assert file.read_text() == after
    assert [path.name for path in tmp_path.iterdir()] == ["v.toml"]


def labelled(folder: Path, kinds: tuple[str, ...], count: int) -> None:
    """A folder of recordings with their labels, each fixture of these kinds several times."""
    chosen = [path for kind in kinds for path in sorted(FIXTURES.glob(f"*_{kind}_*_a_law.wav"))]
    folder.mkdir()
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "department", "verdict", "forbidden", "aliases", "others"])
        for n in range(count):
            source = chosen[n % len(chosen)]
            due = json.loads(source.with_suffix(".json").read_text(encoding="utf-8"))
            shutil.copyfile(source, folder / f"{n}.wav")
            yes = "yes" if due["expected"]["forbidden"] else ""
            others = ";".join(due["others"])
            writer.writerow([f"{n}.wav", due["department"], due["expected"]["verdicts"][0], yes, "", others])


def test_a_model_is_calibrated_on_labelled_recordings_and_its_adverse_verdicts_count_then(typed, config, tmp_path):
    shutil.copytree(ROOT / "voicedesk" / "speech" / "embedded", tmp_path / "models" / "hall")
    labelled(tmp_path / "labelled", ("compliant", "no_department", "no_hello"), 64)
    arguments = ("model", "calibrate", str(tmp_path / "labelled"), "--model", "hall", "--config", str(config))
    done = typed(*arguments, "--json")
    told = json.loads(done.out)
    assert (told["is_good"], told["proven_on"]["wrong"]) == (True, 0)
    assert "calibration.json: written" in done.err
    listed = json.loads(typed("model", "list", "--json", "--config", str(config)).out)
    assert [(one["name"], one["calibrated"]) for one in listed] == [("embedded", False), ("hall", True)]


def test_labels_that_are_wrong_name_their_line(typed, config, tmp_path):
    folder = tmp_path / "labelled"
    labelled(folder, ("compliant",), 2)
    text = (folder / "labels.csv").read_text(encoding="utf-8")
    (folder / "labels.csv").write_text(text.replace("compliant", "splendid", 1), encoding="utf-8")
    refused = typed("model", "calibrate", str(folder), "--config", str(config))
    assert refused.code == 1
    assert "labels.csv, line 2" in refused.err
    (folder / "labels.csv").unlink()
    assert "cannot be read" in typed("model", "calibrate", str(folder), "--config", str(config)).err


def test_practice_hears_a_recording_and_says_how_to_do_better(typed, config):
    done = typed("practice", "--wav", str(FIXTURES / "0041_only_hello_Diogo_a_law.wav"), "--config", str(config))
    assert "不完整 incomplete" in done.out
    assert "→ 再报部门：“劳动仲裁院”" in done.out
    assert "does not understand people" in done.err


def test_practice_wants_a_line_with_a_department(typed, config):
    wav = str(FIXTURES / "0041_only_hello_Diogo_a_law.wav")
    assert "choose a line" in typed("practice", "--wav", wav, "--line", "none", "--config", str(config)).err
    config.write_text('[[lines]]\nname = "a"\nextensions = ["1"]\n', encoding="utf-8")
    assert "no department" in typed("practice", "--wav", wav, "--config", str(config)).err
