"""What may be decided, by whom, and what is refused; how far people and rules agree."""

from dataclasses import replace
from pathlib import Path

import pytest
from voicedesk.calls.model import Assignment, Hall, JudgedCall
from voicedesk.calls.replay import replay
from voicedesk.calls.three_rings import judge
from voicedesk.desk.agreement import Pair, agreement_of, call_agreement, greeting_agreement
from voicedesk.errors import InputError
from voicedesk.greeting.evidence import evidence_from_json
from voicedesk.jobs.deciding import decisions
from voicedesk.jobs.hearing.decided_greetings import decided_greetings
from voicedesk.settings import Settings
from voicedesk.store.calls import CallFilter
from voicedesk.store.decisions import AppealState, Kind
from voicedesk.store.deliveries import THE_LOG
from voicedesk.store.greetings import GreetingFilter, StoredGreeting
from voicedesk.store.store import Store

CAPTURES = Path(__file__).parents[2] / "captures"
SEATS = Hall(
    every_extension_is_a_line=True,
    phones=frozenset({"PJSIP/agent1", "PJSIP/agent2"}),
    assignments=(Assignment(agent="zhang", endpoint="PJSIP/agent1"), Assignment(agent="li", endpoint="PJSIP/agent2")),
)


def call_of(name: str, hall: Hall | None = SEATS):
    (call,) = replay((CAPTURES / f"{name}.raw").read_bytes(), pbx="main", hall=hall).calls
    return call


LATE, TWO = call_of("b_answer_17s"), call_of("busy_then_colleague")
TASK = {"names": {"name": "社保局", "aliases": [], "others": []}, "template": "inbound",
        "limits": {"first_word_seconds": 3, "all_parts_seconds": 10}}  # fmt: skip


def greeting(**values) -> StoredGreeting:
    known = {"pbx": "main", "uniqueid": "1.1", "call_id": LATE.facts.id, "endpoint": "PJSIP/agent1", "answered_at": 1,
             "agent": "zhang", "verdict": "incomplete", "needs_review": True, "is_final": True,
             "evidence": evidence_from_json({"task": TASK})}  # fmt: skip
    return StoredGreeting(**{**known, **values})


@pytest.fixture
async def store(tmp_path):
    async with Store.open(f"sqlite:///{tmp_path / 'v.db'}") as opened:
        await opened.calls.save([LATE, TWO])
        await opened.greetings.save(greeting())
        yield opened


async def decide(store, about, verdict="on_time", **values):
    values = {"reason": "听录音", "by": "wang", "now": lambda: 7, **values}
    return await decisions.decide(store, about, verdict, **values)


async def test_a_call_is_decided_by_the_beginning_of_its_id(store):
    about = await decisions.find_call(store, LATE.facts.id[:8])
    made = await decide(store, about, "missed", cause="empty_seat", reason="  话机\n断线  ", by=" wang ")
    assert (made.verdict, made.cause, made.reason, made.by) == ("missed", "empty_seat", "话机 断线", "wang")
    assert (made.automatic, made.automatic_cause, made.at) == ("late", "person", 7)
    assert made.rules_version == LATE.judgement.rules_version


