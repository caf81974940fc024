"""Calls that nobody watched, repaired from one log alone: what it cannot tell decides nothing, and nobody is lost."""

from datetime import UTC
from pathlib import Path

import pytest
from voicedesk.ami.message import make_event
from voicedesk.calls.model import (
    Cause,
    Direction,
    Disposition,
    Gap,
    GapReason,
    Hall,
    JudgedCall,
    Line,
    Reason,
    Verdict,
)
from voicedesk.calls.replay import replay
from voicedesk.calls.three_rings import judge
from voicedesk.clock import MICROSECONDS, format_epoch
from voicedesk.jobs.following.logged_calls import read_logs, retell
from voicedesk.switch_logs.files import LogPaths
from voicedesk.tickets.meaning import Contact, Miss, meaning_of

TOLD = Path(__file__).parents[2] / "captures" / "told_from_logs"
BEGUN = 1_795_499_000 * MICROSECONDS
ENDED = 1_795_510_000 * MICROSECONDS
CASE = 1_795_500_000
"""The second in which the cases begin."""
HALL = Hall(
    lines=(
        Line(
            name="hotline",
            extensions=frozenset({"4001"}),
            queues=frozenset({"hotline", "second"}),
            phones=frozenset({"PJSIP/agent1", "PJSIP/agent2"}),
        ),
    ),
    phones=frozenset({"PJSIP/agent1", "PJSIP/agent2", "PJSIP/agent3"}),
)


def link(state, at, **more):
    return make_event("VoicedeskLink", {"State": state, "Timestamp": format_epoch(at), **more}, arrived_us=at)


def snapshot(at):
    told = {"Timestamp": format_epoch(at)}
    begin = make_event("VoicedeskSnapshot", {"State": "begin", **told}, arrived_us=at)
    return [begin, make_event("VoicedeskSnapshot", {"State": "end", "Complete": "1", **told}, arrived_us=at)]


class House:
    """A hall whose service saw nothing for three hours, and what a repair makes of the switch's logs."""

    def __init__(self, folder):
        self.folder, self.logs = folder, None

    def repaired(self, **texts):
        """The calls, oldest first, by kind of log and its text (`cel`, `cdr`, `queue_log`)."""
        paths = {}
        for kind, text in texts.items():
            path = self.folder / kind
            path.write_text(text)
            paths[kind] = (path,)
        gap = Gap(from_at=BEGUN, to_at=ENDED, reason=GapReason.LINK_LOST)
        self.logs = read_logs(LogPaths(**paths), [(BEGUN, ENDED)], UTC)
        seen = make_event("DeviceStateChange", {"Timestamp": format_epoch(BEGUN)}, arrived_us=BEGUN)
        before = [link("up", BEGUN - 1, Boot="b"), *snapshot(BEGUN - 1), seen, link("lost", BEGUN + 2)]
        journal = [*before, link("up", ENDED, Boot="b"), *snapshot(ENDED)]
        told = retell("main", HALL, journal, (gap,), self.logs, until=ENDED)
        told.sort(key=lambda facts: facts.started_at)
        assert all(facts.repaired for facts in told)
        return [JudgedCall(facts=facts, judgement=judge(facts)) for facts in told]

    @property
    def bad_lines(self):
        return self.logs.bad_lines

    def case(self, name):
        kind = name.removesuffix(".csv").rpartition(".")[2]
        return self.repaired(**{kind: (TOLD / name).read_text()})

    def queue(self, *lines):
        """Lines of queue_log whose times are seconds since the beginning."""
        numbered = (line.partition("|") for line in lines)
        text = "".join(f"{CASE + int(at)}|{rest}\n" for at, _, rest in numbered)
        return self.repaired(queue_log=text.replace("ID", f"{CASE}"))


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def verdict(call):
    return call.judgement.verdict, call.judgement.reason


def accused(call):
    return [leg for leg in call.judgement.legs if leg.verdict in (Verdict.LATE, Verdict.MISSED)]


