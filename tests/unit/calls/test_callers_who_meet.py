"""A caller's matter stays the caller's, whoever is in the bridge too: an older call of the staff, or another caller."""

import pytest
from tests.unit.calls.story import HALL, Story, tell, track
from voicedesk.calls.model import Direction, Disposition, Reason, Verdict
from voicedesk.tickets.meaning import Contact, Miss, meaning_of

SIGNED_ON = """
-600.0 Newchannel  agent1 Exten=*11 CallerIDNum=101 call=login
-599.9 Up          agent1 call=login
-599.0 BridgeEnter agent1 BridgeUniqueid=pool BridgeTechnology=holding_bridge call=login
"""
CONNECTED = """
 {at}0 AgentCalled {caller} > {local};1 MemberName=Agent-One Queue=hotline call={own}
 {at}0 DialBegin   {caller} > {local};1 DialString=Local/1001@agents call={own}
 {at}8 BridgeLeave agent1 BridgeUniqueid=pool BridgeTechnology=holding_bridge call=login
 {at}8 BridgeEnter agent1 BridgeUniqueid=in-{own} call=login
 {at}8 BridgeEnter {local};2 BridgeUniqueid=in-{own} call=login
 {at}9 DialEnd     {caller} > {local};1 DialStatus=ANSWER call=login
 {at}9 BridgeEnter {local};1 BridgeUniqueid=out-{own} call=login
 {at}9 BridgeEnter {caller} BridgeUniqueid=out-{own} call=login
"""
ENDED = """
 {at}0 Hangup      {caller} Cause=16 call=login
 {at}0 BridgeLeave agent1 BridgeUniqueid=in-{own} call=login
 {at}0 Hangup      {local};1 Cause=16 call=login
 {at}0 Hangup      {local};2 Cause=16 call=login
 {at}1 BridgeEnter agent1 BridgeUniqueid=pool BridgeTechnology=holding_bridge call=login
"""
ROOM = """
 -60.0 Newchannel  agent2 Exten=8000 CallerIDNum=102 call=room
 -59.9 Up          agent2 call=room
 -59.9 BridgeEnter agent2 BridgeUniqueid=conf BridgeTechnology=softmix call=room
"""
ANSWERED = """
 {at}0 Newchannel  {caller} Exten=4001 CallerIDNum={number} call={own}
 {at}0 DialBegin   {caller} > {phone} DialString=agent1 Exten=4001 call={own}
 {at}1 Ringing     {phone} call={own}
 {at}4 Up          {phone} call={own}
 {at}4 DialEnd     {caller} > {phone} DialStatus=ANSWER call={own}
 {at}4 BridgeEnter {phone} BridgeUniqueid=b-{own} call={own}
 {at}4 BridgeEnter {caller} BridgeUniqueid=b-{own} call={own}
"""


def inbound(text, hall=HALL):
    return [call for call in tell(text, hall) if call.facts.direction is Direction.INBOUND]


def meaning(call):
    return meaning_of(call, lambda facts: facts.line)


def test_every_caller_of_an_agent_who_stays_signed_on_has_a_call_of_their_own():
    callers = ""
    for at, caller, number in (("1", "trunk", "13800138000"), ("20", "trunk#2", "13900139000")):
        own = number[-4:] + at
        callers += f" {at}.0 QueueCallerJoin {caller} Queue=hotline Exten=4001 CallerIDNum={number} call={own}\n"
        callers += CONNECTED.format(at=f"{int(at) + 2}.", caller=caller, local=f"l{at}", own=own)
        callers += ENDED.format(at=f"{int(at) + 9}.", caller=caller, local=f"l{at}", own=own)
    first, second = inbound(SIGNED_ON + callers + "900.0 Hangup agent1 Cause=16 call=login")
    for call in (first, second):
        assert (call.judgement.verdict, call.judgement.answered_by) == (Verdict.ON_TIME, "PJSIP/agent1")
        assert (call.judgement.agent, call.facts.legs[0].member) == ("zhang", "Agent-One")
        assert call.judgement.ring_us == 900_000
        assert call.judgement.caller_total_us == 9_000_000
        assert isinstance(meaning(call), Contact)
    assert [call.facts.caller_number for call in (first, second)] == ["13800138000", "13900139000"]


