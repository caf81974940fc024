"""What the codes of tickets mean, in Chinese and in English."""

from voicedesk.calls.model import Outcome as LegOutcome
from voicedesk.tickets.attempt import Result
from voicedesk.tickets.model import Entry, Kind, Move, Outcome, State
from voicedesk.words import Said, Words, said_of

TICKET_KINDS: Words = {
    Kind.CALLBACK: ("回拨", "callback"),
    Kind.REFERRAL: ("首问转办", "referral"),
    Kind.COMPLAINT: ("投诉", "complaint"),
    Kind.HOME_VISIT: ("上门服务", "home visit"),
}
TICKET_STATES: Words = {
    State.OPEN: ("待办", "open"),
    State.ACCEPTED: ("已接收", "accepted"),
    State.CLAIMED: ("已领取", "claimed"),
    State.DIALLING: ("正在拨打", "dialling"),
    State.WAITING: ("待再拨", "waiting"),
    State.UNKNOWN: ("结果不明", "unknown"),
    State.UNCALLABLE: ("无法回拨", "uncallable"),
    State.REPORTED: ("已上报", "reported"),
    State.CLOSED: ("已办结", "closed"),
}
TICKET_OUTCOMES: Words = {
    Outcome.REACHED: ("已接通", "reached"),
    Outcome.ANSWERED_MOMENTS_LATER: ("随后即接通", "answered moments later"),
    Outcome.NOT_MISSED: ("并未漏接", "not missed"),
    Outcome.SETTLED: ("已处理", "settled"),
    Outcome.GIVEN_UP: ("已放弃", "given up"),
}
TICKET_MOVES: Words = {
    Move.OPENED: ("登记", "opened"),
    Move.MISSED_AGAIN: ("又来电未接", "missed again"),
    Move.NOT_MISSED: ("并未漏接", "not missed"),
    Move.CONFIRM: ("确认收到", "receipt confirmed"),
    Move.CLAIM: ("领取", "claimed"),
    Move.RELEASE: ("交回", "given back"),
    Move.LEASE_OVER: ("领取到期", "claim ran out"),
    Move.DIAL: ("拨打", "dialled"),
    Move.NOT_RUNG: ("未拨出", "not rung"),
    Move.TRY_FAILED: ("未接通", "not reached"),
    Move.RESULT_UNKNOWN: ("结果不明", "result unknown"),
    Move.CONTACTED: ("已联系", "contacted"),
    Move.REACHED: ("已接通", "reached"),
    Move.SUGGEST: ("可能已接通，待确认", "probably reached, to be confirmed"),
    Move.REPORT: ("上报", "reported to the superior"),
    Move.POSTPONE: ("改期", "postponed"),
    Move.CITIZEN_TOLD: ("已告知市民", "citizen told"),
    Move.CLOSE: ("办结", "closed"),
}
TRY_RESULTS: Words = {
    Result.REACHED: ("已接通", "reached"),
    Result.FAILED: ("市民未接通", "not reached"),
    Result.NOT_RUNG: ("未响铃", "never rung"),
    Result.UNKNOWN: ("结果不明", "unknown"),
}
TRY_CAUSES: Words = {
    f"citizen_{LegOutcome.NO_ANSWER}": ("市民未接听", "the citizen did not answer"),
    f"citizen_{LegOutcome.BUSY}": ("市民占线", "the citizen was busy"),
    f"citizen_{LegOutcome.DECLINED}": ("市民拒接", "the citizen declined"),
    f"citizen_{LegOutcome.UNREACHABLE}": ("市民联系不上", "the citizen could not be reached"),
    f"staff_{LegOutcome.NO_ANSWER}": ("工作人员未接听", "the staff phone was not answered"),
    f"staff_{LegOutcome.BUSY}": ("工作人员占线", "the staff phone was busy"),
    f"staff_{LegOutcome.DECLINED}": ("工作人员拒接", "the staff phone declined"),
    f"staff_{LegOutcome.UNREACHABLE}": ("工作人员话机联系不上", "the staff phone could not be reached"),
    f"staff_{LegOutcome.ANSWERED_ELSEWHERE}": ("由另一部话机接起", "another staff phone answered"),
    "staff_hung_up": ("工作人员挂断", "the staff member hung up"),
    "gap": ("记录缺失", "events are missing"),
    "no_trace": ("没有找到这通电话", "nothing was seen of the call"),
}
"""Why a try did not reach the citizen; what the switch answered stands there as it is."""


def note_words(entry: Entry) -> Said:
    """What stands beside a step of a ticket: what a person wrote as it is, the cause of a try in words."""
    if entry.move in (Move.TRY_FAILED, Move.NOT_RUNG):
        return said_of(TRY_CAUSES, entry.note)
    return Said(entry.note, entry.note)