def at(seconds):
    return (CASE + seconds) * MICROSECONDS


ENTER = "0|ID.1|hotline|NONE|ENTERQUEUE||13800138000|1"
UNCERTAIN = (Verdict.CANNOT_TELL, Reason.RING_START_UNCERTAIN)
ON_TIME = (Verdict.ON_TIME, None)

# --- 14: a known number is not lost


def test_the_number_of_a_missed_call_stays_and_it_can_be_rung_back(house):
    (call,) = house.case("cel-number-lost.cel.csv")
    assert call.facts.caller_number == "13800138000"
    assert verdict(call) == (Verdict.MISSED, None)
    assert (call.judgement.cause, accused(call)) == (None, [])
    told = meaning_of(call, lambda facts: facts.line)
    assert isinstance(told, Miss)
    assert told.number == "13800138000"


def test_a_number_that_came_only_after_the_call_s_beginning_is_kept(house):
    text = (TOLD / "cel-number-lost.cel.csv").read_text().replace('"13800138000"', '""', 1)
    (call,) = house.repaired(cel=text)
    assert call.facts.caller_number == "13800138000"


@pytest.mark.parametrize("withheld", ["", "anonymous", "<unknown>", "Restricted"])
def test_a_withheld_number_stays_withheld_where_nobody_told_one(house, withheld):
    text = (TOLD / "cel-number-lost.cel.csv").read_text().replace("13800138000", withheld)
    (call,) = house.repaired(cel=text)
    assert call.facts.caller_number is None
    assert meaning_of(call, lambda facts: facts.line).number is None


def test_the_queue_s_number_stands_where_the_channel_had_none(house):
    text = (TOLD / "cel-number-lost.cel.csv").read_text().replace("13800138000", "")
    queue_log = f"{CASE}|{CASE}.0|hotline|NONE|ENTERQUEUE||13800138000|1\n"
    (call,) = house.repaired(cel=text, queue_log=queue_log)
    assert call.facts.caller_number == "13800138000"


@pytest.mark.parametrize("others", [{}, {"queue_log": f"{CASE}|{CASE}.0|hotline|NONE|ENTERQUEUE||anonymous|1\n"}])
@pytest.mark.parametrize(("told", "kept"), [("", "13800138000"), ("13900139000", "13900139000")])
def test_call_records_tell_the_number_that_the_finer_logs_lack(house, told, kept, others):
    text = (TOLD / "cel-number-lost.cel.csv").read_text().replace("13800138000", told)
    row = (
        f'"{CASE}.0","0.000000","{CASE + 31}.010000","31","0","13800138000","4001","PJSIP/trunk-00000000","",'
        f'"Queue","NO ANSWER","{CASE}.0","{CASE}.0","0"\n'
    )
    (call,) = house.repaired(cel=text, cdr=row, **others)
    assert (call.facts.caller_number, verdict(call)) == (kept, (Verdict.MISSED, None))


def test_call_records_alone_keep_the_number_of_a_call_that_nobody_answered(house):
    row = (
        f'"{CASE}.0","0.000000","{CASE + 30}.0","30.0","0.0","13800138000","4001","PJSIP/trunk-0","PJSIP/agent1-1",'
        f'"Queue","NO ANSWER","{CASE}.0","{CASE}.0","0"\n'
    )
    (call,) = house.repaired(cdr=row)
    assert verdict(call) == (Verdict.CANNOT_TELL, Reason.DOUBTFUL)
    assert meaning_of(call, lambda facts: facts.line).number == "13800138000"


def test_call_records_tell_of_a_caller_whom_no_phone_rang_for(house):
    row = (
        f'"{CASE}.0","0.000000","{CASE + 30}.0","30.0","0.0","13800138000","4001","PJSIP/trunk-0","",'
        f'"Queue","NO ANSWER","{CASE}.0","{CASE}.0","0"\n'
    )
    (call,) = house.repaired(cdr=row)
    assert isinstance(meaning_of(call, lambda facts: facts.line), Miss)


