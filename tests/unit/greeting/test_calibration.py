"""A model's limits of doubt from labelled greetings: chosen on one half, proven on the other, written only if good."""

import shutil
from dataclasses import replace

import pytest
from tests.unit.greeting.spoken import NAMES, transcript
from tests.unit.greeting.weighing.made_up import MadeUpEar, heard_as, task
from voicedesk.errors import InputError
from voicedesk.greeting.calibration import (
    CARES,
    LabelledGreeting,
    calibrate,
    keep_calibration,
    thresholds_of,
    weighing_limits_of,
)
from voicedesk.greeting.model import GreetingVerdict, Thresholds
from voicedesk.greeting.rules import shipped_rules
from voicedesk.greeting.weighing.model import WeighingLimits, more_careful
from voicedesk.greeting.weighing.voice import weighed_under
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


def weighed(verdict, *lines):
    """A greeting as it is told under each care, from the least to the greatest; the last line holds for the rest."""
    lines = (*lines, *[lines[-1]] * (len(CARES) - len(lines)))
    sure = Understanding(confidence=1.0, known_share=1.0)
    transcripts = tuple(transcript(line, understanding=sure if line else None) for line in lines)
    return LabelledGreeting(transcript=transcripts[0], names=NAMES, verdict=verdict, weighed=transcripts)


def test_a_model_that_compares_sentences_gets_a_care_under_which_nobody_is_accused_wrongly_and_most_is_told(tmp_path):
    compliant, incomplete = GreetingVerdict.COMPLIANT, GreetingVerdict.INCOMPLETE
    labelled = [
        *(weighed(compliant, WHOLE) for _ in range(40)),
        *(weighed(incomplete, HELLO, HELLO, HELLO, "") for _ in range(30)),
        *(weighed(compliant, HELLO, "") for _ in range(10)),
    ]
    found = calibrate(labelled, RULES)
    assert found.is_good
    assert found.weighing == more_careful(WeighingLimits(), CARES[2])
    assert (found.proven_on.wrong, found.proven_on.untold) == (0, 5)
    shutil.copytree(embedded_model().path, tmp_path / "model")
    model = replace(read_model(tmp_path / "model"), kind="whisper")
    keep_calibration(model, found, "2026-11-30")
    assert (weighing_limits_of(model), thresholds_of(model).calibrated) == (found.weighing, True)


def test_a_model_that_accuses_under_the_greatest_care_is_not_calibrated():
    compliant, incomplete = GreetingVerdict.COMPLIANT, GreetingVerdict.INCOMPLETE
    labelled = [
        *(weighed(compliant, WHOLE) for _ in range(40)),
        *(weighed(incomplete, HELLO) for _ in range(30)),
        *(weighed(compliant, HELLO) for _ in range(10)),
    ]
    found = calibrate(labelled, RULES)
    assert not found.is_good
    assert not found.thresholds.calibrated


def test_under_each_care_a_greeting_is_weighed_and_no_question_is_asked_twice():
    ear = MadeUpEar("您好医保局请问您要办理什么业务")
    cares = [more_careful(WeighingLimits(), one) for one in (0.0, 60.0)]
    least, most = weighed_under(heard_as(ear.heard, heard_seconds=14.0), task(), RULES, cares, ear)
    assert (least.understanding.confidence, most.understanding.confidence) == (1.0, 0.0)
    assert len(ear.asked) == len(set(ear.asked))
