"""What the codes of calls mean, in Chinese and in English."""

from voicedesk.calls.model import (
    Cause,
    Direction,
    Disposition,
    GapReason,
    Outcome,
    PhoneState,
    Reason,
    RingSource,
    StartSource,
    Verdict,
)
from voicedesk.words import Words

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
RING_SOURCES: Words = {
    RingSource.NEWSTATE: ("话机报告振铃", "the phone said that it rings"),
    RingSource.DIALSTATE: ("拨号时报告振铃", "the dialling said that it rings"),
    RingSource.DIALBEGIN: ("开始拨号，话机没有报告振铃", "dialling began; no phone said that it rings"),
    RingSource.AGENTCALLED: ("队列开始呼叫，话机没有报告振铃", "the queue called; no phone said that it rings"),
}
"""By which event the switch told that a phone rings."""
START_SOURCES: Words = {
    StartSource.USEREVENT: ("拨号方案的标记", "a mark of the dialplan"),
    StartSource.NEWCHANNEL: ("新建通道", "a new channel"),
    StartSource.FIRST_EVENT: ("第一条事件，近似值", "the first event; approximate"),
    StartSource.ARRIVAL: ("收到的时刻，近似值", "when it arrived; approximate"),
    StartSource.SNAPSHOT: ("连上时已在通话，近似值", "there when the link came up; approximate"),
}
"""By which event the switch told that a call began."""
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
PHONE_STATES: Words = {
    PhoneState.FREE: ("空闲", "free"),
    PhoneState.RINGING: ("振铃", "ringing"),
    PhoneState.TALKING: ("接待中", "talking"),
    PhoneState.IN_USE: ("占用", "in use"),
    PhoneState.PAUSED: ("离岗", "on a break"),
    PhoneState.UNREGISTERED: ("未注册", "unregistered"),
    PhoneState.UNREACHABLE: ("联系不上", "unreachable"),
    PhoneState.UNKNOWN: ("不明", "unknown"),
}
GAP_REASONS: Words = {
    GapReason.LINK_LOST: ("连接中断", "the link was lost"),
    GapReason.EVENTS_DROPPED: ("事件丢失", "events were dropped"),
    GapReason.PBX_RESTART: ("交换机重启", "the switch was restarted"),
    GapReason.PBX_STOPPED: ("交换机停止", "the switch was stopped"),
    GapReason.BEFORE_LINK: ("连接之前", "before the link came up"),
    GapReason.CAPTURE_END: ("记录结束", "the capture ends"),
    GapReason.CLOCK_STEP: ("时钟被调整", "the clock was set"),
    GapReason.SWEPT: ("不再跟踪", "no longer followed"),
}
"""Why events may be missing."""