def test_an_answer_that_call_records_cannot_date_is_on_time_only_where_all_was_over_before_the_limit(house):
    def row(end):
        return (
            f'"{CASE}.0","{CASE + 1}.0","{CASE + end}.0","0","0","13800138000","4001","PJSIP/trunk-0","PJSIP/agent1-1",'
            f'"Queue","ANSWERED","{CASE}.0","{CASE}.0","0"\n'
        )

    (call,) = house.repaired(cdr=row(14))
    assert verdict(call) == ON_TIME
    assert isinstance(meaning_of(call, lambda facts: facts.line), Contact)


def test_an_answer_long_before_the_end_of_a_call_record_may_have_been_the_dialplan_s(house):
    row = (
        f'"{CASE}.0","{CASE + 1}.0","{CASE + 60}.0","0","0","13800138000","4001","PJSIP/trunk-0","PJSIP/agent1-1",'
        f'"Queue","ANSWERED","{CASE}.0","{CASE}.0","0"\n'
    )
    (call,) = house.repaired(cdr=row)
    assert verdict(call) == UNCERTAIN


# --- 15: CONNECT is an answer


def test_a_member_over_local_answered(house):
    (call,) = house.case("ql-local-member-answered.queue_log")
    assert (call.facts.disposition, verdict(call)) == (Disposition.ANSWERED, ON_TIME)
    assert call.judgement.answered_by == "Local/6001@from-queue/n"
    assert call.facts.ended_at == at(66)


@pytest.mark.parametrize(
    "member",
    [
        "Local/6001@from-queue/n",
        "Local/13900139000@from-internal",
        "PJSIP/agent1",
        "SIP/6001",
        "IAX2/branch",
        "DAHDI/g0/13900139000",
        "Agent/1001",
        "agent1",
        "张三",
        "Zhang San (window 1)",
        "张三|一号窗口",
        "Zhang|San",
        "WANG|FRONT",
        "a|b|c",
        "Bridge/x",
        "Message/ast",
        "x-y-1795500000.7",
        "",
        " ",
        "N" * 3000,
    ],
)
@pytest.mark.parametrize("data", ["6|ID.2|6", "6|ID.2", "6|pbx-ID.2|6", "6|unknown|6", "6||6", "6", "6|ID.1|6"])
def test_connect_is_an_answer_whatever_the_member_and_the_channel_are_called(house, member, data):
    (call,) = house.queue(
        ENTER, f"6|ID.1|hotline|{member}|CONNECT|{data}", f"66|ID.1|hotline|{member}|COMPLETECALLER|6|60|1"
    )
    assert (call.facts.disposition, verdict(call)) == (Disposition.ANSWERED, ON_TIME)
    assert (call.facts.person_answered_at, call.facts.ended_at) == (at(6), at(66))
    assert call.facts.caller_number == "13800138000"
    assert house.bad_lines == 0


def test_the_phone_of_a_switch_with_a_system_name_is_called_as_it_is(house):
    (call,) = house.queue(
        "0|hall-a-ID.1|hotline|NONE|ENTERQUEUE||13800138000|1",
        "6|hall-a-ID.1|hotline|PJSIP/agent1|CONNECT|6|hall-a-ID.2|6",
        "9|hall-a-ID.1|hotline|PJSIP/agent1|COMPLETEAGENT|6|3|1",
    )
    assert call.judgement.answered_by == "PJSIP/agent1"


def test_an_answer_whose_beginning_was_cut_off_is_told_with_the_time_that_was_waited(house):
    (call,) = house.queue(
        "6|ID.1|hotline|PJSIP/agent1|CONNECT|6|ID.2|6", "9|ID.1|hotline|PJSIP/agent1|COMPLETEAGENT|6|3|1"
    )
    assert (verdict(call), call.facts.asked_at) == (ON_TIME, at(0))