async def test_a_call_concerns_whom_it_was_judged_against_and_else_everybody_whom_it_rang(store):
    """Whoever the call only rang may not appeal in another's place, and may decide; they may appeal for their leg."""
    whole = await decisions.find_call(store, TWO.facts.id)
    assert {leg.agent for leg in TWO.facts.legs} == {"zhang", "li"}
    assert whole.concerned == {TWO.judgement.agent}
    (other,) = {"zhang", "li"} - whole.concerned
    settings = Settings()
    with pytest.raises(InputError, match="only they may appeal"):
        await decisions.appeal(store, settings, whole, reason="话机无声", by=other, now=lambda: 7)
    assert (await decide(store, whole, "late", by=other)).by == other
    number = next(at for at, leg in enumerate(TWO.facts.legs, 1) if leg.agent == other)
    leg = await decisions.find_call(store, TWO.facts.id, str(number))
    assert leg.concerned == {other}
    assert (await decisions.appeal(store, settings, leg, reason="话机无声", by=other, now=lambda: 7)).by == other
    facts = call_of("c_no_answer_queue_timeout").facts
    legs = (replace(facts.legs[0], agent="zhang"), replace(facts.legs[0], agent="li", uniqueid="1.9"))
    facts = replace(facts, legs=legs)
    await store.calls.save([JudgedCall(facts=facts, judgement=judge(facts))])
    assert (await decisions.find_call(store, facts.id)).concerned == {"zhang", "li"}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"verdict": "perfect"}, "no verdict: one of on_time"),
        ({"verdict": "compliant"}, "no verdict: one of on_time"),
        ({"verdict": ""}, "no verdict"),
        ({"verdict": "on_time", "cause": "person"}, "late or missed"),
        ({"verdict": "late", "cause": "weather"}, "no cause: one of routing"),
        ({"reason": ""}, "say why"),
        ({"reason": " \t\n"}, "say why"),
        ({"reason": "\x1b[31m"}, "say why"),
        ({"reason": "长" * 2001}, "longer than"),
        ({"by": ""}, "say who"),
        ({"by": "a\x00b"}, "say who"),
        ({"by": "n" * 61}, "say who"),
        ({"by": "zhang"}, "nobody decides about themselves"),
        ({"forbidden": True}, "greeting decide"),
    ],
)
async def test_what_cannot_be_decided_is_refused_and_nothing_is_kept(store, values, why):
    about = await decisions.find_call(store, LATE.facts.id)
    with pytest.raises(InputError, match=why):
        await decide(store, about, **values)
    assert (await store.decisions.of(about.subject)).steps == ()


@pytest.mark.parametrize(
    ("call_id", "why"),
    [("", "say which"), ("  ", "say which"), ("zz", "no call has"), ("%", "no call"), ("\udcff", "no call")],
)
async def test_an_id_of_no_call_is_refused(store, call_id, why):
    with pytest.raises(InputError, match=why):
        await decisions.find_call(store, call_id)


async def test_the_beginning_of_two_ids_is_refused(store):
    await store.calls.save([replace(LATE, facts=replace(LATE.facts, id=LATE.facts.id[:6] + "f" * 14))])
    with pytest.raises(InputError, match="more than one call"):
        await decisions.find_call(store, LATE.facts.id[:6])


async def test_a_call_that_goes_on_is_not_decided(store):
    await store.calls.save([replace(LATE, facts=replace(LATE.facts, id="open", ended_at=None))])
    with pytest.raises(InputError, match="still going on"):
        await decisions.find_call(store, "open")


async def test_a_leg_is_named_by_its_number_or_its_phone(store):
    by_number = await decisions.find_call(store, TWO.facts.id, "2")
    by_phone = await decisions.find_call(store, TWO.facts.id, "PJSIP/agent2")
    assert by_number == by_phone
    assert (by_number.subject.kind, by_number.automatic, by_number.concerned) == (Kind.LEG, "on_time", {"li"})
    assert by_number.subject.uniqueid == TWO.facts.legs[1].uniqueid
    for leg, why in (("0", "has 2 legs"), ("3", "has 2 legs"), ("PJSIP/agent9", "did not ring"), ("", "did not ring")):
        with pytest.raises(InputError, match=why):
            await decisions.find_call(store, TWO.facts.id, leg)


async def test_a_phone_that_rang_twice_is_named_by_the_leg_s_number(store):
    again = call_of("queue_retries_one_phone")
    await store.calls.save([again])
    with pytest.raises(InputError, match=r"more than once .*\(1, 2"):
        await decisions.find_call(store, again.facts.id, again.facts.legs[0].endpoint)


