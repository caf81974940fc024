"""What the codes of the IVR mean, in Chinese and in English."""

from voicedesk.ivr.model import Entry, Exit, RequestKind, State
from voicedesk.words import Words

IVR_ENTRIES: Words = {
    Entry.OVERFLOW: ("无人接听", "nobody answered"),
    Entry.OUT_OF_HOURS: ("非工作时间", "out of hours"),
    Entry.ON_REQUEST: ("转来", "on request"),
    Entry.DEDICATED: ("专线", "dedicated number"),
}
IVR_EXITS: Words = {
    Exit.PERSON: ("转人工", "to a person"),
    Exit.GOODBYE: ("结束", "ended"),
    "": ("挂机", "hung up"),
}
"""How a walk ended; "" where the caller hung up."""
IVR_STATES: Words = {
    State.MENU: ("主菜单", "main menu"),
    State.GROUP: ("事项组", "group of items"),
    State.CONFIRM: ("确认事项", "item read back"),
    State.NOTICE: ("告知", "notice"),
    State.AFTER: ("告知完毕", "after the notice"),
    State.CALLBACK: ("回拨", "callback"),
    State.NUMBER: ("输入号码", "typing a number"),
    State.NUMBER_CONFIRM: ("确认号码", "number read back"),
    State.COMPLAINT: ("投诉留言", "complaint"),
    State.CODE: ("输入编号", "typing a code"),
    State.STANDING: ("事项进展", "where the matter stands"),
    State.SECOND_VISIT: ("二次未办成", "failed second visit"),
    State.DONE: ("已登记", "request noted"),
    State.LEFT: ("已离开菜单", "left the menu"),
}
IVR_REQUESTS: Words = {
    RequestKind.CALLBACK: ("回拨", "callback"),
    RequestKind.COMPLAINT: ("投诉", "complaint"),
    RequestKind.SECOND_VISIT: ("二次未办成", "failed second visit"),
}