def test_a_caller_who_waits_for_a_signed_on_agent_is_not_late_because_the_agent_was_busy():
    waited = " 1.0 QueueCallerJoin trunk Queue=hotline Exten=4001 CallerIDNum=13800138000 call=c\n"
    (call,) = inbound(SIGNED_ON + waited + CONNECTED.format(at="61.", caller="trunk", local="l", own="c"))
    assert (call.judgement.verdict, call.judgement.queue_us) == (Verdict.ON_TIME, 60_000_000)


def test_a_caller_who_is_brought_into_a_room_that_staff_opened_before_stays_a_caller():
    moved = """
     20.0 BridgeLeave trunk BridgeUniqueid=b-c call=c
     20.0 Hangup      agent1 Cause=16 call=c
     20.1 BridgeEnter trunk BridgeUniqueid=conf BridgeTechnology=softmix call=room
     60.0 Hangup      trunk Cause=16 call=room
     90.0 Hangup      agent2 Cause=16 call=room
    """
    answered = ANSWERED.format(at="1.", caller="trunk", phone="agent1", number="13800138000", own="c")
    (call,) = inbound(ROOM + answered + moved)
    assert (call.judgement.verdict, call.judgement.answered_by) == (Verdict.ON_TIME, "PJSIP/agent1")
    assert (call.judgement.caller_total_us, call.facts.disposition) == (59_000_000, Disposition.ANSWERED)
    assert [leg.endpoint for leg in call.facts.legs] == ["PJSIP/agent1", "PJSIP/agent2"]


def test_a_caller_who_reaches_only_the_room_was_answered_by_who_was_there():
    (call,) = inbound(
        ROOM
        + """
     1.0 QueueCallerJoin  trunk Queue=hotline Exten=4001 CallerIDNum=13800138000 call=c
     4.0 QueueCallerLeave trunk Queue=hotline call=c
     4.1 BridgeEnter      trunk BridgeUniqueid=conf BridgeTechnology=softmix call=room
     9.0 Hangup           trunk Cause=16 call=room
    """
    )
    assert (call.judgement.verdict, call.judgement.answered_by) == (Verdict.ON_TIME, "PJSIP/agent2")


def test_a_colleague_of_an_older_call_inside_answers_a_caller_who_is_put_through_and_no_call_is_lost():
    (call,) = inbound(
        """
     -30.0 Newchannel  agent1#7 Exten=6002 CallerIDNum=101 call=inside
     -30.0 DialBegin   agent1#7 > agent2 DialString=agent2 call=inside
     -29.0 Up          agent2 call=inside
     -29.0 BridgeEnter agent2 BridgeUniqueid=talk call=inside
     -29.0 BridgeEnter agent1#7 BridgeUniqueid=talk call=inside
    """
        + ANSWERED.format(at="1.", caller="trunk", phone="agent1", number="13800138000", own="c")
        + """
     9.0 BridgeLeave trunk BridgeUniqueid=b-c call=c
     9.0 BridgeEnter trunk BridgeUniqueid=talk call=inside
     9.0 BridgeLeave agent1#7 BridgeUniqueid=talk call=inside
     9.1 Hangup agent1#7 Cause=16 call=inside
     9.1 Hangup agent1 Cause=16 call=c
     30.0 Hangup trunk Cause=16 call=inside
     30.0 Hangup agent2 Cause=16 call=inside
    """
    )
    assert (call.judgement.verdict, call.facts.caller_number) == (Verdict.ON_TIME, "13800138000")
    assert [leg.endpoint for leg in call.facts.legs] == ["PJSIP/agent1", "PJSIP/agent2"]


def test_two_callers_whom_an_agent_joins_are_two_matters():
    first, second = inbound(
        ANSWERED.format(at="1.", caller="trunk", phone="agent1", number="13800138000", own="c1")
        + ANSWERED.format(at="12.", caller="gsm", phone="agent1#2", number="13900139000", own="c2")
        + """
     30.0 BridgeLeave gsm BridgeUniqueid=b-c2 call=c2
     30.0 BridgeEnter gsm BridgeUniqueid=b-c1 call=c1
     30.1 Hangup agent1 Cause=16 call=c1
     30.1 Hangup agent1#2 Cause=16 call=c1
     60.0 Hangup trunk Cause=16 call=c1
     60.0 Hangup gsm Cause=16 call=c1
    """
    )
    assert [meaning(call).number for call in (first, second)] == ["13800138000", "13900139000"]
    assert not [leg for call in (first, second) for leg in call.facts.legs if leg.endpoint == "PJSIP/gsm"]


