"""What the codes of stored things mean, in Chinese and in English: deliveries, decisions, and what was set aside."""

from voicedesk.store.decisions import AppealState, Move
from voicedesk.store.deliveries import DeliveryState
from voicedesk.store.quarantine import Part, SetAsideState
from voicedesk.words import Words

DELIVERY_STATES: Words = {
    DeliveryState.QUEUED: ("待发", "queued"),
    DeliveryState.SENT: ("已发", "sent"),
    DeliveryState.DEAD: ("未送达", "dead"),
}
APPEAL_STATES: Words = {
    AppealState.OPEN: ("申诉待处理", "appeal open"),
    AppealState.UPHELD: ("申诉成立", "appeal upheld"),
    AppealState.REFUSED: ("申诉不成立", "appeal refused"),
}
DECISION_MOVES: Words = {
    Move.DECIDE: ("人工判定", "decided"),
    Move.UNDO: ("撤回", "taken back"),
    Move.APPEAL: ("申诉", "appealed"),
}
SET_ASIDE_PARTS: Words = {
    Part.EVENT: ("事件", "event"),
    Part.CALL: ("通话", "call"),
    Part.ROW: ("记录", "row"),
    Part.RECORDING: ("录音", "recording"),
    Part.REQUEST: ("请求", "request"),
    Part.CALLER: ("来电者", "caller"),
    Part.DELIVERY: ("消息", "delivery"),
    Part.LOG_LINE: ("日志行", "log line"),
    Part.SETTINGS: ("设置", "settings"),
    Part.TASK: ("任务", "task"),
}
SET_ASIDE_STATES: Words = {
    SetAsideState.WAITING: ("待处理", "waiting"),
    SetAsideState.RETRIED: ("已重试", "retried"),
    SetAsideState.DROPPED: ("已放弃", "dropped"),
}
