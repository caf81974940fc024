"""Random histories of a hall against a slow and simple judge that knows the truth."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.histories.oracle import PAST, Truth, decided_at, oracle
from tests.histories.perturb import (
    Hurt,
    doubled,
    shuffled,
    with_clock_step,
    with_events_dropped,
    with_link_lost,
    with_restart,
)
from tests.histories.plan import Tape, draw_day
from tests.histories.world import HALL, LATER_BOOT, PEOPLE, History, by_linkedid, keep, run, track
from voicedesk.calls.model import JudgedCall, Outcome
from voicedesk.calls.tracker import Tracker

TIMES = int(os.environ.get("VOICEDESK_HISTORIES", "1"))
"""How many times as many histories as usual; more than 1 also draws other ones each time."""

pytestmark = pytest.mark.timeout(900)
tapes = st.binary(min_size=0, max_size=240)


def histories(count):
    """A property that holds for so many histories."""
    profile = settings(
        max_examples=count * TIMES,
        deadline=None,
        derandomize=TIMES == 1,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    return lambda test: profile(given(tapes)(test))


def differences(history: History, found) -> list[str]:
    """Where the tracker and the truth part."""
    wrong = []
    for call in history.calls:
        truth, got = oracle(call), found.get(call.linkedid)
        if got is None:
            wrong.append(f"{call.kind} {call.linkedid}: not seen")
            continue
        judged = got.judgement
        if judged.verdict.value not in truth.verdicts:
            wrong.append(f"{call.kind}: {judged.verdict.value} ({judged.reason}), but it was {set(truth.verdicts)}")
        elif judged.cause not in truth.causes:
            wrong.append(f"{call.kind}: because of {judged.cause}, but it was {truth.causes}")
        if truth.ring_us is not None and judged.ring_us != truth.ring_us:
            wrong.append(f"{call.kind}: rang {judged.ring_us}, but it was {truth.ring_us}")
        wrong += [f"{call.kind}: {text}" for text in ends(truth, got)]
        legs = {leg.uniqueid: one.verdict.value for leg, one in zip(got.facts.legs, judged.legs, strict=True)}
        for uniqueid, verdicts in truth.legs.items():
            if legs.get(uniqueid) not in verdicts:
                wrong.append(f"{call.kind} leg {uniqueid}: {legs.get(uniqueid)}, but it was {set(verdicts)}")
        more = {uniqueid: verdict for uniqueid, verdict in legs.items() if uniqueid not in truth.legs}
        accused = [uniqueid for uniqueid, said in more.items() if said in PAST]
        wrong += [f"{call.kind} leg {uniqueid}: {more[uniqueid]}, but it was not rung" for uniqueid in accused]
    extra = set(found) - {call.linkedid for call in history.calls}
    return [*wrong, *(f"{linkedid}: there was no such call" for linkedid in extra)]


def ends(truth: Truth, got: JudgedCall) -> list[str]:
    """Where the tracker and the truth part about who answered, and how the call and each ringing ended."""
    judged, wrong = got.judgement, []
    if truth.answered_by:
        if judged.answered_by != truth.answered_by:
            wrong.append(f"answered by {judged.answered_by}, but it was {truth.answered_by}")
        if judged.agent != PEOPLE.get(truth.answered_by):
            wrong.append(f"{judged.agent} is named, but it was {PEOPLE.get(truth.answered_by)}")
    if got.facts.disposition not in truth.dispositions:
        wrong.append(f"ended {got.facts.disposition}, but it was {set(truth.dispositions)}")
    for leg in got.facts.legs:
        answered = truth.answered.get(leg.uniqueid)
        if answered is not None and answered != (leg.outcome is Outcome.ANSWERED):
            wrong.append(f"leg {leg.uniqueid} ended {leg.outcome}, but answered is {answered}")
        if leg.uniqueid in truth.never_rang and leg.ringing_at is not None:
            wrong.append(f"leg {leg.uniqueid} has a ring ({leg.ring_source}), but it never rang")
    return wrong


KIND = frozenset({"on_time", "left_early"})


def harm(history: History, hurt: Hurt, found) -> list[str]:
    """Where somebody is accused who did not do it, or where something is said to be unknown that was decided before.

    A clock put back while nothing happens shortens a wait unseen: that accuses nobody, and nobody can tell.
    """
    unknown = {"cannot_tell", "not_judged"} | (KIND if hurt.shortens else set())
    wrong = []
    for call in history.calls:
        truth, got = oracle(call), found.get(call.linkedid)
        if got is None:
            continue
        verdict, cause = got.judgement.verdict.value, got.judgement.cause
        if verdict not in truth.verdicts | unknown:
            wrong.append(f"{call.kind}: {verdict}, but it was {set(truth.verdicts)}")
        elif cause == "person" and cause not in truth.causes:
            wrong.append(f"{call.kind}: a person is to blame, but it was {set(truth.causes)}")
        if decided_at(call) < hurt.start - 1000 and verdict not in truth.verdicts:
            wrong.append(f"{call.kind}: {verdict}, but it was decided before: {set(truth.verdicts)}")
        for leg, judged in zip(got.facts.legs, got.judgement.legs, strict=True):
            is_true = judged.verdict.value in truth.legs.get(leg.uniqueid, ())
            if judged.verdict.value in ("late", "missed") and not is_true:
                wrong.append(f"{call.kind}: a leg is {judged.verdict}, but it was {truth.legs.get(leg.uniqueid)}")
    return wrong


@histories(2000)
def test_what_was_seen_whole_is_judged_as_it_was(tape):
    history = run(draw_day(Tape(tape)))
    found, tracker = track(history.seen(every_right=len(tape) % 4 == 0))
    assert not (bad := differences(history, found)), bad
    assert tracker.open_ids() == []


@histories(600)
def test_events_shuffled_between_channels_and_told_twice_change_nothing(data):
    tape = Tape(data)
    history = run(draw_day(tape))
    seen = history.seen(every_right=tape.pick((True, False)))
    found, tracker = track(shuffled(doubled(seen, tape), tape))
    assert not (bad := differences(history, found)), bad
    assert tracker.open_ids() == []


@histories(600)
def test_events_dropped_on_the_way_accuse_nobody(data):
    tape = Tape(data)
    history = run(draw_day(tape))
    hurt = with_events_dropped(history, tape, every_right=tape.pick((True, False)))
    found, tracker = track(hurt.said)
    assert not (bad := harm(history, hurt, found)), bad
    assert tracker.open_ids() == []


@histories(600)
def test_a_link_lost_and_back_accuses_nobody_and_leaves_no_call_open(data):
    tape = Tape(data)
    history = run(draw_day(tape))
    hurt = with_link_lost(history, tape, every_right=tape.pick((True, False)))
    found, tracker = track(hurt.said)
    assert not (bad := harm(history, hurt, found)), bad
    assert tracker.open_ids() == []


@histories(400)
def test_a_restart_ends_every_call_and_ids_that_come_again_are_other_calls(data):
    tape = Tape(data)
    history, later = run(draw_day(tape, most=2)), run(draw_day(tape, most=2))
    hurt = with_restart(history, later, tape, every_right=tape.pick((True, False)))
    found, tracker = track(hurt.said)
    before = {key: call for key, call in found.items() if not key.startswith(LATER_BOOT)}
    after = {key.removeprefix(f"{LATER_BOOT} "): call for key, call in found.items() if key.startswith(LATER_BOOT)}
    assert not (bad := harm(history, hurt, before)), bad
    assert not (bad := differences(later, after)), bad
    assert tracker.open_ids() == []


@histories(400)
def test_a_clock_that_steps_accuses_nobody(data):
    tape = Tape(data)
    history = run(draw_day(tape))
    hurt = with_clock_step(history, tape, every_right=tape.pick((True, False)))
    found, _ = track(hurt.said)
    assert not (bad := harm(history, hurt, found)), bad


@histories(200)
def test_two_switches_with_the_same_ids_stay_apart(data):
    tape = Tape(data)
    history = run(draw_day(tape))
    seen = history.seen(every_right=False)
    one, other = Tracker("one", HALL), Tracker("other", HALL)
    latest: dict[str, dict] = {"one": {}, "other": {}}
    for said in seen:
        for name, tracker in (("one", one), ("other", other)):
            tracker.receive(said.event())
            keep(tracker, latest[name])
    assert not set(latest["one"]) & set(latest["other"])
    assert differences(history, by_linkedid(latest["other"])) == []
