"""What the codes of greetings mean, in Chinese and in English."""

from voicedesk.greeting.model import Doubt, GreetingVerdict
from voicedesk.greeting.stream import Match
from voicedesk.words import Words

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
    "hello": ("问好", "hello"),
    "department": ("报部门", "department"),
    "matter": ("问事情", "matter"),
    "returning": ("回电", "returning the call"),
    "number": ("工号", "staff number"),
}
"""The parts that the shipped rules know; the rules of a hall may add others, which are shown by their names."""
DOUBTS: Words = {
    Doubt.NO_SPEECH: ("没有听到说话", "no speech"),
    Doubt.NOT_UNDERSTOOD: ("没有听清", "not understood"),
    Doubt.CUT_SHORT: ("录音过早结束", "cut short"),
    Doubt.PART_UNCLEAR: ("有一处不清楚", "a part is unclear"),
    Doubt.NOT_HEARD: ("未能识别", "not heard"),
}
MATCHES: Words = {
    Match.EXACT: ("逐字相符", "word for word"),
    Match.PINYIN: ("读音相符", "by its sound"),
}
"""How a phrase was found."""
