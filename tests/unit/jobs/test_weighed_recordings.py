"""A recording heard with a model that compares sentences: what is asked, what a lost worker costs, and what is kept."""

from pathlib import Path

import numpy as np
import pytest
from tests.fakes.ears import FakeWorkers
from tests.unit.greeting.weighing.made_up import MadeUpEar, heard_as, task
from voicedesk.calls.replay import replay
from voicedesk.errors import InputError, SpeechInterrupted, SpeechLost, SpeechUnavailable
from voicedesk.greeting.evidence import evidence_as_json, evidence_from_json
from voicedesk.greeting.model import GreetingVerdict, Thresholds
from voicedesk.greeting.rules import shipped_rules
from voicedesk.greeting.weighing.model import WeighingLimits
from voicedesk.greeting.weighing.voice import GIVEN_UP
from voicedesk.jobs.hearing import closer
from voicedesk.jobs.hearing.evidence import row_of
from voicedesk.jobs.hearing.listening import INTERRUPTIONS, Listening
from voicedesk.jobs.hearing.open_recordings import Recording
from voicedesk.jobs.hearing.rejudge import _judge_again

CAPTURE = Path(__file__).parents[2] / "captures" / "a_answer_2rings.raw"
WHOLE = "您好社保中心请问您要办理什么业务"
OTHER = "您好医保局请问您要办理什么业务"
RULES = shipped_rules()


@pytest.fixture
def recording(tmp_path):
    (call,) = replay(CAPTURE.read_bytes(), pbx="main").calls
    leg = next(one for one in call.facts.legs if one.answered_at is not None)
    path = tmp_path / "1.1.sln48"
    path.write_bytes(np.zeros(48_000, np.int16).tobytes())
    made = Recording(
        pbx="main", uniqueid="1.1", path=path, call=call.facts, leg=leg, task=task(), recorded_at=leg.answered_at
    )
    made.end(None)
    return made


class Told:
    """What was told of a recording while it was heard."""

    def __init__(self):
        self.heard = []

    async def __call__(self, _recording, heard):
        self.heard.append(heard)


async def heard(recording, workers, *, weighing=None, told=None):
    listening = Listening(workers, RULES, Thresholds(), weighing or WeighingLimits())
    return await listening.hear(recording, told or Told())


def asked(text=WHOLE, lost=(), **how):
    whole = heard_as(text, **how)
    return FakeWorkers([whole, whole], MadeUpEar(text), lost)


async def test_a_compliant_greeting_is_final_at_its_pause_and_says_what_was_compared(recording):
    told, workers = Told(), asked(heard_seconds=5.0)
    whole = await heard(recording, workers, told=told)
    first = told.heard[0]
    assert (first.judged.verdict, first.is_final) == (GreetingVerdict.COMPLIANT, True)
    assert whole.compared["kind"] == "compliant"
    assert any(one.startswith("句子比对") for one in whole.judged.remarks)


async def test_what_was_compared_is_kept_with_the_verdict_and_judged_again_alike(recording):
    whole = await heard(recording, asked(OTHER, heard_seconds=14.0))
    row = row_of(recording, whole, "call")
    evidence = evidence_from_json(evidence_as_json(row.evidence))
    assert evidence == row.evidence
    assert evidence.compared["limits"]["over_names"] == 7.0
    again = _judge_again(row, RULES, Thresholds())
    assert (again.verdict, again.evidence.told.remarks) == ("wrong_department", row.evidence.told.remarks)


async def test_other_rules_accuse_nobody_on_sentences_of_the_old_ones(recording):
    row = row_of(recording, await heard(recording, asked(heard_seconds=14.0)), "call")
    assert row.verdict == "compliant"
    others = RULES.model_copy(update={"version": "hall/1", "templates": {"inbound": ("matter", "department", "hello")}})
    again = _judge_again(row, others, Thresholds())
    assert (again.verdict, again.reason) == ("cannot_tell", "not_understood")


async def test_damaged_evidence_of_the_sentences_is_told(recording):
    row = row_of(recording, await heard(recording, asked(heard_seconds=14.0)), "call")
    with pytest.raises(ValueError, match="damaged"):
        evidence_from_json({**evidence_as_json(row.evidence), "compared": "half"})


async def test_a_long_number_read_aloud_is_kept_in_no_sentence(recording):
    said = WHOLE + "一三八零零一二三四五六"
    row = row_of(recording, await heard(recording, asked(said, heard_seconds=14.0)), "call")
    assert "一三八零" not in str(evidence_as_json(row.evidence))


async def test_fault_61_a_worker_lost_in_the_midst_of_a_question_costs_one_more_hearing(recording):
    workers = asked(lost=[SpeechLost("killed")], heard_seconds=5.0)
    assert (await heard(recording, workers)).judged.verdict is GreetingVerdict.COMPLIANT
    assert workers.begun == 2


async def test_fault_61_a_greeting_that_workers_are_lost_over_twice_is_given_up(recording):
    workers = asked(lost=[SpeechLost("killed"), SpeechLost("killed")])
    with pytest.raises(SpeechLost):
        await heard(recording, workers)
    assert workers.begun == 2


async def test_fault_61_a_greeting_is_not_given_up_for_workers_that_were_lost_over_others(recording):
    lost = [SpeechInterrupted("other")] * (INTERRUPTIONS - 1)
    workers = asked(lost=[*lost, SpeechLost("this one")], heard_seconds=5.0)
    assert (await heard(recording, workers)).judged.verdict is GreetingVerdict.COMPLIANT


async def test_fault_61_workers_that_are_lost_over_everything_are_not_tried_for_ever(recording):
    workers = asked(lost=[SpeechInterrupted("other")] * 100)
    with pytest.raises(SpeechInterrupted):
        await heard(recording, workers)
    assert workers.begun == INTERRUPTIONS


async def test_fault_62_a_model_taken_away_while_a_greeting_is_compared_lets_the_recording_wait(recording):
    with pytest.raises(SpeechUnavailable):
        await heard(recording, asked(lost=[SpeechLost("killed"), SpeechUnavailable("no model")]))
    assert recording.path.exists()


async def test_a_comparison_that_takes_too_long_costs_that_greeting_only(recording, monkeypatch):
    monkeypatch.setattr(closer, "MOST_SECONDS", -1.0)
    whole = await heard(recording, asked(heard_seconds=14.0))
    assert whole.judged.verdict is GreetingVerdict.CANNOT_TELL
    assert GIVEN_UP in whole.judged.remarks


async def test_a_recording_without_sound_asks_nothing(recording):
    recording.path.write_bytes(b"")
    workers = asked()
    with pytest.raises(InputError):
        await heard(recording, workers)
    assert workers.begun == 0


async def test_a_model_that_compares_nothing_is_asked_nothing(recording):
    def refuse(_question):
        raise AssertionError

    whole = heard_as(WHOLE, heard_seconds=14.0)
    listening = Listening(FakeWorkers([None, whole], refuse), RULES, Thresholds())
    found = await listening.hear(recording, Told())
    assert found.compared is None
