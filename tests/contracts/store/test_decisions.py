"""What people decide, in every kind of database: every step kept, the last one shown, and nothing overwrites it."""

import asyncio
from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import select, text
from tests.contracts.store.conftest import call_of
from tests.contracts.store.test_greetings import greeting
from voicedesk.calls.model import Cause, Verdict
from voicedesk.errors import InputError
from voicedesk.jobs.following.rejudge import rejudge_calls
from voicedesk.store import schema
from voicedesk.store.calls import CallFilter, HumanDecision
from voicedesk.store.decisions import AppealState, Kind, Move, Step, Subject, standing_of
from voicedesk.store.engine import Database
from voicedesk.store.greetings import GreetingDecision, GreetingFilter
from voicedesk.store.tables import decisions

LATE = "b_answer_17s"
GREETING = Subject(kind=Kind.GREETING, call_id="call1", pbx="main", uniqueid="1.1", endpoint="PJSIP/agent1")


def about(call, leg=None) -> Subject:
    facts = call.facts
    if leg is None:
        return Subject(kind=Kind.CALL, call_id=facts.id, pbx=facts.pbx)
    return Subject(kind=Kind.LEG, call_id=facts.id, pbx=facts.pbx, uniqueid=facts.legs[leg].uniqueid, endpoint="p")


def step(move=Move.DECIDE, verdict="on_time", by="wang", reason="听录音", **values) -> Step:
    values = {"at": 7, "automatic": "late", "automatic_cause": "person", **values}
    return Step(move=move, verdict=verdict if move is Move.DECIDE else None, by=by, reason=reason, **values)


@pytest.fixture
async def late(store):
    call = call_of(LATE)
    await store.calls.save([call])
    return call


async def test_every_decision_is_kept_and_the_last_one_stands_beside_the_automatic_verdict(store, late):
    await store.decisions.add(about(late), step())
    await store.decisions.add(about(late), step(verdict="missed", cause="empty_seat", by="li", reason="话机断线", at=8))
    stored = await store.calls.get(late.facts.id)
    decided = HumanDecision(verdict=Verdict.MISSED, cause=Cause.EMPTY_SEAT, by="li", reason="话机断线", at=8)
    assert (stored.human, stored.verdict, stored.call.judgement.verdict) == (decided, "late", Verdict.LATE)
    history = await store.decisions.of(about(late))
    assert [(one.verdict, one.by, one.automatic) for one in history.steps] == [
        ("on_time", "wang", "late"), ("missed", "li", "late"),
    ]  # fmt: skip


async def test_two_who_decide_at_once_are_both_kept_and_the_later_one_holds(store, late):
    names = [f"p{n}" for n in range(8)]
    await asyncio.gather(*(store.decisions.add(about(late), step(by=name)) for name in names))
    history = await store.decisions.of(about(late))
    assert sorted(one.by for one in history.steps) == names
    assert len({one.number for one in history.steps}) == len(names)
    assert (await store.calls.get(late.facts.id)).human.by == history.steps[-1].by


async def test_what_is_taken_back_uncovers_what_stood_before(store, late):
    await store.decisions.add(about(late), step())
    await store.decisions.add(about(late), step(verdict="missed", by="li"))
    await store.decisions.add(about(late), step(Move.UNDO, by="li"))
    assert (await store.calls.get(late.facts.id)).human.by == "wang"
    await store.decisions.add(about(late), step(Move.UNDO))
    assert (await store.calls.get(late.facts.id)).human is None
    with pytest.raises(InputError, match="no decision to take back"):
        await store.decisions.add(about(late), step(Move.UNDO))
    assert len((await store.decisions.of(about(late))).steps) == 4


async def test_an_appeal_is_made_once_and_answered_by_somebody_else(store, late):
    await store.decisions.add(about(late), step(Move.APPEAL, by="zhang"))
    assert [one.call.facts.id for one in await store.calls.list(CallFilter(to_review=True))] == [late.facts.id]
    with pytest.raises(InputError, match="appealed already"):
        await store.decisions.add(about(late), step(Move.APPEAL, by="zhang"))
    with pytest.raises(InputError, match="somebody else"):
        await store.decisions.add(about(late), step(by="zhang"))
    await store.decisions.add(about(late), step(verdict="late", by="wang"))
    assert (await store.decisions.of(about(late))).standing.appeal_state is AppealState.REFUSED
    assert await store.calls.list(CallFilter(to_review=True)) == []
    with pytest.raises(InputError, match="appealed already"):
        await store.decisions.add(about(late), step(Move.APPEAL, by="zhang"))
    await store.decisions.add(about(late), step(Move.UNDO, by="wang"))
    assert (await store.calls.get(late.facts.id)).appeal_open


