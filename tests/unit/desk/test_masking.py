"""Whatever text of a stored thing holds a number: a viewer who may not see it finds it nowhere in the row."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from voicedesk.access.roles import Role
from voicedesk.calls.model import Direction, Hall, JudgedCall, PhoneSeen
from voicedesk.calls.replay import replay
from voicedesk.calls.steps import Decide
from voicedesk.desk import breaks, calls, consultations, greetings, names, seats, tickets
from voicedesk.desk.verdicts import histories_json, seen_history
from voicedesk.desk.viewer import AT_THE_MACHINE, Viewer
from voicedesk.errors import InputError
from voicedesk.ivr.model import Consultation, DeskRequest, RequestKind
from voicedesk.ivr.model import Entry as IvrEntry
from voicedesk.ivr.model import State as IvrState
from voicedesk.jobs.deciding.decisions import find_call, find_greeting
from voicedesk.jobs.deciding.steps import VerdictSteps
from voicedesk.phones.model import Break, FindingKind, PhoneFinding
from voicedesk.settings import Settings
from voicedesk.store.calls import HumanDecision, StoredCall
from voicedesk.store.consultations import StoredConsultation, StoredRequest
from voicedesk.store.decisions import History, Kind, Move, Step, Subject
from voicedesk.store.greetings import GreetingDecision, GreetingFilter, StoredGreeting
from voicedesk.store.phones import StoredFinding
from voicedesk.store.requests import Request, RequestState
from voicedesk.store.store import Store
from voicedesk.store.tickets import Attempt
from voicedesk.tickets.model import Entry, Ticket
from voicedesk.tickets.model import Kind as TicketKind
from voicedesk.tickets.model import Move as TicketMove

NUMBER, NAME = "13812341234", "王小明"
TRUNK, WROTE = f"PJSIP/{NUMBER}", f"请回 {NUMBER}"
MASKED, UNMASKED = AT_THE_MACHINE, replace(AT_THE_MACHINE, may_see_numbers=True)
SETTINGS = Settings.model_validate({"agents": [{"id": "zhang", "name": "张三"}, {"id": "li", "name": "李四"}]})
CAPTURE = Path(__file__).parents[2] / "captures" / "b_answer_17s.raw"
HALL = Hall(every_extension_is_a_line=True, phones=frozenset({"PJSIP/agent1", "PJSIP/agent2"}))
(LATE,) = replay(CAPTURE.read_bytes(), pbx="main", hall=HALL).calls


def ticket() -> Ticket:
    at = dict.fromkeys(("opened_at", "due_at", "promised_at", "waiting_since"), 1)
    return Ticket(
        id="t",
        kind=TicketKind.COMPLAINT,
        group="社保",
        number=NUMBER,
        citizen=NAME,
        matter=WROTE,
        unit=WROTE,
        late_reason=WROTE,
        history=(Entry(at=1, move=TicketMove.POSTPONE, by="zhang", note=WROTE),),
        **at,
    )


def call() -> StoredCall:
    facts = LATE.facts
    leg = replace(facts.legs[0], endpoint=TRUNK, channel=f"{TRUNK}-0001", member=TRUNK, transferred_from=TRUNK)
    facts = replace(
        facts,
        caller_number=NUMBER,
        legs=(leg, *facts.legs[1:]),
        phones=(PhoneSeen(endpoint=TRUNK, states=()),),
        placed_by=TRUNK,
        direction=Direction.INBOUND,
    )
    judged = replace(LATE.judgement, answered_by=TRUNK, agent=None)
    human = HumanDecision(verdict=judged.verdict, by="li", reason=WROTE, at=1)
    return StoredCall(call=JudgedCall(facts=facts, judgement=judged), verdict="late", human=human)


def greeting(**values) -> StoredGreeting:
    human = GreetingDecision(verdict="compliant", by="li", reason=WROTE, at=1)
    known = {"pbx": "m", "uniqueid": "1700000000.1", "call_id": "c", "endpoint": TRUNK, "answered_at": 1}
    return StoredGreeting(**{**known, "human": human, **values})


def walk() -> StoredConsultation:
    asked = DeskRequest(kind=RequestKind.CALLBACK, at=1, number=NUMBER)
    one = Consultation(
        code="12345671",
        entry=next(iter(IvrEntry)),
        started_at=1,
        ended_at=2,
        language="zh_CN",
        state=next(iter(IvrState)),
        exit=None,
        notices=(),
        requests=(asked,),
        keys=(),
        sms_to=NUMBER,
    )
    request = StoredRequest(code="12345671", number=0, asked=asked)
    return StoredConsultation(
        pbx="m", uniqueid="1", line=None, caller_number=NUMBER, consultation=one, requests=(request,)
    )


def rows(viewer: Viewer):
    """A row and its JSON of each kind."""
    attempt = Attempt(
        id="a", ticket_id="t", pbx="m", number=NUMBER, extension=NUMBER, placed_by="z", placed_at=1, result="reached"
    )
    row = tickets.row_of(ticket(), viewer=viewer, names={}, now=5)
    yield row, tickets.ticket_json(row)
    placed = tickets.seen_attempt(attempt, viewer)
    yield placed, tickets.attempt_json(placed)
    shown = calls.row_of(call(), viewer=viewer, names={}, now=None)
    yield shown, calls.call_json(shown)
    heard = greetings.row_of(greeting(), viewer=viewer, names={})
    yield heard, greetings.greeting_json(heard)
    told = consultations.row_of(walk(), viewer=viewer)
    yield told, consultations.consultation_json(told)
    pause = breaks.row_of(Break(pbx="m", endpoint=TRUNK, from_at=1, reason=WROTE), viewer=viewer, names={}, now=2)
    yield pause, breaks.break_json(pause)
    step = Step(move=Move.DECIDE, reason=WROTE, by="li", at=1, verdict="late")
    about = Subject(kind=Kind.LEG, call_id="c", pbx="m", uniqueid=TRUNK, endpoint=TRUNK)
    history = seen_history(History(subject=about, steps=(step,)), viewer)
    yield history, histories_json([history])


def test_no_row_and_no_json_shows_a_number_or_a_name_that_is_masked():
    for row, plain in rows(MASKED):
        told = repr(row) + json.dumps(plain, ensure_ascii=False, default=str)
        assert NUMBER not in told, type(row).__name__
        assert NAME not in told, type(row).__name__


def test_who_may_see_numbers_sees_them_everywhere():
    for row, plain in rows(UNMASKED):
        assert NUMBER in json.dumps(plain, ensure_ascii=False, default=str), type(row).__name__


def test_a_break_keeps_its_id_where_its_phone_is_masked():
    one = Break(pbx="m", endpoint=TRUNK, from_at=1)
    assert breaks.break_json(breaks.row_of(one, viewer=MASKED, names={}, now=2))["id"] == one.id


async def test_a_phone_that_is_named_after_a_number_is_masked_among_the_seats(tmp_path):
    settings = SETTINGS.model_validate({"phones": [{"endpoint": TRUNK, "extension": "6001"}]})
    async with Store.open(f"sqlite:///{tmp_path / 'v.db'}") as store:
        finding = PhoneFinding(
            kind=next(iter(FindingKind)), pbx="", endpoint=None, line="社保", from_at=1, evidence=TRUNK
        )
        await store.phones.save(findings=[StoredFinding(finding=finding)])
        found = await seats.seats(store, settings, MASKED, now=1)
        whole = await seats.seats(store, settings, UNMASKED, now=1)
    assert NUMBER not in repr(found) + json.dumps(seats.seats_json(found))
    assert (found.rows[0].endpoint, whole.rows[0].endpoint) == ("PJSIP/138****1234", TRUNK)


@pytest.fixture
async def store(tmp_path):
    """A call and two greetings of it, on phones that are named after a number."""
    async with Store.open(f"sqlite:///{tmp_path / 'v.db'}") as opened:
        stored = call()
        await opened.calls.save([stored.call])
        for uniqueid in ("1700000000.1", "1700000000.2"):
            about = {"call_id": stored.call.facts.id, "uniqueid": uniqueid, "verdict": "compliant", "is_final": True}
            await opened.greetings.save(greeting(**about))
        yield opened


async def test_an_error_that_names_phones_masks_them(store):
    with pytest.raises(InputError) as caught:
        names.check_known("phone", f"PJSIP/{NUMBER[:-1]}x", {TRUNK}, show=MASKED.endpoint)
    assert TRUNK not in str(caught.value)
    call_id = call().call.facts.id
    with pytest.raises(InputError, match=r"did not ring .* PJSIP/138\*{4}1234"):
        await find_call(store, call_id, "PJSIP/x")
    with pytest.raises(InputError, match=r"was not heard .* PJSIP/138\*{4}1234、PJSIP/138\*{4}1234 were"):
        await find_greeting(store, call_id, "PJSIP/x")
    with pytest.raises(InputError, match=r"several were heard .* PJSIP/138\*{4}1234 \(1700000000\.2\)"):
        await find_greeting(store, call_id)


async def test_a_phone_may_be_named_as_it_is_shown(store):
    call_id, shown = call().call.facts.id, MASKED.endpoint(TRUNK)
    assert await find_call(store, call_id, shown) == await find_call(store, call_id, TRUNK)
    with pytest.raises(InputError, match="several were heard"):
        await find_greeting(store, call_id, shown)


async def test_what_a_decision_answers_masks_the_phone(store):
    step = Decide(call=call().call.facts.id, part="1", by="root", reason="r", verdict="late")
    request = Request(id="r", kind="verdict", payload="{}", asked_by="root", state=RequestState.QUEUED)
    told = await VerdictSteps(store, lambda: SETTINGS, lambda: 1).carry_out(step, request)
    assert told.endswith("PJSIP/138****1234: late")


async def test_who_is_no_supervisor_and_asks_for_somebody_elses_greetings_gets_none(tmp_path):
    async with Store.open(f"sqlite:///{tmp_path / 'v.db'}") as store:
        await store.greetings.save(greeting(agent="zhang"))
        await store.greetings.save(greeting(agent="li", uniqueid="2"))
        zhang = Viewer(agent="zhang", roles=frozenset({Role.STAFF}))
        for agent, seen in ((None, ["zhang"]), ("zhang", ["zhang"]), ("li", [])):
            listing = await greetings.greetings(store, SETTINGS, zhang, GreetingFilter(agent=agent))
            assert [row.greeting.agent for row in (await listing.page(9)).rows] == seen


async def test_a_call_shows_nothing_that_was_decided_of_its_greetings_since_they_are_their_staffs_own(store):
    call_id = call().call.facts.id
    about = Subject(kind=Kind.GREETING, call_id=call_id, pbx="m", uniqueid="1700000000.1", endpoint=TRUNK)
    await store.decisions.add(about, Step(move=Move.DECIDE, reason="r", by="li", at=1, verdict="compliant"))
    assert (await calls.call(store, SETTINGS, MASKED, call_id, now=None)).histories == ()