# --- 16: what a log cannot tell decides nothing


def test_a_phone_that_may_never_have_rung_makes_nobody_late(house):
    (call,) = house.case("cel-late-from-dead-phone.cel.csv")
    assert (verdict(call), accused(call)) == (UNCERTAIN, [])
    assert call.judgement.answered_by == "PJSIP/agent2"
    (live,) = replay((TOLD / "cel-late-from-dead-phone.live.raw").read_bytes(), hall=HALL).calls
    assert live.judgement.verdict is Verdict.ON_TIME


def test_overflow_to_a_second_queue_is_one_call_with_an_answer(house):
    (call,) = house.case("ql-overflow-to-second-queue.queue_log")
    assert (verdict(call), accused(call)) == (UNCERTAIN, [])
    assert (call.judgement.answered_by, call.facts.ended_at) == ("PJSIP/agent2", at(60))


def test_late_stands_where_the_phone_of_the_house_that_answered_rang_too_long_itself(house):
    (call,) = house.queue(
        ENTER, "30|ID.1|hotline|PJSIP/agent1|CONNECT|30|ID.2|29", "90|ID.1|hotline|PJSIP/agent1|COMPLETEAGENT|30|60|1"
    )
    assert verdict(call) == (Verdict.LATE, None)


@pytest.mark.parametrize("member", ["Local/6001@from-queue/n", "PJSIP/trunk", "agent1", "Agent/1001"])
def test_a_member_behind_whom_a_mobile_may_stand_is_not_late_by_a_log(house, member):
    (call,) = house.queue(
        ENTER, f"30|ID.1|hotline|{member}|CONNECT|30|ID.2|29", f"90|ID.1|hotline|{member}|COMPLETEAGENT|30|60|1"
    )
    assert (verdict(call), accused(call)) == (UNCERTAIN, [])


@pytest.mark.parametrize(("rang", "expected"), [(13, ON_TIME), (14, ON_TIME), (15, UNCERTAIN), (16, UNCERTAIN)])
def test_whole_seconds_are_on_time_only_where_they_surely_are(house, rang, expected):
    (call,) = house.queue(
        ENTER,
        f"20|ID.1|hotline|PJSIP/agent1|CONNECT|20|ID.2|{rang}",
        "30|ID.1|hotline|PJSIP/agent1|COMPLETEAGENT|20|10|1",
    )
    assert verdict(call) == expected


@pytest.mark.parametrize(("held", "expected"), [(10, ON_TIME), (40, (Verdict.CANNOT_TELL, Reason.DOUBTFUL))])
def test_a_connect_of_old_without_its_ringing_is_on_time_only_if_all_the_waiting_was(house, held, expected):
    (call,) = house.queue(
        ENTER,
        f"{held}|ID.1|hotline|PJSIP/agent1|CONNECT|{held}|ID.2",
        f"50|ID.1|hotline|PJSIP/agent1|COMPLETEAGENT|{held}|9",
    )
    assert verdict(call) == expected


def test_who_gave_up_after_phones_that_may_never_have_rung_is_not_told_as_missed(house):
    (call,) = house.queue(
        ENTER,
        "20|ID.1|hotline|PJSIP/agent1|RINGNOANSWER|20000",
        "23|ID.1|hotline|PJSIP/agent2|RINGCANCELED|3000",
        "23|ID.1|hotline|NONE|ABANDON|1|1|23",
    )
    assert (verdict(call), accused(call)) == (UNCERTAIN, [])


def test_who_gave_up_where_the_switch_does_not_log_the_last_ringing_is_told_by_the_limit_only_within_it(house):
    (early, long) = house.queue(
        ENTER,
        "9|ID.1|hotline|NONE|ABANDON|1|1|9",
        "100|ID.2|hotline|NONE|ENTERQUEUE||13800138001|1",
        "140|ID.2|hotline|NONE|ABANDON|1|1|40",
    )
    assert verdict(early) == (Verdict.LEFT_EARLY, None)
    assert verdict(long) == (Verdict.CANNOT_TELL, Reason.DOUBTFUL)


