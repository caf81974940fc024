"""A model's own list of checksums may be anything: the model is then said to be damaged."""

import pytest
from voicedesk.errors import InputError
from voicedesk.speech.install import CHECKSUMS, verify_model
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
