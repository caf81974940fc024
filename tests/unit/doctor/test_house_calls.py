"""What the last day's calls show: lines not reached, limits out of reach, events that do not come."""

from dataclasses import replace

import pytest
from tests.fakes.house import START, Calls, around, house, settings
from voicedesk.calls.model import CallFacts, Direction, JudgedCall, LegFacts, Role, StartSource
from voicedesk.calls.three_rings import judge
from voicedesk.discovery.day import HouseDay
from voicedesk.doctor.calls import check_calls, check_events, nothing_yet, tells_of_user_events
from voicedesk.doctor.finding import Grade

SECOND = 1_000_000
LINE = {"name": "shebao", "extensions": ["88012345"], "queues": ["shebao"]}
QUEUED = "[from-trunk]\nexten => 88012345,1,UserEvent(VoicedeskCall,Line: shebao)\nsame => n,Queue(shebao,,,,60)"


def judged(linkedid: str, *, line: str | None = "shebao", rang_seconds: float = 4, **more: object) -> JudgedCall:
    rang = {"ringing_at": START, "ring_ended_at": round(START + rang_seconds * SECOND), "ended_at": START + 90 * SECOND}
    leg = LegFacts(uniqueid="1", channel="PJSIP/a-1", endpoint="PJSIP/a", role=Role.STAFF, **rang)
    facts = CallFacts(
        **{
            "id": linkedid,
            "pbx": "main",
            "boot": None,
            "linkedids": (linkedid,),
            "line": line,
            "direction": Direction.INBOUND,
            "caller_number": "13800138000",
            "started_at": START,
            "started_at_source": StartSource.NEWCHANNEL,
            "asked_at": START,
            "ended_at": START + 90 * SECOND,
            "is_line": line is not None,
            "legs": (leg,),
            **more,
        }  # type: ignore[arg-type]
    )
    return JudgedCall(facts=facts, judgement=judge(facts))


def told(day: HouseDay, calls=(), *, plan: str | None = None, **line: object) -> dict[str, Grade]:
    hall = settings(lines=[{**LINE, **line}])
    return {one.check: one.grade for one in check_calls(around(hall, house(plan=plan), main=day), calls)}


def test_without_calls_there_is_nothing_to_say_but_that() -> None:
    surroundings = around(settings(lines=[LINE]), house(), main=HouseDay())
    assert list(check_calls(surroundings, [])) == []
    quiet = nothing_yet(surroundings)
    assert quiet is not None
    assert quiet.grade is Grade.UNSEEN
    calls = Calls()
    calls.call("88012345")
    assert nothing_yet(around(settings(lines=[LINE]), house(), main=calls.day)) is None


def test_a_day_whose_calls_all_reached_their_line_has_no_finding() -> None:
    calls = Calls()
    served = {"person_answered_at": START + 4 * SECOND}
    made = [judged(calls.call("88012345", queue="shebao", line="shebao"), **served) for _ in range(5)]
    assert told(calls.day, made, plan=QUEUED) == {}


def test_that_no_call_reached_a_line_is_bad_and_the_numbers_are_counted() -> None:
    calls = Calls()
    lost = [judged(calls.call("88012345", queue="sb"), line=None) for _ in range(3)]
    lost.append(judged(calls.call("88099999"), line=None))
    surroundings = around(settings(lines=[{**LINE, "extensions": ["88012399"]}]), house(), main=calls.day)
    (one,) = check_calls(surroundings, lost)
    assert (one.check, one.grade) == ("calls_elsewhere", Grade.BAD)
    assert "88012345 × 3, 88099999 × 1" in one.what
    assert 'extensions = ["88012345"] queues = ["sb"]' in one.cure


def test_calls_to_another_number_beside_judged_ones_are_a_note_and_mere_noise_is_none() -> None:
    calls = Calls()
    mine = judged(calls.call("88012345", queue="shebao"))
    other = judged(calls.call("4000", phone="PJSIP/office"), line=None)
    noise = judged(calls.call("900441234567", phone=None), line=None, legs=(), asked_at=None)
    assert told(calls.day, [mine, other, noise]) == {"calls_elsewhere": Grade.NOTE}
    assert told(calls.day, [mine, noise]) == {}