async def test_legs_of_which_a_log_names_no_channel_are_told_apart_by_their_phones(store):
    legs = tuple(replace(leg, uniqueid="") for leg in TWO.facts.legs)
    await store.calls.save([replace(TWO, facts=replace(TWO.facts, id="logged", legs=legs))])
    await decide(store, await decisions.find_call(store, "logged", "1"), "missed")
    _, of_legs = await call_agreement(store, CallFilter())
    assert (of_legs.compared, of_legs.same) == (1, 1)


async def test_whom_it_concerns_appeals_and_nobody_else(store):
    about = await decisions.find_call(store, LATE.facts.id)
    with pytest.raises(InputError, match="concerns zhang, not li"):
        await decisions.appeal(store, Settings(), about, reason="不对", by="li", now=lambda: 1)
    await decisions.appeal(store, Settings(), about, reason="话机无声", by="zhang", now=lambda: 1)
    (news,) = await store.deliveries.waiting(THE_LOG, 10)
    assert (news.message.kind, dict(news.message.fields)["理由"]) == ("appeal_opened", "话机无声")
    with pytest.raises(InputError, match="nobody decides about themselves"):
        await decisions.undo(store, about, reason="不对", by="zhang", now=lambda: 2)
    await decide(store, about)
    assert (await store.decisions.of(about.subject)).standing.appeal_state is AppealState.UPHELD


async def test_where_nobody_is_named_anybody_appeals_and_somebody_else_decides(store):
    nameless = call_of("c_no_answer_queue_timeout", None)
    await store.calls.save([nameless])
    about = await decisions.find_call(store, nameless.facts.id)
    assert about.concerned == frozenset()
    await decisions.appeal(store, Settings(), about, reason="没有响铃", by="zhang", now=lambda: 1)
    with pytest.raises(InputError, match="somebody else must decide"):
        await decide(store, about, by="zhang")


async def test_who_appeals_does_not_take_back_what_the_appeal_is_about(store):
    nameless = call_of("c_no_answer_queue_timeout", None)
    await store.calls.save([nameless])
    about = await decisions.find_call(store, nameless.facts.id)
    await decide(store, about, verdict="missed", by="wang")
    await decisions.appeal(store, Settings(), about, reason="没有响铃", by="zhang", now=lambda: 1)
    with pytest.raises(InputError, match="somebody else must decide"):
        await decisions.undo(store, about, reason="不对", by="zhang", now=lambda: 2)
    await decisions.undo(store, about, reason="听录音", by="wang", now=lambda: 3)


async def test_a_missed_call_concerns_everybody_it_rang(store):
    missed = call_of("c_no_answer_queue_timeout")
    await store.calls.save([missed])
    about = await decisions.find_call(store, missed.facts.id)
    assert about.concerned == {leg.agent for leg in missed.facts.legs if leg.agent}


async def test_a_greeting_is_decided_with_whether_a_phrase_was_said(store):
    about = await decisions.find_greeting(store, LATE.facts.id[:8])
    made = await decide(store, about, "compliant", forbidden=False)
    assert (made.automatic, made.forbidden) == ("incomplete", False)
    with pytest.raises(InputError, match="no verdict: one of cannot_tell"):
        await decide(store, about, "on_time")
    with pytest.raises(InputError, match="cause goes with"):
        await decide(store, about, "incomplete", cause="person")


async def test_of_several_greetings_the_judged_one_is_meant_else_one_must_be_named(store):
    await store.greetings.save(greeting(uniqueid="1.2", endpoint="PJSIP/agent2", verdict="not_judged"))
    assert (await decisions.find_greeting(store, LATE.facts.id)).subject.uniqueid == "1.1"
    assert (await decisions.find_greeting(store, LATE.facts.id, "PJSIP/agent2")).subject.uniqueid == "1.2"
    await store.greetings.save(greeting(uniqueid="1.3", endpoint="PJSIP/agent3", verdict="compliant"))
    with pytest.raises(InputError, match="name one by --phone"):
        await decisions.find_greeting(store, LATE.facts.id)
    with pytest.raises(InputError, match="was not heard in this call"):
        await decisions.find_greeting(store, LATE.facts.id, "PJSIP/agent9")
    with pytest.raises(InputError, match="was it recorded"):
        await decisions.find_greeting(store, TWO.facts.id)