async def test_an_appeal_against_a_leg_is_one_to_review_and_leaves_the_call_s_verdict_alone(store, late):
    await store.decisions.add(about(late, 0), step(Move.APPEAL, by="zhang"))
    stored = await store.calls.get(late.facts.id)
    assert (stored.appeal_open, stored.human) == (True, None)
    await store.decisions.add(about(late, 0), step())
    stored = await store.calls.get(late.facts.id)
    assert (stored.appeal_open, stored.human) == (False, None)
    (history,) = await store.decisions.of_calls([late.facts.id])
    assert (history.subject.kind, history.standing.decision.verdict) == (Kind.LEG, "on_time")


@pytest.mark.parametrize(
    ("before", "answer", "state"),
    [
        ([], {"verdict": "on_time"}, AppealState.UPHELD),
        ([], {"verdict": "late"}, AppealState.REFUSED),
        ([], {"verdict": "late", "cause": "empty_seat"}, AppealState.UPHELD),
        ([], {"verdict": "late", "cause": "person"}, AppealState.REFUSED),
        ([{"verdict": "missed"}], {"verdict": "late"}, AppealState.UPHELD),
        ([{"verdict": "missed"}], {"verdict": "missed"}, AppealState.REFUSED),
        ([], {"verdict": "late", "forbidden": False}, AppealState.UPHELD),
    ],
)
def test_an_appeal_is_upheld_where_the_answer_says_another_thing_than_what_was_in_force(before, answer, state):
    steps = [*(step(**one) for one in before), step(Move.APPEAL, by="zhang"), step(**answer)]
    numbered = [replace(one, number=n) for n, one in enumerate(steps, 1)]
    assert standing_of(numbered).appeal_state is state


async def test_rejudging_and_saving_anew_leave_decisions_alone(store, late):
    await store.decisions.add(about(late), step())
    await store.decisions.add(about(late, 0), step())
    before = await store.calls.get(late.facts.id)
    await store.calls.save([late])
    await rejudge_calls(store.calls, CallFilter(), hall=None, dry_run=False)
    assert await store.calls.get(late.facts.id) == before
    assert len(await store.decisions.of_calls([late.facts.id])) == 2


async def test_what_was_decided_of_a_call_that_became_part_of_another_is_that_ones(store):
    gone, kept = call_of("a_answer_2rings"), call_of(LATE)
    await store.calls.save([gone])
    await store.decisions.add(about(gone), step(by="first"))
    await store.decisions.add(about(gone, 0), step(Move.APPEAL, by="zhang"))
    store.writer.add("p", resume_from=1, calls=[kept], merged=[(gone.facts.id, kept.facts.id)])
    await store.writer.flush()
    stored = await store.calls.get(kept.facts.id)
    assert (stored.human.by, stored.appeal_open) == ("first", True)
    assert {one.subject.call_id for one in await store.decisions.of_calls([kept.facts.id])} == {kept.facts.id}
    with pytest.raises(InputError, match="part of another"):
        await store.decisions.add(about(gone), step())


async def test_of_two_calls_that_were_both_decided_and_became_one_the_later_decision_holds(store):
    gone, kept = call_of("a_answer_2rings"), call_of(LATE)
    await store.calls.save([gone, kept])
    await store.decisions.add(about(kept), step(by="first"))
    await store.decisions.add(about(gone), step(by="second"))
    store.writer.add("p", resume_from=1, calls=[kept], merged=[(gone.facts.id, kept.facts.id)])
    await store.writer.flush()
    assert (await store.calls.get(kept.facts.id)).human.by == "second"
    assert [one.by for one in (await store.decisions.of(about(kept))).steps] == ["first", "second"]


async def test_a_greeting_s_decision_stays_whatever_is_saved_rejudged_or_forgotten_of_it(store):
    await store.greetings.save(greeting(1, verdict="incomplete", needs_review=True, is_final=True, recording="r.wav"))
    await store.decisions.add(GREETING, step(verdict="compliant", forbidden=False))
    decided = GreetingDecision(verdict="compliant", by="wang", reason="听录音", at=7, forbidden=False)
    await store.greetings.save(greeting(1, verdict="wrong_order", needs_review=True, is_final=True))
    assert (await store.greetings.get("main", "1.1")).human == decided
    await store.greetings.forget_call("call1")
    await store.greetings.forget_recordings(1000)
    stored = await store.greetings.get("main", "1.1")
    assert (stored.human, stored.verdict, stored.to_review) == (decided, "wrong_order", False)