# --- 17: a call known from queue_log alone ends


def test_the_phone_of_a_call_that_is_complete_is_not_talking_in_the_next(house):
    first, second = house.case("ql-answered-call-never-ends.queue_log")
    assert (first.facts.ended_at, verdict(first)) == (at(66), ON_TIME)
    assert second.judgement.cause is not Cause.ALL_BUSY
    assert second.facts.disposition is Disposition.ABANDONED


@pytest.mark.parametrize(
    "end",
    [
        "COMPLETEAGENT|6|60|1",
        "COMPLETECALLER|6|60|1",
        "COMPLETEAGENT|6|60",
        "TRANSFER|6002|internal|6|60|1",
        "BLINDTRANSFER|6002|internal|6|60|1",
        "ATTENDEDTRANSFER|BRIDGE|f2f|6|60|1",
        "ATTENDEDTRANSFER|APP|Queue|6|60|1",
        "ATTENDEDTRANSFER|LINK|PJSIP/agent1-1|PJSIP/agent2-2|6|60|1",
        "ATTENDEDTRANSFER|THREEWAY|f2f|PJSIP/agent1-1|6|60|1",
        "ATTENDEDTRANSFER|PARK|700|default|6|60|1",
    ],
)
def test_every_end_ends_the_call_and_frees_the_phone(house, end):
    first, second = house.queue(
        ENTER,
        "6|ID.1|hotline|PJSIP/agent1|CONNECT|6|ID.2|6",
        f"66|ID.1|hotline|PJSIP/agent1|{end}",
        "1000|ID.5|hotline|NONE|ENTERQUEUE||13800138003|1",
        "1040|ID.5|hotline|NONE|EXITWITHTIMEOUT|1|1|40",
    )
    assert (first.facts.ended_at, verdict(first)) == (at(66), ON_TIME)
    assert verdict(second) == (Verdict.MISSED, None)
    assert second.judgement.cause is None


def test_a_call_whose_end_was_lost_is_over_when_its_phone_takes_the_next(house):
    first, second, third = house.queue(
        ENTER,
        "6|ID.1|hotline|PJSIP/agent1|CONNECT|6|ID.2|6",
        "500|ID.3|hotline|NONE|ENTERQUEUE||13800138001|1",
        "505|ID.3|hotline|PJSIP/agent1|CONNECT|5|ID.4|5",
        "520|ID.3|hotline|PJSIP/agent1|COMPLETEAGENT|5|15|1",
        "1000|ID.5|hotline|NONE|ENTERQUEUE||13800138003|1",
        "1040|ID.5|hotline|NONE|EXITEMPTY|1|1|40",
    )
    assert (verdict(first), verdict(second)) == (ON_TIME, ON_TIME)
    assert third.judgement.cause is None


def test_a_call_without_any_end_in_the_log_cannot_be_told(house):
    (call,) = house.queue(ENTER, "20|ID.1|hotline|PJSIP/agent1|RINGNOANSWER|20000")
    assert verdict(call) == (Verdict.CANNOT_TELL, Reason.GAP)
    assert isinstance(meaning_of(call, lambda facts: facts.line), Miss)


def test_a_switch_that_started_anew_ended_what_was_open(house):
    first, second = house.queue(
        ENTER,
        "6|ID.1|hotline|PJSIP/agent1|CONNECT|6|ID.2|6",
        "7|ID.3|hotline|NONE|ENTERQUEUE||13800138001|1",
        "20|NONE|NONE|NONE|QUEUESTART|",
    )
    assert (verdict(first), first.facts.ended_at) == (ON_TIME, at(20))
    assert second.judgement.verdict is Verdict.CANNOT_TELL


