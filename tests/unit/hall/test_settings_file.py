"""Settings are saved as a whole or not at all: checked first, the old file kept, owner and mode as they were."""

import os

import pytest
from voicedesk.errors import SettingsError
from voicedesk.hall.settings_file import KEPT, may_write, save, write_secret

OLD, NEW = '# mine\n[hall]\nname = "旧"\n', '# mine\n[hall]\nname = "新"\n'
AT = 1_800_000_000_000_000


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "voicedesk.toml"
    made.write_text(OLD, encoding="utf-8")
    made.chmod(0o640)
    return made


def test_the_new_file_has_the_old_one_s_mode_and_the_old_one_is_kept(file):
    kept = save(file, NEW, before=OLD, at=AT)
    assert file.read_text(encoding="utf-8") == NEW
    assert kept.read_text(encoding="utf-8") == OLD
    assert {one.stat().st_mode & 0o777 for one in (file, kept)} == {0o640}
    assert sorted(one.name for one in file.parent.iterdir()) == [file.name, kept.name]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_saves_stays_its_owner_s(file):
    os.chown(file, 1234, 1235)
    kept = save(file, NEW, before=OLD, at=AT)
    secret = write_secret(file.parent, "main-secret", "s", like=file)
    for one in (file, kept, secret):
        assert (one.stat().st_uid, one.stat().st_gid) == (1234, 1235)


@pytest.mark.parametrize("wrong", ["[hall\n", '[hall]\nnmae = "x"\n', '[calendar]\nfile = "nowhere.csv"\n'])
def test_settings_that_would_be_wrong_change_nothing(file, wrong):
    with pytest.raises(SettingsError):
        save(file, wrong, before=OLD, at=AT)
    assert [one.name for one in file.parent.iterdir()] == [file.name]
    assert file.read_text(encoding="utf-8") == OLD


def test_what_somebody_else_wrote_meanwhile_stays(file):
    file.write_text("# another\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="somebody else"):
        save(file, NEW, before=OLD, at=AT)
    assert file.read_text(encoding="utf-8") == "# another\n"


def test_a_link_stays_a_link(file, tmp_path):
    (tmp_path / "there").mkdir()
    link = tmp_path / "there" / "voicedesk.toml"
    link.symlink_to(file)
    save(link, NEW, before=OLD, at=AT)
    assert link.is_symlink()
    assert file.read_text(encoding="utf-8") == NEW


def test_only_the_latest_files_are_kept(file):
    text = OLD
    for n in range(KEPT + 3):
        new = f'[hall]\nname = "{n}"\n'
        save(file, new, before=text, at=AT + n)
        text = new
    assert len(list(file.parent.glob("voicedesk.toml.before-*"))) == KEPT


def test_a_file_that_is_not_there_is_made_for_its_owner_alone(tmp_path):
    file = tmp_path / "voicedesk.toml"
    assert save(file, NEW, before="", at=AT) is None
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_secret_stands_in_a_file_of_its_own_and_never_over_another(file):
    first, second = (write_secret(file.parent, "main-secret", word, like=file) for word in ("one", "two"))
    assert (first.read_text(), second.read_text()) == ("one\n", "two\n")
    assert {one.stat().st_mode & 0o777 for one in (first, second)} == {0o600}


def test_a_folder_that_is_not_there_may_not_be_written(tmp_path):
    assert may_write(tmp_path / "voicedesk.toml")
    assert not may_write(tmp_path / "nowhere" / "voicedesk.toml")
