"""What the codes of tickets mean, in Chinese and in English."""

from voicedesk.tickets.model import Kind, Outcome, State
from voicedesk.words import Words

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