def test_a_caller_whom_the_stopping_switch_cut_off_did_not_leave(house):
    (call,) = house.queue(
        ENTER,
        "2|ID.1|hotline|agent1|RINGCANCELED|2003",
        "2|ID.1|hotline|NONE|ABANDON|1|1|2",
        "7|NONE|NONE|NONE|QUEUESTART|",
    )
    assert verdict(call) == (Verdict.CANNOT_TELL, Reason.GAP)


# --- 18: no call is invented


@pytest.mark.parametrize(
    "name", ["ql-custom-event-with-a-kind-in-its-data.queue_log", "ql-lone-abandon.queue_log"]
)  # fmt: skip
def test_no_call_is_made_of_an_event_of_the_dialplan_s_own_or_of_a_lone_end(house, name):
    assert house.case(name) == []
    assert house.bad_lines == 0


@pytest.mark.parametrize(
    "line",
    [
        "0|ID.1|hotline|PJSIP/agent1|COMPLETEAGENT|6|60|1",
        "0|ID.1|hotline|PJSIP/agent1|COMPLETECALLER|6|60|1",
        "0|ID.1|hotline|PJSIP/agent1|RINGNOANSWER|15000",
        "0|ID.1|hotline|PJSIP/agent1|RINGCANCELED|15000",
        "0|ID.1|hotline|NONE|EXITWITHTIMEOUT|1|1|20",
        "0|ID.1|hotline|NONE|EXITEMPTY|1|1|20",
        "0|ID.1|hotline|NONE|EXITWITHKEY|0|1|1|20",
        "0|ID.1|hotline|PJSIP/agent1|BLINDTRANSFER|6002|internal|6|60|1",
        "0|ID.1|hotline|PJSIP/agent1|ATTENDEDTRANSFER|APP|Queue|12|120|1",
        "0|ID.1|hotline|PJSIP/agent1|SYSCOMPAT|",
        "0|ID.1|hotline|PJSIP/agent1|SURVEY|ENTERQUEUE||13800138000|1",
        "0|ID.1|NONE|NONE|CALLBACK|CONNECT|6|ID.2|6",
        "0|ID.1|NONE|PJSIP/agent1|OUTANSWER|CONNECT|0|ID.2|0",
        "0|NONE|NONE|NONE|CONFIGRELOAD|",
    ],
)
def test_a_line_that_tells_of_no_caller_s_beginning_makes_no_call(house, line):
    assert house.queue(line) == []
    assert house.bad_lines == 0


def test_an_event_of_the_dialplan_s_own_ends_no_call_of_the_queue(house):
    (call,) = house.queue(
        ENTER,
        "3|ID.1|hotline|NONE|SURVEY|COMPLETEAGENT|9|20|1",
        "4|ID.1|hotline|NONE|SURVEY|ABANDON|1|1|4",
        "5|ID.1|hotline|NONE|NOTE|CONNECT|77|ID.7|70",
        "6|ID.1|hotline|PJSIP/agent1|CONNECT|6|ID.2|6",
        "20|ID.1|hotline|NONE|NOTE|COMPLETEAGENT|9|20|1",
        "66|ID.1|hotline|PJSIP/agent1|COMPLETECALLER|6|60|1",
        "67|ID.1|hotline|NONE|SURVEY|5",
    )
    assert (call.facts.person_answered_at, call.facts.ended_at, verdict(call)) == (at(6), at(66), ON_TIME)
    assert [leg.endpoint for leg in call.facts.legs] == ["PJSIP/agent1"]


def test_a_hang_up_of_a_channel_that_the_log_does_not_begin_is_no_call(house):
    rows = (TOLD / "cel-number-lost.cel.csv").read_text().splitlines(keepends=True)
    assert house.repaired(cel=rows[-1]) == []


# --- 11, 21: left and joined in one second; a colleague asked over a queue


