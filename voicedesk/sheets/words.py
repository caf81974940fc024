"""What the codes mean, in Chinese and in English: one place for lists, spreadsheets and pages."""

from collections.abc import Mapping
from enum import StrEnum

from voicedesk.calls.model import Cause, Direction, Disposition, Outcome, Reason, Verdict
from voicedesk.greeting.model import Doubt, GreetingVerdict
from voicedesk.ivr.model import RequestKind
from voicedesk.ivr.model import State as IvrState
from voicedesk.phones.model import BreakSource
from voicedesk.tickets.model import Kind, State
from voicedesk.tickets.model import Outcome as TicketOutcome

Words = Mapping[str, tuple[str, str]]


class Language(StrEnum):
    """In which language a word is given."""

    CHINESE = "zh"
    ENGLISH = "en"


def word(words: Words, code: str | None, language: Language = Language.CHINESE) -> str:
    """A code's meaning; a code nobody knows stays as it is, None is nothing."""
    if code is None:
        return ""
    chinese, english = words.get(code, (code, code))
    return chinese if language is Language.CHINESE else english


def both(words: Words, code: str | None) -> str:
    """A code's meaning in Chinese, then in English."""
    texts = dict.fromkeys((word(words, code), word(words, code, Language.ENGLISH)))
    return " ".join(text for text in texts if text)


