"""How many rows have each value of a column, under a filter: what facets of lists are made of."""

from dataclasses import replace

from tests.contracts.store.conftest import call_of
from voicedesk.calls.model import CallFacts, JudgedCall
from voicedesk.calls.three_rings import judge
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.greetings import GreetingFilter, StoredGreeting
from voicedesk.store.quarantine import Part, SetAsideState, set_aside
from voicedesk.store.tickets import Change, StoredTicket, TicketFilter
from voicedesk.tickets.model import Kind, Ticket

CALLS = [call_of(name) for name in ("a_answer_2rings", "b_answer_17s", "c_no_answer_queue_timeout")]


def ticket(n: int, **values) -> Ticket:
    times = dict.fromkeys(("opened_at", "due_at", "promised_at", "waiting_since"), n)
    return Ticket(**{"id": str(n), "kind": Kind.COMPLAINT, "group": "g", "number": None, **times, **values})


def judged(facts: CallFacts) -> JudgedCall:
    return JudgedCall(facts=facts, judgement=judge(facts))


async def test_a_call_that_rang_somebody_twice_is_counted_once_among_theirs_under_every_filter(store):
    at, (leg, *_) = CALLS[1].facts.started_at, CALLS[1].facts.legs
    theirs = replace(leg, agent="zhang", endpoint="SIP/1")
    twice = replace(CALLS[1].facts, line="社保", legs=(theirs, theirs))
    other = replace(CALLS[0].facts, legs=(replace(leg, agent="li", endpoint="SIP/2"),))
    await store.calls.save([judged(twice), judged(other)])
    for one in (CallFilter(concerns="zhang"), CallFilter(endpoint="SIP/1")):
        assert await store.calls.tally(one, ("line",)) == {("社保",): 1}, one
    mine = CallFilter(concerns="zhang", from_at=at, to_at=at + 1)
    for same in ({}, {"line": "社保"}, {"endpoint": "SIP/1"}):
        assert await store.calls.tally(replace(mine, **same), ("line",)) == {("社保",): 1}, same
    for none in ({"line": "医保"}, {"from_at": at + 1}, {"to_at": at}, {"endpoint": "SIP/2"}):
        assert await store.calls.tally(replace(mine, **none), ("line",)) == {}, none


async def test_calls_tickets_and_greetings_are_counted_by_each_value_of_a_column(store):
    await store.calls.save(CALLS)
    assert await store.calls.tally(CallFilter(), ("verdict",)) == {("on_time",): 1, ("late",): 1, ("missed",): 1}
    assert await store.calls.tally(CallFilter(verdict="late"), ("verdict", "cause")) == {("late", "person"): 1}
    assert await store.calls.tally(CallFilter(line="no such line"), ("verdict",)) == {}
    some = [ticket(1), ticket(2, owner="zhang"), ticket(3, owner="zhang", kind=Kind.REFERRAL)]
    await store.tickets.change(Change(tickets=[StoredTicket(ticket=one) for one in some]))
    assert await store.tickets.tally(TicketFilter(), "owner") == {None: 1, "zhang": 2}
    assert await store.tickets.tally(TicketFilter(owner="zhang"), "kind") == {"complaint": 1, "referral": 1}
    heard = StoredGreeting(pbx="p", uniqueid="1", call_id="c", endpoint="e", answered_at=1)
    await store.greetings.save(heard)
    await store.greetings.save(replace(heard, uniqueid="2", verdict="late_start", line="社保"))
    assert await store.greetings.tally(GreetingFilter(), "verdict") == {None: 1, "late_start": 1}
    assert await store.greetings.tally(GreetingFilter(line="社保"), "line") == {"社保": 1}


async def test_whom_a_call_concerns_are_who_answered_and_whom_it_rang(store):
    missed = CALLS[2]
    legs = tuple(replace(leg, agent="li") for leg in missed.facts.legs)
    facts = CALLS[0].facts
    answered = replace(facts, legs=tuple(replace(leg, agent="zhang") for leg in facts.legs))
    await store.calls.save(
        [
            JudgedCall(facts=answered, judgement=judge(answered)),
            CALLS[1],
            replace(missed, facts=replace(missed.facts, legs=legs)),
        ]
    )
    for person, count in (("zhang", 1), ("li", 1), ("", 0), ("wang", 0)):
        assert await store.calls.count(CallFilter(concerns=person)) == count, person
        assert len(await store.calls.list(CallFilter(concerns=person))) == count
    assert await store.calls.count(CallFilter()) == 3


async def test_what_was_set_aside_is_counted_by_part_and_state(store):
    things = [set_aside(part, at_us=1, about=part, reason="r") for part in (Part.CALL, Part.ROW)]
    await store.quarantine.add(things)
    await store.quarantine.set_state(things[0].id, SetAsideState.RETRIED)
    assert await store.quarantine.count() == 2
    assert await store.quarantine.count(part=Part.CALL) == 1
    assert await store.quarantine.count(part=Part.CALL, state=SetAsideState.WAITING) == 0
