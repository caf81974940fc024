"""A model's limits of doubt from labelled greetings: chosen on one half, proven on the other, written only if good."""

import shutil

import pytest
from tests.unit.greeting.spoken import NAMES, transcript
from voicedesk.errors import InputError
from voicedesk.greeting.calibration import LabelledGreeting, calibrate, keep_calibration, thresholds_of
from voicedesk.greeting.model import GreetingVerdict, Thresholds
from voicedesk.greeting.rules import shipped_rules
from voicedesk.speech.models import embedded_model, read_model
from voicedesk.speech.transcript import Understanding

RULES = shipped_rules()
WHOLE, HELLO = "您好 社保中心 请问 您 要 办理 什么 业务", "您好"


def heard(line, verdict, *, agreement, has_forbidden=False):
    known = Understanding(confidence=0.9, known_share=0.9, agreement=agreement)
    said = transcript(line, understanding=known)
    return LabelledGreeting(transcript=said, names=NAMES, verdict=verdict, has_forbidden=has_forbidden)


def greetings(*, muddled_at):
    """Forty that comply, thirty that do not; ten that comply and were heard as nonsense, with that agreement."""
    compliant, incomplete = GreetingVerdict.COMPLIANT, GreetingVerdict.INCOMPLETE
    return [
        *(heard(WHOLE, compliant, agreement=0.9) for _ in range(40)),
        *(heard(HELLO, incomplete, agreement=0.9) for _ in range(30)),
        *(heard(HELLO, compliant, agreement=muddled_at) for _ in range(10)),
    ]


def test_the_limits_keep_everyone_from_being_called_what_they_are_not_and_leave_the_fewest_untold():
    found = calibrate(greetings(muddled_at=0.72), RULES)
    assert found.is_good
    assert found.thresholds.calibrated
    assert (found.proven_on.wrong, found.proven_on.untold, found.proven_on.right) == (0, 5, 35)
    assert found.thresholds.agreement > 0.72


def test_a_model_that_cannot_tell_nonsense_is_not_calibrated():
    found = calibrate(greetings(muddled_at=0.9), RULES)
    assert not found.is_good
    assert not found.thresholds.calibrated
    assert found.proven_on.wrong > 0


def test_a_forbidden_phrase_that_was_not_said_counts_as_wrong():
    labelled = greetings(muddled_at=0.5)
    said = "您好 社保中心 请问 您 要 办理 什么 业务 不知道"
    wrongly = [heard(said, GreetingVerdict.COMPLIANT, agreement=0.9) for _ in range(4)]
    rightly = [heard(said, GreetingVerdict.COMPLIANT, agreement=0.9, has_forbidden=True) for _ in range(4)]
    assert calibrate(labelled + rightly, RULES).is_good
    assert not calibrate(labelled + wrongly, RULES).is_good


@pytest.mark.parametrize("kept", [slice(0, 40), slice(0, 59), slice(21, 80)])
def test_too_few_recordings_prove_nothing(kept):
    with pytest.raises(InputError, match="too few"):
        calibrate(greetings(muddled_at=0.5)[kept][:59], RULES)


def test_a_calibration_is_kept_beside_its_model_and_read_back(tmp_path):
    shutil.copytree(embedded_model().path, tmp_path / "model")
    model = read_model(tmp_path / "model")
    assert thresholds_of(model) == Thresholds()
    found = calibrate(greetings(muddled_at=0.72), RULES)
    keep_calibration(model, found, "2026-11-23")
    assert thresholds_of(model) == found.thresholds
    (model.path / "calibration.json").write_text('{"thresholds": {"nonsense": 1}}')
    with pytest.raises(InputError, match="calibrate the model again"):
        thresholds_of(model)
    shutil.rmtree(model.path)
    with pytest.raises(InputError, match="cannot be written"):
        keep_calibration(model, found, "2026-11-23")
