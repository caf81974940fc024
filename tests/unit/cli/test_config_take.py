"""`voicedesk config take` puts proposed settings into force as a whole, or changes nothing."""

import pytest
from voicedesk import cli

OLD, NEW = '[hall]\nname = "旧"\n', '# proposed\n[hall]\nname = "新"\n'


@pytest.fixture
def take(tmp_path, capsys, monkeypatch):
    """Takes a text as settings; gives the exit code and what was told."""
    file, proposed = tmp_path / "voicedesk.toml", tmp_path / "proposed.toml"
    file.write_text(OLD, encoding="utf-8")

    def run(text: str) -> tuple[object, str]:
        proposed.write_text(text, encoding="utf-8")
        monkeypatch.setattr("sys.argv", ["voicedesk", "config", "take", str(proposed), "--config", str(file)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code, said.out + said.err

    return run


def test_right_settings_are_taken_and_the_old_ones_kept(take, tmp_path):
    code, told = take(NEW)
    assert code == 0
    assert "no service runs" in told
    assert (tmp_path / "voicedesk.toml").read_text(encoding="utf-8") == NEW
    (kept,) = tmp_path.glob("voicedesk.toml.before-*")
    assert kept.read_text(encoding="utf-8") == OLD
    assert kept.name in told


def test_wrong_ones_change_nothing(take, tmp_path):
    code, told = take('[hall]\nnmae = "新"\n')
    assert code == 2
    assert "did you mean name?" in told
    assert (tmp_path / "voicedesk.toml").read_text(encoding="utf-8") == OLD
    assert list(tmp_path.glob("voicedesk.toml.before-*")) == []