def test_left_and_joined_in_one_second_is_one_call_as_it_is_live(house):
    text = (TOLD / "requeued_in_the_same_second.queue_log").read_text()
    shift = 1795968654 - CASE
    for second in sorted({line.partition("|")[0] for line in text.splitlines()}):
        text = text.replace(second, str(int(second) - shift))
    (call,) = house.repaired(queue_log=text.replace("|solo|", "|hotline|"))
    assert (call.facts.disposition, verdict(call)) == (Disposition.ABANDONED, (Verdict.LEFT_EARLY, None))
    (live,) = replay((TOLD / "requeued_in_the_same_second.raw").read_bytes()).calls
    assert (live.facts.disposition, live.judgement.verdict) == (Disposition.ABANDONED, Verdict.LEFT_EARLY)


@pytest.mark.parametrize("second", ["hotline", "second"])
@pytest.mark.parametrize("left", ["EXITWITHTIMEOUT|1|1|5", "EXITEMPTY|1|1|5", "EXITWITHKEY|1|1|1|5"])
@pytest.mark.parametrize("again", [5, 6])
def test_a_caller_who_is_queued_again_left_by_their_own_will(house, second, left, again):
    (call,) = house.queue(
        ENTER,
        f"5|ID.1|hotline|NONE|{left}",
        f"{again}|ID.1|{second}|NONE|ENTERQUEUE||13800138000|1",
        "8|ID.1|hotline|PJSIP/agent1|RINGCANCELED|2000",
        f"8|ID.1|{second}|NONE|ABANDON|1|1|3",
    )
    assert (call.facts.disposition, verdict(call)) == (Disposition.ABANDONED, (Verdict.LEFT_EARLY, None))
    assert call.facts.ended_at == at(8)


def test_a_colleague_asked_over_a_queue_makes_no_second_call(house):
    (call,) = house.case("ql-consultation-that-entered-a-queue.queue_log")
    assert (verdict(call), call.facts.caller_number) == (ON_TIME, "13800138005")
    assert call.facts.ended_at == at(311)


def test_a_colleague_who_answered_over_a_queue_before_the_caller_was_handed_over_makes_none_either(house):
    (call,) = house.queue(
        ENTER,
        "6|ID.1|hotline|PJSIP/agent1|CONNECT|6|ID.2|6",
        "20|ID.3|second|NONE|ENTERQUEUE||6001|1",
        "25|ID.3|second|PJSIP/agent2|CONNECT|5|ID.4|5",
        "30|ID.1|hotline|PJSIP/agent1|ATTENDEDTRANSFER|BRIDGE|f2f|6|24|1",
        "60|ID.3|second|PJSIP/agent2|COMPLETEAGENT|5|35|1",
    )
    assert verdict(call) == ON_TIME


def test_a_colleague_asked_over_a_queue_in_vain_is_no_missed_citizen(house):
    calls = house.queue(
        ENTER,
        "6|ID.1|hotline|PJSIP/agent1|CONNECT|6|ID.2|6",
        "20|ID.3|second|NONE|ENTERQUEUE||6001|1",
        "60|ID.3|second|NONE|EXITEMPTY|1|1|40",
        "90|ID.1|hotline|PJSIP/agent1|COMPLETEAGENT|6|84|1",
    )
    assert [verdict(call) for call in calls] == [ON_TIME, (Verdict.NOT_JUDGED, Reason.INTERNAL)]
    assert meaning_of(calls[1], lambda facts: facts.line) is None


# --- 19, 22: calls that the hall placed, and applications that answered


def test_a_call_placed_over_local_is_outbound_as_it_is_live(house):
    (call,) = house.case("cel-originate-over-local.cel.csv")
    (live,) = replay((TOLD / "cel-originate-over-local.live.raw").read_bytes(), hall=HALL).calls
    assert call.facts.direction is live.facts.direction is Direction.OUTBOUND
    assert call.facts.caller_number == "13900139001"
    assert isinstance(meaning_of(call, lambda facts: facts.line), Contact)