IN_PROGRESS = ("进行中", "in progress")
VERDICTS: Words = {
    Verdict.ON_TIME: ("按时", "on time"),
    Verdict.LATE: ("超时", "late"),
    Verdict.MISSED: ("未接", "missed"),
    Verdict.LEFT_EARLY: ("早挂", "left early"),
    Verdict.NOT_JUDGED: ("不判", "not judged"),
    Verdict.CANNOT_TELL: ("无法判定", "cannot tell"),
}
CAUSES: Words = {
    Cause.ROUTING: ("线路安排", "routing"),
    Cause.ALL_BUSY: ("全部占线", "all busy"),
    Cause.EMPTY_SEAT: ("座席无人", "empty seat"),
    Cause.PERSON: ("人员未接", "person"),
}
REASONS: Words = {
    Reason.RUNG_TOO_SHORT: ("振铃太短", "rung too short"),
    Reason.ANSWERED_ELSEWHERE: ("同事已接", "answered elsewhere"),
    Reason.TALKING: ("正在接待", "talking"),
    Reason.ON_BREAK: ("离岗休息", "on a break"),
    Reason.PICKED_UP: ("代接", "picked up"),
    Reason.NOT_ACCEPTED: ("拿起未接通", "lifted, not connected"),
    Reason.SAME_PHONE: ("同一话机", "same phone"),
    Reason.CITIZEN_LEG: ("市民一侧", "citizen's side"),
    Reason.OFF_DUTY: ("非工作时间", "off duty"),
    Reason.IVR_ONLY: ("仅自助语音", "voice menu only"),
    Reason.SELF_SERVED: ("自助办结", "self served"),
    Reason.INTERNAL: ("内部通话", "internal"),
    Reason.OUTBOUND: ("呼出", "outbound"),
    Reason.CALLBACK: ("回拨", "callback"),
    Reason.NOISE: ("非热线来电", "noise"),
    Reason.OTHER_LINE: ("其他线路", "another line"),
    Reason.GAP: ("记录缺失", "gap"),
    Reason.RING_START_UNCERTAIN: ("振铃起点不明", "ring start uncertain"),
    Reason.CLOCK_SUSPECT: ("时钟可疑", "clock suspect"),
    Reason.DOUBTFUL: ("数据存疑", "doubtful"),
    Reason.STILL_OPEN: IN_PROGRESS,
}
DIRECTIONS: Words = {
    Direction.INBOUND: ("呼入", "inbound"),
    Direction.OUTBOUND: ("呼出", "outbound"),
    Direction.INTERNAL: ("内部", "internal"),
    Direction.CALLBACK: ("回拨", "callback"),
}
DISPOSITIONS: Words = {
    Disposition.ANSWERED: ("已接听", "answered"),
    Disposition.NO_ANSWER: ("无人接听", "no answer"),
    Disposition.BUSY: ("占线", "busy"),
    Disposition.FAILED: ("未接通", "failed"),
    Disposition.ABANDONED: ("来电人放弃", "abandoned"),
}
OUTCOMES: Words = {
    Outcome.ANSWERED: ("已接听", "answered"),
    Outcome.NO_ANSWER: ("未接听", "no answer"),
    Outcome.BUSY: ("占线", "busy"),
    Outcome.DECLINED: ("拒接", "declined"),
    Outcome.CANCELLED: ("来电人挂断", "cancelled"),
    Outcome.ANSWERED_ELSEWHERE: ("同事已接", "answered elsewhere"),
    Outcome.UNREACHABLE: ("联系不上", "unreachable"),
}
GREETING_VERDICTS: Words = {
    GreetingVerdict.CANNOT_TELL: ("无法判定", "cannot tell"),
    GreetingVerdict.INCOMPLETE: ("不完整", "incomplete"),
    GreetingVerdict.WRONG_DEPARTMENT: ("报错部门", "wrong department"),
    GreetingVerdict.WRONG_NUMBER: ("报错工号", "wrong number"),
    GreetingVerdict.WRONG_ORDER: ("次序不对", "wrong order"),
    GreetingVerdict.LATE_START: ("开口过迟", "late start"),
    GreetingVerdict.COMPLIANT: ("合规", "compliant"),
    GreetingVerdict.NOT_JUDGED: ("不评判", "not judged"),
}
GREETING_PARTS: Words = {
    "hello": ("您好", "hello"),
    "department": ("部门", "department"),
    "matter": ("问事", "matter"),
    "returning": ("回电", "returning the call"),
    "number": ("工号", "staff number"),
}
DOUBTS: Words = {
    Doubt.NO_SPEECH: ("没有听到说话", "no speech"),
    Doubt.NOT_UNDERSTOOD: ("没有听清", "not understood"),
    Doubt.CUT_SHORT: ("录音过早结束", "cut short"),
    Doubt.PART_UNCLEAR: ("有一处不清楚", "a part is unclear"),
    Doubt.NOT_HEARD: ("未能识别", "not heard"),
}
TICKET_KINDS: Words = {
    Kind.CALLBACK: ("回拨", "callback"),
    Kind.REFERRAL: ("首问转办", "referral"),
    Kind.COMPLAINT: ("投诉", "complaint"),
    Kind.HOME_VISIT: ("上门", "home visit"),
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
    TicketOutcome.REACHED: ("已接通", "reached"),
    TicketOutcome.ANSWERED_MOMENTS_LATER: ("随后即接通", "answered moments later"),
    TicketOutcome.NOT_MISSED: ("并未漏接", "not missed"),
    TicketOutcome.SETTLED: ("已处理", "settled"),
    TicketOutcome.GIVEN_UP: ("已放弃", "given up"),
}
BREAK_SOURCES: Words = {
    BreakSource.COMMAND: ("命令", "command"),
    BreakSource.FEATURE_CODE: ("功能码", "feature code"),
    BreakSource.SWITCH: ("交换机", "switch"),
}
IVR_ENTRIES: Words = {
    "overflow": ("无人接听", "nobody answered"),
    "out_of_hours": ("非工作时间", "out of hours"),
    "on_request": ("转来", "on request"),
    "dedicated": ("专线", "dedicated number"),
}
IVR_EXITS: Words = {
    "person": ("转人工", "to a person"),
    "goodbye": ("结束", "ended"),
    "": ("挂机", "hung up"),
}
"""How a walk ended; "" where the caller hung up."""
IVR_STATES: Words = {
    IvrState.MENU: ("主菜单", "main menu"),
    IvrState.GROUP: ("事项组", "group of items"),
    IvrState.CONFIRM: ("确认事项", "item read back"),
    IvrState.NOTICE: ("告知", "notice"),
    IvrState.AFTER: ("告知完毕", "after the notice"),
    IvrState.CALLBACK: ("回拨", "callback"),
    IvrState.NUMBER: ("输入号码", "typing a number"),
    IvrState.NUMBER_CONFIRM: ("确认号码", "number read back"),
    IvrState.COMPLAINT: ("投诉留言", "complaint"),
    IvrState.CODE: ("输入编号", "typing a code"),
    IvrState.STANDING: ("事项进展", "where the matter stands"),
    IvrState.SECOND_VISIT: ("二次未办成", "failed second visit"),
    IvrState.DONE: ("已登记", "request noted"),
    IvrState.LEFT: ("已离开菜单", "left the menu"),
}
IVR_REQUESTS: Words = {
    RequestKind.CALLBACK: ("回拨", "callback"),
    RequestKind.COMPLAINT: ("投诉", "complaint"),
    RequestKind.SECOND_VISIT: ("二次未办成", "failed second visit"),
}