@pytest.mark.parametrize("who_enters_last", ["first", "second", "agent"])
def test_who_waits_in_a_room_with_another_caller_is_answered_by_staff_only(who_enters_last):
    waits = """
     1.0 QueueCallerJoin  {caller} Queue=hotline Exten=4001 CallerIDNum={number} call={own}
     2.0 QueueCallerLeave {caller} Queue=hotline call={own}
    """
    enters = {
        "first": "{at} BridgeEnter trunk BridgeUniqueid=conf BridgeTechnology=softmix call=c1",
        "second": "{at} BridgeEnter gsm BridgeUniqueid=conf BridgeTechnology=softmix call=c1",
        "agent": "{at} Newchannel agent2 Exten=8000 CallerIDNum=102 call=own\n"
        "{at} BridgeEnter agent2 BridgeUniqueid=conf BridgeTechnology=softmix call=c1",
    }
    last = enters.pop(who_enters_last)
    text = waits.format(caller="trunk", number="13800138000", own="c1")
    text += waits.format(caller="gsm", number="13900139000", own="c2")
    text += "\n".join(one.format(at="5.0") for one in enters.values())
    alone = track(Story().events(text), ended=True)
    if who_enters_last == "agent":
        assert [call.facts.person_answered_at for call in alone] == [None, None]
    both = [call for call in tell(f"{text}\n{last.format(at='9.0')}") if call.facts.direction is Direction.INBOUND]
    assert [call.judgement.answered_by for call in both] == ["PJSIP/agent2", "PJSIP/agent2"]


def test_two_callers_in_a_room_that_nobody_of_the_hall_enters_are_missed():
    first, second = inbound("""
     1.0 QueueCallerJoin  trunk Queue=hotline Exten=4001 CallerIDNum=13800138000 call=c1
     2.0 QueueCallerLeave trunk Queue=hotline call=c1
     2.1 BridgeEnter      trunk BridgeUniqueid=conf BridgeTechnology=softmix call=c1
     3.0 QueueCallerJoin  gsm Queue=hotline Exten=4001 CallerIDNum=13900139000 call=c2
     4.0 QueueCallerLeave gsm Queue=hotline call=c2
     4.1 BridgeEnter      gsm BridgeUniqueid=conf BridgeTechnology=softmix call=c1
    60.0 Hangup           trunk Cause=16 call=c1
    61.0 Hangup           gsm Cause=16 call=c1
    """)
    assert all(isinstance(meaning(call), Miss) for call in (first, second))


def test_a_phone_that_is_rung_for_a_caller_of_a_shared_id_belongs_to_that_caller():
    (call,) = inbound(
        ROOM
        + ANSWERED.format(at="1.", caller="trunk", phone="agent1", number="13800138000", own="c")
        + """
     20.0 BridgeLeave trunk BridgeUniqueid=b-c call=c
     20.0 BridgeEnter trunk BridgeUniqueid=conf BridgeTechnology=softmix call=room
     20.0 Hangup      agent1 Cause=16 call=room
     30.0 BridgeLeave trunk BridgeUniqueid=conf BridgeTechnology=softmix call=room
     29.9 Newchannel  x;1 call=room
     29.9 Newchannel  x;2 call=room
     30.0 DialBegin   trunk > x;1 DialString=Local/6003@phones call=room
     30.0 DialBegin   x;2 > agent3 DialString=agent3 call=room
     30.1 Ringing     agent3 call=room
     50.0 Hangup      agent3 Cause=19 call=room
     50.0 Hangup      x;1 Cause=19 call=room
     50.0 Hangup      x;2 Cause=19 call=room
     50.1 Hangup      trunk Cause=19 call=room
     60.0 Hangup      agent2 Cause=16 call=room
    """
    )
    assert call.facts.legs[-1].endpoint == "PJSIP/agent3"
    assert (call.judgement.legs[-1].verdict, call.facts.ended_at) == (Verdict.MISSED, 1_800_000_050_100_000)
    assert call.judgement.legs[1].reason is Reason.PICKED_UP
