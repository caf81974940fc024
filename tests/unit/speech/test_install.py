"""Models from outside: looked through before any of it is believed, whole or not at all, and checked ever after."""

import json
import os
import stat
import zipfile
from pathlib import Path

import pytest
from voicedesk.errors import InputError
from voicedesk.speech import install
from voicedesk.speech.install import CHECKSUMS, find_model, install_model, list_models, verify_model
from voicedesk.speech.models import embedded_model

LOOKALIKE = Path(__file__).parents[2] / "models" / "lookalike"


@pytest.fixture
def models(tmp_path):
    return tmp_path / "models"


def packed(path: Path, *, prefix: str = "vosk-model-small-cn-0.22/", extra=()) -> Path:
    """The model of small-cn's layout as its makers pack it, and what else is to stand in the archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(LOOKALIKE.rglob("*")):
            if file.is_file():
                archive.write(file, prefix + file.relative_to(LOOKALIKE).as_posix())
        for member, data in extra:
            archive.writestr(member, data)
    return path


def test_a_model_is_installed_from_an_archive_under_its_folders_name_with_checksums(tmp_path, models):
    model = install_model(packed(tmp_path / "any.zip"), models)
    assert (model.path, model.rate) == (models / "vosk-model-small-cn-0.22", 16000)
    assert json.loads((model.path / CHECKSUMS).read_text()).keys() >= {"am/final.mdl", "conf/mfcc.conf"}
    verify_model(model)
    assert [one.name for one in list_models(models)] == ["embedded", "vosk-model-small-cn-0.22"]
    assert find_model("vosk-model-small-cn-0.22", models) == model
    assert sorted(path.name for path in models.iterdir()) == ["vosk-model-small-cn-0.22"]


def test_a_model_is_installed_from_a_folder_and_from_an_archive_without_one(tmp_path, models):
    assert install_model(LOOKALIKE, models).path == models / "lookalike"
    assert install_model(packed(tmp_path / "bare model.zip", prefix=""), models).path == models / "bare-model"


def test_what_is_installed_already_is_not_touched(tmp_path, models):
    install_model(LOOKALIKE, models)
    with pytest.raises(InputError, match="is installed"):
        install_model(LOOKALIKE, models)
    assert [path.name for path in models.iterdir()] == ["lookalike"]


def test_a_file_changed_after_it_was_installed_is_found(models):
    model = install_model(LOOKALIKE, models)
    with (model.path / "am/final.mdl").open("r+b") as file:
        file.write(b"x")
    with pytest.raises(InputError, match=r"final\.mdl: it is not what was installed"):
        verify_model(model)
    (model.path / CHECKSUMS).write_text("{")
    with pytest.raises(InputError, match="install the model again"):
        verify_model(model)
    verify_model(embedded_model())


def _link() -> zipfile.ZipInfo:
    member = zipfile.ZipInfo("m/link")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


@pytest.mark.parametrize(
    ("member", "data", "complaint"),
    [
        ("../outside", b"x", "leads out"),
        ("/etc/voicedesk", b"x", "leads out"),
        ("a\\..\\b", b"x", "leads out"),
        (_link(), b"/etc/passwd", "a link or a device"),
        ("vosk-model-small-cn-0.22/AM/final.mdl", b"x", "is there twice"),
        ("vosk-model-small-cn-0.22/zeros", bytes(1 << 22), "packed 200 times"),
    ],
)
def test_an_archive_that_is_not_honest_is_refused_and_leaves_nothing(tmp_path, models, member, data, complaint):
    with pytest.raises(InputError, match=complaint):
        install_model(packed(tmp_path / "m.zip", extra=[(member, data)]), models)
    assert list(models.iterdir()) == []
    assert not (tmp_path / "outside").exists()


def test_a_file_larger_than_the_archive_says_is_refused(tmp_path, models):
    archive = packed(tmp_path / "m.zip", extra=[("vosk-model-small-cn-0.22/extra", os.urandom(5000))])
    data = archive.read_bytes()
    archive.write_bytes(data.replace((5000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(InputError):
        install_model(archive, models)
    assert list(models.iterdir()) == []


def test_too_many_files_or_too_large_ones_are_no_model(tmp_path, models, monkeypatch):
    monkeypatch.setattr(install, "MAX_FILES", 3)
    for source in (LOOKALIKE, packed(tmp_path / "m.zip")):
        with pytest.raises(InputError, match="are no speech model"):
            install_model(source, models)


def test_what_is_no_model_is_refused_with_its_reason(tmp_path, models):
    (tmp_path / "none.zip").write_bytes(b"no archive")
    (tmp_path / "empty").mkdir()
    for source, complaint in (
        (tmp_path / "none.zip", "cannot be unpacked"),
        (tmp_path / "absent.zip", "no such file"),
        (tmp_path / "empty", "no model in it"),
    ):
        with pytest.raises(InputError, match=complaint):
            install_model(source, models)


def test_a_folder_with_a_link_in_it_is_refused(tmp_path, models):
    source = install_model(LOOKALIKE, tmp_path / "source").path
    (source / "passwd").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="a link or a device"):
        install_model(source, models)


def test_a_name_that_means_something_else_is_refused(tmp_path, models):
    with pytest.raises(InputError, match="rename"):
        install_model(packed(tmp_path / "m.zip", prefix="embedded/"), models)


def test_a_damaged_model_is_listed_with_its_problem(models):
    (models / "broken").mkdir(parents=True)
    (broken,) = [one for one in list_models(models) if one.name == "broken"]
    assert (broken.model, "is missing" in broken.problem) == (None, True)
