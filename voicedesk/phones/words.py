"""What the codes of breaks and findings mean, in Chinese and in English."""

from voicedesk.phones.model import BreakSource, FindingKind
from voicedesk.words import Words

BREAK_SOURCES: Words = {
    BreakSource.COMMAND: ("命令", "command"),
    BreakSource.FEATURE_CODE: ("功能码", "feature code"),
    BreakSource.SWITCH: ("交换机", "switch"),
}
FINDINGS: Words = {
    FindingKind.BREAK_TOO_LONG: ("离岗超过规定时间", "break too long"),
    FindingKind.PHONE_UNREGISTERED: ("话机未注册或不可用", "phone not registered, or not usable"),
    FindingKind.PHONE_UNREACHABLE: ("话机联系不上", "phone cannot be reached"),
    FindingKind.DND_ON: ("话机设为免打扰", "phone set to do-not-disturb"),
    FindingKind.DND_SUSPECTED: ("话机疑似免打扰或未挂好", "phone suspected of do-not-disturb, or off the hook"),
    FindingKind.LINE_HELD: ("话机长时间被非业务通话占用", "phone held long by a call that is not the hall's"),
    FindingKind.NOBODY_FREE: ("线路无人可接", "nobody can answer the line"),
}
