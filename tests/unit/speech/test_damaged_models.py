"""A model's own list of checksums may be anything: the model is then said to be damaged."""

import zipfile

import pytest
from voicedesk.errors import InputError
from voicedesk.speech.install import CHECKSUMS, install_model, verify_model
from voicedesk.speech.models import SpeechModel


@pytest.mark.parametrize(
    "text",
    ["[]", "null", "1", '"x"', '{"a\\u0000b": ""}', '{"' + "n" * 5000 + '": ""}', "[" * 100_000, "9" * 5000],
    ids=lambda text: text[:10],
)
def test_checksums_that_are_none_are_told(tmp_path, text):
    (tmp_path / CHECKSUMS).write_text(text)
    model = SpeechModel(path=tmp_path, name="m", rate=8000, takes_grammar=False, statement="", synthetic_only=False)
    with pytest.raises(InputError):
        verify_model(model)


def test_an_archive_with_damaged_bytes_or_names_is_refused(tmp_path):
    source = tmp_path / "model.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("am/final.mdl", bytes(range(256)) * 4)
    whole = source.read_bytes()
    for at in range(len(whole)):
        source.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with pytest.raises(InputError):
            install_model(source, tmp_path / "installed")