async def test_a_verdict_that_is_not_final_is_not_decided(store):
    await store.greetings.save(greeting(is_final=False))
    with pytest.raises(InputError, match="still being heard"):
        await decisions.find_greeting(store, LATE.facts.id)


def test_precision_and_recall_have_both_their_numbers_and_say_what_was_left_out():
    said = [("late", "late"), ("late", "on_time"), ("on_time", "late"), ("on_time", "on_time"), ("cannot_tell", "late"),
            ("late", "cannot_tell")]  # fmt: skip
    found = agreement_of((Pair(automatic=a, human=h) for a, h in said), ["late", "on_time", "missed", "cannot_tell"])
    assert (found.compared, found.same, found.untold, found.undecided) == (4, 2, 1, 1)
    late = found.rules[0]
    assert (late.rule, late.automatic, late.human, late.both) == ("late", 2, 3, 1)
    assert (late.precision, late.recall) == (1 / 2, 1 / 3)
    assert [one.rule for one in found.rules] == ["late", "on_time"]


async def test_agreement_counts_what_stands_and_not_what_was_taken_back(store):
    about = await decisions.find_call(store, LATE.facts.id)
    await decide(store, about, "missed")
    await decide(store, about, "late")
    calls, legs = await call_agreement(store, CallFilter())
    assert (calls.compared, calls.same, legs.compared) == (1, 1, 0)
    await decisions.undo(store, about, reason="点错", by="wang", now=lambda: 9)
    leg = await decisions.find_call(store, TWO.facts.id, "2")
    await decide(store, leg, "late", by="wang")
    calls, legs = await call_agreement(store, CallFilter())
    assert (calls.compared, calls.same) == (1, 0)
    assert [(one.rule, one.automatic, one.human, one.both) for one in legs.rules] == [
        ("on_time", 1, 0, 0), ("late", 0, 1, 0),
    ]  # fmt: skip


async def test_phrases_agree_where_a_person_said_whether_one_was_said(store):
    for n, (found, said) in enumerate([(1, True), (1, False), (0, True), (0, False), (2, None)]):
        await store.greetings.save(greeting(uniqueid=f"2.{n}", endpoint=f"PJSIP/{n}", forbidden=found, agent=None))
        about = await decisions.find_greeting(store, LATE.facts.id, f"PJSIP/{n}")
        await decide(store, about, "incomplete", forbidden=said)
    found = await greeting_agreement(store, GreetingFilter())
    assert (found.compared, found.same) == (5, 5)
    spoken = found.rules[-1]
    assert (spoken.rule, spoken.automatic, spoken.human, spoken.both) == ("forbidden_phrase", 2, 2, 1)
    assert (spoken.precision, spoken.recall) == (0.5, 0.5)


async def test_decided_greetings_whose_recordings_are_kept_may_calibrate_a_model(store, tmp_path):
    hall = Settings.model_validate({"recording": {"folder": tmp_path}})
    await store.greetings.save(greeting(recording="day/a.wav"))
    about = await decisions.find_greeting(store, LATE.facts.id)
    assert await decided_greetings(store, hall) == []
    await decide(store, about, "compliant", forbidden=False)
    (one,) = await decided_greetings(store, hall)
    assert (one.file, one.verdict.value, one.has_forbidden) == (tmp_path / "day/a.wav", "compliant", False)
    await decide(store, about, "cannot_tell")
    assert await decided_greetings(store, hall) == []