async def test_what_is_left_to_review_are_doubts_that_nobody_decided_and_appeals(store):
    for n in (1, 2, 3, 4):
        await store.greetings.save(greeting(n, verdict="incomplete", needs_review=n < 3, is_final=True))
    await store.decisions.add(GREETING, step(verdict="compliant"))
    await store.decisions.add(replace(GREETING, uniqueid="1.4", call_id="call4"), step(Move.APPEAL))

    async def left(**which):
        return [one.uniqueid for one in await store.greetings.list(GreetingFilter(**which))]

    assert await left(to_review=True) == ["1.4", "1.2"]
    assert await left(to_review=False) == ["1.3", "1.1"]
    assert await left(needs_review=True) == ["1.2", "1.1"]


async def test_calls_that_cannot_be_told_are_to_review_until_somebody_decides(store, late):
    untold = call_of("link_lost_while_ringing")
    await store.calls.save([untold])
    assert [one.call.facts.id for one in await store.calls.list(CallFilter(to_review=True))] == [untold.facts.id]
    assert [one.call.facts.id for one in await store.calls.list(CallFilter(to_review=False))] == [late.facts.id]
    await store.decisions.add(about(untold), step(verdict="cannot_tell"))
    assert await store.calls.list(CallFilter(to_review=True)) == []


async def test_decisions_go_with_what_they_are_about_and_not_before(store, late):
    await store.decisions.add(about(late), step())
    await store.decisions.add(about(late, 0), step())
    await store.greetings.save(greeting(1, is_final=True))
    await store.decisions.add(GREETING, step(verdict="compliant"))
    await store.retention.prune(calls_before=late.facts.started_at, journal_before=2**60)
    await store.greetings.prune(1)
    assert await count(store) == 3
    await store.retention.prune(calls_before=late.facts.started_at + 1, journal_before=0)
    assert await count(store) == 1
    await store.greetings.prune(2)
    assert await count(store) == 0


async def count(store) -> int:
    async with store.database.read() as connection:
        return len((await connection.execute(select(decisions))).all())


@pytest.mark.parametrize("written", ["13800138000", "+86 138 0013 8000", "138-0013-8000", "0086 13800138000"])
async def test_a_number_that_is_forgotten_goes_from_reasons_too_and_the_decision_stays(store, late, written):
    await store.decisions.add(about(late), step(reason=f"致电 {written} 核实，工单 20261123"))
    await store.retention.forget_number("13800138000", at=1)
    human = (await store.calls.get(late.facts.id)).human
    assert human.verdict is Verdict.ON_TIME
    assert human.reason == "致电 ＊＊＊ 核实，工单 20261123"
    assert [one.reason for one in (await store.decisions.of(about(late))).steps] == [human.reason]


async def test_a_reason_may_hold_whatever_people_type(store, late):
    await store.decisions.add(about(late), step(reason="'; DROP TABLE calls; -- \0 “引号” 😀"))
    assert (await store.calls.get(late.facts.id)).human.reason == "'; DROP TABLE calls; -- \ufffd “引号” 😀"


async def test_what_an_earlier_version_decided_becomes_the_first_step_of_the_history(store_url):
    database = Database(store_url)
    config = schema._config()

    def to_0007(connection):
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")

    try:
        async with database.write() as connection:
            await connection.run_sync(to_0007)
            await connection.execute(
                text(
                    "INSERT INTO calls (id, pbx, started_at, direction, verdict, doubtful, has_gap, rules_version,"
                    " facts, human_verdict, human_by, human_reason, human_at) VALUES ('c', 'p', 1, 'inbound', 'late',"
                    " false, false, 'three_rings/1', :facts, 'on_time', 'wang', '听录音', 5)"
                ),
                {"facts": b""},
            )
        assert await schema.upgrade(database)
        async with database.read() as connection:
            row = (await connection.execute(select(decisions))).one()
            appeal = (await connection.execute(text("SELECT appeal_open FROM calls"))).scalar_one()
        assert (row.number, row.kind, row.move, row.verdict, row.by, row.at) == (
            1,
            "call",
            "decide",
            "on_time",
            "wang",
            5,
        )
        assert not appeal
    finally:
        await database.close()