@pytest.mark.parametrize(
    ("plan", "is_short"),
    [
        ("Queue(shebao,rt,,,12)", True),
        ("Queue(shebao,rt,,,20)", False),
        ("Queue(shebao,rt)", False),
        ("Dial(PJSIP/a&PJSIP/b,12)", True),
        ("Dial(PJSIP/a,8)\nsame => n,Dial(PJSIP/b,8)", False),
        ("Goto(queues,600,1)\n[queues]\nexten => 600,1,Queue(shebao,,,,9)", True),
        ("Queue(shebao,,,,${SECONDS})", False),
        ("Playback(closed)", False),
    ],
)
def test_what_rings_shorter_than_the_limit_is_read_from_the_dialplan(plan: str, is_short: bool) -> None:
    text = f"[from-trunk]\nexten => 88012345,1,{plan}"
    assert told(HouseDay(), plan=text) == ({"limit_unreachable": Grade.NOTE} if is_short else {})


def test_a_limit_that_no_unanswered_call_reached_is_noted_and_one_call_beyond_it_ends_the_doubt() -> None:
    calls = Calls()
    taken = [judged(calls.call("88012345", queue="shebao", answered=False), rang_seconds=10) for _ in range(3)]
    assert told(calls.day, taken) == {"limit_unreachable": Grade.NOTE}
    assert told(calls.day, taken[:2]) == {}
    assert told(calls.day, [*taken, judged("x", rang_seconds=16)]) == {}
    assert told(calls.day, taken, limit_seconds=10) == {}
    gone = [replace(one, facts=replace(one.facts, gave_up_at=START + 10 * SECOND)) for one in taken]
    assert told(calls.day, gone) == {}  # the callers went, not the queue


def events(*missing: str, queue: str | None = "shebao", plan: str | None = None, many: int = 3) -> dict[str, Grade]:
    calls = Calls(without=missing)
    for _ in range(many):
        calls.call("88012345", queue=queue, line="shebao")
    found = list(check_events("main", calls.day, house(plan=plan)))
    assert all(one.check == "events_missing" for one in found)
    return {one.what.partition("收不到事件 ")[2].partition(" /")[0]: one.grade for one in found}


@pytest.mark.parametrize(
    ("missing", "named", "grade"),
    [
        (("Newstate",), "Newstate", Grade.BAD),
        (("DialEnd",), "DialEnd", Grade.BAD),
        (("Hangup",), "Hangup", Grade.BAD),
        (("DialBegin",), "DialBegin", Grade.BAD),
        (("QueueCallerJoin",), "QueueCallerJoin", Grade.BAD),
        (("QueueCallerLeave",), "QueueCallerLeave", Grade.BAD),
        (("AgentCalled",), "AgentCalled", Grade.NOTE),
    ],
)
def test_an_event_that_a_filter_keeps_back_is_found(missing: tuple[str, ...], named: str, grade: Grade) -> None:
    assert events(*missing) == {named: grade}


def test_all_events_of_a_day_and_a_day_of_few_calls_are_no_finding() -> None:
    assert events() == {}
    assert events(queue=None) == {}
    assert events("Newstate", many=1) == {}
    assert list(check_events("main", HouseDay(), house(plan=QUEUED))) == []


def test_without_the_class_agent_a_number_that_leads_to_a_queue_shows_it() -> None:
    assert events("agent", plan=QUEUED) == {"QueueCallerJoin, AgentCalled": Grade.BAD}
    assert events("agent", plan="[a]\nexten => 88012345,1,Dial(PJSIP/agent1,30)") == {}


def test_whether_user_events_come_is_known_from_calls_or_because_none_is_due() -> None:
    heard, deaf = Calls(), Calls(without=("user",))
    for _ in range(3):
        heard.call("88012345", line="shebao")
        deaf.call("88012345", line="shebao")
    own = "[a]\nexten => 88012345,1,Queue(shebao)"
    assert tells_of_user_events(heard.day, None) is True
    assert tells_of_user_events(deaf.day, house(plan=QUEUED)) is False
    assert tells_of_user_events(deaf.day, house(plan=own)) is True
    assert tells_of_user_events(deaf.day, None) is None
    assert tells_of_user_events(HouseDay(), house(plan=QUEUED)) is None
