"""What the codes of the desk's own lists mean, in Chinese and in English."""

from voicedesk.desk.review import Why
from voicedesk.desk.urgency import Urgency
from voicedesk.words import Words

URGENCIES: Words = {
    Urgency.OVERDUE: ("已超时", "overdue"),
    Urgency.SOON: ("一小时内到期", "due within an hour"),
    Urgency.TODAY: ("今天", "today"),
    Urgency.LATER: ("以后", "later"),
    Urgency.WAITING: ("稍后再拨", "to be tried again later"),
    Urgency.UNCALLABLE: ("无法回拨", "cannot be rung"),
}
WHYS: Words = {
    Why.APPEAL: ("申诉", "appeal"),
    Why.UNTOLD: ("无法判定", "cannot tell"),
    Why.UNPROVEN: ("待人工", "unproven"),
    Why.SAMPLE: ("抽样", "sample"),
}