def test_a_call_placed_at_a_phone_itself_is_no_caller_s(house):
    rows = [
        f'"CHAN_START","{CASE}.0","6001","s","PJSIP/agent1-1","","{CASE}.0","{CASE}.0",""',
        f'"ANSWER","{CASE + 3}.0","6001","s","PJSIP/agent1-1","AppDial2","{CASE}.0","{CASE}.0",""',
        f'"CHAN_START","{CASE + 3}.1","","s","PJSIP/trunk-2","","{CASE}.1","{CASE}.0",""',
        f'"ANSWER","{CASE + 9}.0","13900139001","s","PJSIP/trunk-2","AppDial","{CASE}.1","{CASE}.0",""',
        f'"HANGUP","{CASE + 20}.0","13900139001","","PJSIP/trunk-2","","{CASE}.1","{CASE}.0",""',
        f'"HANGUP","{CASE + 20}.1","6001","s","PJSIP/agent1-1","","{CASE}.0","{CASE}.0",""',
    ]
    (call,) = house.repaired(cel="\n".join(rows) + "\n")
    assert (call.facts.direction, call.facts.caller_number) == (Direction.OUTBOUND, "13900139001")


def test_a_staff_phone_that_reached_voicemail_was_answered(house):
    (call,) = house.case("cel-internal-to-application.cel.csv")
    assert (call.facts.direction, call.facts.disposition) == (Direction.INTERNAL, Disposition.ANSWERED)


# --- 23: standard kinds, causes, offsets, foreign columns


def test_standard_and_own_kinds_of_queue_log_are_not_damaged(house):
    assert house.case("ql-standard-member-events.queue_log") == []
    assert house.bad_lines == 0


def test_a_cause_is_not_told_where_nothing_is_known_of_the_phones(house):
    (call,) = house.case("ql-left-with-a-key.queue_log")
    assert (verdict(call), call.judgement.cause) == ((Verdict.MISSED, None), None)


@pytest.mark.parametrize(
    "when",
    [
        "2026-11-24 14:40:{}.000000+08:00",
        "2026-11-24 06:40:{}.000000Z",
        "2026-11-24 06:40:{}.000000",
        "2026-11-24T06:40:{}",
        "2026-11-24 14:40:{}.000000+0800",
        "17955024{}",
        "17955024{}.000000",
    ],
)
def test_a_time_of_the_channel_log_is_the_instant_it_names(house, when):
    rows = [
        '"CHAN_START","{}","13800138000","4001","PJSIP/trunk-0","","1.0","1.0",""',
        '"CHAN_START","{}","6001","s","PJSIP/agent1-1","","1.1","1.0",""',
        '"ANSWER","{}","6001","s","PJSIP/agent1-1","","1.1","1.0",""',
        '"ANSWER","{}","13800138000","4001","PJSIP/trunk-0","","1.0","1.0",""',
        '"HANGUP","{}","13800138000","4001","PJSIP/trunk-0","","1.0","1.0",""',
        '"HANGUP","{}","6001","s","PJSIP/agent1-1","","1.1","1.0",""',
    ]
    seconds = ("00", "01", "06", "06", "30", "31")
    (call,) = house.repaired(
        cel="".join(row.format(when.format(second)) + "\n" for row, second in zip(rows, seconds, strict=True))
    )
    assert call.facts.person_answered_at == 1_795_502_406 * MICROSECONDS
    assert verdict(call) == ON_TIME


def test_the_columns_of_another_house_are_named_with_the_cure(house):
    row = (
        '"CHAN_START","1795500000.0","","13800138000","","","","4001","hall","PJSIP/trunk-0","","","3","","1.0","1.0"\n'
    )
    assert house.repaired(cel=row + row.replace("CHAN_START", "HANGUP")) == []
    (problem,) = house.logs.problems
    assert "has the 9 columns of dialplans/voicedesk-cel_custom.conf (the first has 16)" in problem
